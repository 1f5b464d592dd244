//! A hotel checks its guests out, alone or as a group: the reference application of Procession.
//!
//! - [`guest_stays`]: the truth about one guest's stay.
//! - [`group_checkouts`]: the truth about one group checkout, and the saga between the two.

pub mod group_checkouts;
pub mod guest_stays;
mod ids;
mod money;

pub use ids::{ClerkId, GroupCheckoutId, GuestStayId, InvalidName};
pub use money::{Amount, InvalidAmount, Money};

use procession::{Application, WiringErrors};

/// The hotel's modules, put together.
///
/// # Errors
/// Never, as a test makes sure.
pub fn hotel() -> Result<Application, WiringErrors> {
    Application::assemble([guest_stays::module(), group_checkouts::module()])
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_modules_fit_together() {
        super::hotel().unwrap();
    }
}
