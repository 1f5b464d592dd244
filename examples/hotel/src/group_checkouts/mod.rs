//! The truth about one group checkout, and the saga that carries questions and answers between it and the stays.

mod group_checkout;
mod messages;
mod saga;

pub use group_checkout::{Answer, GroupCheckout, GroupCheckoutEvent, GroupCheckoutRejection, Outcome};
pub use messages::{
    GroupCheckoutCompleted, GroupCheckoutFailed, GroupCheckoutInitiated, GuestCheckoutCompletionRecorded,
    GuestCheckoutFailureRecorded, GuestCheckoutsInitiated, InitiateGroupCheckout,
    RecordGuestCheckoutCompletion, RecordGuestCheckoutFailure, RecordGuestCheckoutsInitiation,
};
pub use saga::group_checkout_saga;

use procession::Module;

/// The module of group checkouts.
#[must_use]
pub fn module() -> Module {
    Module::named("group_checkouts")
        .handles::<InitiateGroupCheckout>()
        .handles::<RecordGuestCheckoutsInitiation>()
        .handles::<RecordGuestCheckoutCompletion>()
        .handles::<RecordGuestCheckoutFailure>()
        .saga(group_checkout_saga())
}
