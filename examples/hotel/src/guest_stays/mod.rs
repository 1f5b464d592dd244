//! The truth about one guest's stay: checked in, charged, paid, checked out.

mod guest_stay;
mod messages;

pub use guest_stay::{GuestStay, GuestStayEvent, GuestStayRejection, Status};
pub use messages::{
    ChargeRecorded, CheckInGuest, CheckOutGuest, CheckoutFailure, GuestCheckedIn, GuestCheckedOut,
    GuestCheckoutFailed, PaymentRecorded, RecordCharge, RecordPayment,
};

use procession::Module;

/// The module of guest stays.
#[must_use]
pub fn module() -> Module {
    Module::named("guest_stays")
        .handles::<CheckInGuest>()
        .handles::<RecordCharge>()
        .handles::<RecordPayment>()
        .handles::<CheckOutGuest>()
}
