use super::{asking::Asking, group::GroupCheckout, stay::GuestStay};
use crate::messages::{commands, events};

commands! {
    CheckInGuest to GuestStay { stay: String }
    RecordCharge to GuestStay { stay: String }
    RecordPayment to GuestStay { stay: String }
    CheckOutGuest to GuestStay { stay: String, group: Option<String> }

    InitiateGroupCheckout to GroupCheckout { group: String, stays: Vec<String>, has_deadline: bool }
    RecordGuestCheckoutsInitiation to GroupCheckout { group: String, stays: Vec<String> }
    RecordGuestCheckoutCompletion to GroupCheckout { group: String, stay: String }
    RecordGuestCheckoutFailure to GroupCheckout { group: String, stay: String }
    TimeoutGroupCheckout to GroupCheckout { group: String }

    AskGuests to Asking { group: String, stays: Vec<String> }
    AskNextGuest to Asking { group: String, run: u32, index: usize }
    Crash to Asking { group: String }
}

events! {
    GuestCheckedIn { stay: String }
    GuestCharged { stay: String }
    PaymentRecorded { stay: String }
    GuestCheckedOut { stay: String, group: Option<String> }
    GuestCheckoutFailed { stay: String, group: Option<String> }

    GroupCheckoutInitiated { group: String, stays: Vec<String>, deadline: Option<jiff::Timestamp> }
    GuestCheckoutsInitiated { group: String, stays: Vec<String> }
    GuestCheckoutCompletionRecorded { group: String, stay: String }
    GuestCheckoutFailureRecorded { group: String, stay: String }
    GroupCheckoutCompleted { group: String }
    GroupCheckoutFailed { group: String }
    GroupCheckoutTimedOut { group: String }

    AskingBegan { group: String, run: u32, stays: Vec<String> }
    GuestAsked { group: String, run: u32, index: usize, stay: String }
    AskingEnded { group: String }
}
