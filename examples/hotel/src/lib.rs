//! A hotel checks its guests out, alone or as a group: the reference application of Procession.
//!
//! - [`guest_stays`]: the truth about one guest's stay.
//! - [`group_checkouts`]: the truth about one group checkout, and what goes on between the two, in a [`Style`].
//! - [`reservations`]: rooms for the nights to come, and which of them are overbooked.

pub mod checks;
mod deadline;
pub mod group_checkouts;
pub mod guest_stays;
mod ids;
mod money;
pub mod reservations;
mod style;

pub use deadline::{Deadline, InvalidDeadline};
pub use ids::{
    BookingId, ChannelId, ClerkId, GroupCheckoutId, GuestId, GuestStayId, InvalidName, ReservationId,
};
pub use money::{Amount, InvalidAmount, Money};
pub use style::{Style, UnknownStyle, takes};

use procession::{Application, WiringErrors};

/// The hotel's modules, put together in a style. Every style does the same job on the same stays.
///
/// # Errors
/// Never, as a test makes sure.
pub fn hotel(style: Style) -> Result<Application, WiringErrors> {
    Application::assemble([
        guest_stays::module(style),
        group_checkouts::module(style),
        reservations::module(),
    ])
}

/// The same hotel with the read models that its front desk shows. What is decided needs none of them.
///
/// # Errors
/// Never, as a test makes sure.
pub fn front_desk(style: Style) -> Result<Application, WiringErrors> {
    let reservations = reservations::module()
        .projection(reservations::room_availability())
        .projection(reservations::guest_reservations());
    Application::assemble([
        guest_stays::module(style).projection(guest_stays::listed_stays()),
        group_checkouts::module(style),
        reservations,
    ])
}

#[cfg(test)]
mod tests {
    use crate::Style;

    #[test]
    fn the_modules_fit_together_in_every_style() {
        for style in Style::ALL {
            super::hotel(style).unwrap();
            super::front_desk(style).unwrap();
        }
    }
}
