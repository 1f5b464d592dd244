//! The truth about one guest's stay: checked in, charged, paid, checked out.

mod choreography;
mod guest_stay;
mod listed_stays;
mod messages;

pub use guest_stay::{GuestStay, GuestStayEvent, GuestStayRejection, Status};
pub use listed_stays::{LISTED_STAYS, ListedStay, listed_stays};
pub use messages::{
    ChargeRecorded, CheckInGuest, CheckOutGuest, CheckoutFailure, GuestCheckedIn, GuestCheckedOut,
    GuestCheckoutFailed, PaymentRecorded, RecordCharge, RecordPayment,
};

use procession::Module;

use crate::Style;

/// The module of guest stays. Its answers to a checkout are public as they are.
#[must_use]
pub fn module(style: Style) -> Module {
    let module = Module::named("guest_stays")
        .handles::<CheckInGuest>()
        .handles::<RecordCharge>()
        .handles::<RecordPayment>()
        .handles::<CheckOutGuest>()
        .publishes::<GuestCheckedOut>()
        .publishes::<GuestCheckoutFailed>();
    match style {
        Style::Choreography => choreography::choreography(module),
        Style::Saga | Style::ProcessManager => module,
    }
}
