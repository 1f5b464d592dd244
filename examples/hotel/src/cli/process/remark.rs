use hotel::{
    group_checkouts::{
        GroupCheckoutCompleted, GroupCheckoutFailed, GroupCheckoutInitiated, GroupCheckoutTimedOut,
        GuestCheckoutCompletionRecorded, GuestCheckoutFailureRecorded, InitiateGroupCheckout,
        RecordGuestCheckoutCompletion, RecordGuestCheckoutFailure, TimeoutGroupCheckout,
    },
    guest_stays::{
        ChargeRecorded, CheckInGuest, CheckoutFailure, GuestCheckedIn, GuestCheckedOut, GuestCheckoutFailed,
        PaymentRecorded, RecordCharge, RecordPayment,
    },
};
use jiff::SignedDuration;
use procession::{
    Ignored, Message,
    log::{Kind, Recorded},
};
use serde::Deserialize;

use crate::cli::look;

/// What a reader wants to know of a message beside its name.
#[derive(Default)]
pub(super) struct Remark {
    pub(super) text: String,
    pub(super) is_failure: bool,
}

impl Remark {
    pub(super) fn on(message: &Recorded) -> Self {
        let (entry, payload) = (&message.entry, &*message.entry.payload);
        if entry.kind == Kind::Rejection {
            return about(payload, |it: Rejection| failure(it.message));
        }
        if entry.kind == Kind::Input {
            return Self::on_input(&entry.name, payload);
        }
        match &*entry.name {
            InitiateGroupCheckout::NAME => {
                about(payload, |it: InitiateGroupCheckout| guests(it.guest_stays.len(), it.within))
            }
            GroupCheckoutInitiated::NAME => {
                about(payload, |it: GroupCheckoutInitiated| guests(it.guest_stays.len(), it.within))
            }
            GuestCheckoutFailed::NAME => {
                about(payload, |it: GuestCheckoutFailed| failure(words(it.reason).into()))
            }
            RecordGuestCheckoutCompletion::NAME => {
                about(payload, |it: RecordGuestCheckoutCompletion| plain(it.guest_stay.to_string()))
            }
            GuestCheckoutCompletionRecorded::NAME => {
                about(payload, |it: GuestCheckoutCompletionRecorded| plain(it.guest_stay.to_string()))
            }
            RecordGuestCheckoutFailure::NAME => about(payload, |it: RecordGuestCheckoutFailure| {
                failure(format!("{}: {}", it.guest_stay, words(it.reason)))
            }),
            GuestCheckoutFailureRecorded::NAME => about(payload, |it: GuestCheckoutFailureRecorded| {
                failure(format!("{}: {}", it.guest_stay, words(it.reason)))
            }),
            GroupCheckoutCompleted::NAME => about(payload, |it: GroupCheckoutCompleted| {
                plain(format!("all {} left", look::number(it.completed.len())))
            }),
            GroupCheckoutFailed::NAME => about(payload, |it: GroupCheckoutFailed| {
                let (left, failed) = (look::number(it.completed.len()), look::number(it.failed.len()));
                failure(format!("{left} left, {failed} could not"))
            }),
            GroupCheckoutTimedOut::NAME => about(payload, |it: GroupCheckoutTimedOut| {
                let counts = [it.completed.len(), it.failed.len(), it.unanswered.len()].map(look::number);
                let [left, failed, unanswered] = counts;
                failure(format!("{unanswered} did not answer, {left} left, {failed} could not"))
            }),
            TimeoutGroupCheckout::NAME => plain("time is up".into()),
            Ignored::NAME => about(payload, |it: Ignored| plain(it.message)),
            CheckInGuest::NAME => {
                about(payload, |it: CheckInGuest| plain(format!("{}, room {}", it.guest, it.room)))
            }
            GuestCheckedIn::NAME => {
                about(payload, |it: GuestCheckedIn| plain(format!("{}, room {}", it.guest, it.room)))
            }
            RecordCharge::NAME => about(payload, |it: RecordCharge| plain(it.amount.to_string())),
            ChargeRecorded::NAME => about(payload, |it: ChargeRecorded| plain(it.amount.to_string())),
            RecordPayment::NAME => about(payload, |it: RecordPayment| plain(it.amount.to_string())),
            PaymentRecorded::NAME => about(payload, |it: PaymentRecorded| plain(it.amount.to_string())),
            _ => Self::default(),
        }
    }

    /// An input stands under the name of the process manager's instance, so that whose answer it is must be told.
    fn on_input(name: &str, payload: &str) -> Self {
        match name {
            GuestCheckedOut::NAME => about(payload, |it: GuestCheckedOut| plain(it.guest_stay.to_string())),
            GuestCheckoutFailed::NAME => about(payload, |it: GuestCheckoutFailed| {
                failure(format!("{}: {}", it.guest_stay, words(it.reason)))
            }),
            _ => Self::default(),
        }
    }
}

/// `12 guests`, `12 guests, within 30m`.
fn guests(count: usize, within: Option<SignedDuration>) -> Remark {
    let within = within.map_or_else(String::new, |it| format!(", within {it:#}"));
    plain(look::count(count, "guest") + &within)
}

/// As the runtime writes every rejection.
#[derive(Deserialize)]
struct Rejection {
    message: String,
}

fn about<'a, M: Deserialize<'a>>(payload: &'a str, remark: impl FnOnce(M) -> Remark) -> Remark {
    serde_json::from_str(payload).map_or_else(|error| failure(format!("unreadable: {error}")), remark)
}

/// Shorter than the failure's own words, which have no room in a column.
fn words(reason: CheckoutFailure) -> &'static str {
    match reason {
        CheckoutFailure::BalanceNotSettled => "balance not settled",
        CheckoutFailure::NotOpened => "stay not open",
    }
}

fn plain(text: String) -> Remark {
    Remark { text, is_failure: false }
}

fn failure(text: String) -> Remark {
    Remark { text, is_failure: true }
}
