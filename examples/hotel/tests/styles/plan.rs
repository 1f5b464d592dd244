use std::collections::BTreeMap;

use hotel::{
    Amount, ClerkId, GroupCheckoutId, GuestStayId,
    group_checkouts::{Answer, GroupCheckout, InitiateGroupCheckout, Outcome},
    guest_stays::{CheckInGuest, CheckoutFailure, RecordCharge, RecordPayment},
};
use jiff::SignedDuration;
use proptest::{collection::vec, prelude::*};

/// What a guest does about the bill.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pays {
    /// Before the group wants to leave.
    Before,
    /// While it leaves, and in time: the payment is on its way before the guest is asked.
    InTime,
    /// While it leaves, and too late: the payment is on its way behind the question.
    TooLate,
    /// Never.
    Never,
}

/// A group, and the order in which its messages are delivered.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) guests: Vec<Pays>,
    /// All chance comes from it.
    pub(crate) seed: u64,
}

/// Plans of groups of 0 to `most` guests, more often of a few.
pub(crate) fn plans(most: usize) -> impl Strategy<Value = Plan> {
    let pays = prop_oneof![
        4 => Just(Pays::Before),
        2 => Just(Pays::InTime),
        1 => Just(Pays::TooLate),
        2 => Just(Pays::Never)
    ];
    let sizes = prop_oneof![4 => 0..=6_usize, 2 => 7..=40_usize, 1 => 41..=most];
    let guests = sizes.prop_flat_map(move |size| vec(pays.clone(), size));
    (guests, any::<u64>()).prop_map(|(guests, seed)| Plan { guests, seed })
}

impl Plan {
    pub(crate) fn stay(index: usize) -> GuestStayId {
        format!("stay-{index:04}").parse().unwrap()
    }

    pub(crate) fn stays(&self) -> impl Iterator<Item = (GuestStayId, Pays)> {
        self.guests.iter().enumerate().map(|(index, pays)| (Self::stay(index), *pays))
    }

    pub(crate) fn initiate(&self, within: Option<SignedDuration>) -> InitiateGroupCheckout {
        let clerk: ClerkId = "eve".parse().unwrap();
        InitiateGroupCheckout {
            group_checkout: group(),
            clerk,
            guest_stays: self.stays().map(|(stay, _)| stay).collect(),
            within,
        }
    }

    /// The answers that must come: each guest's own, however many others there are.
    pub(crate) fn answers(&self) -> BTreeMap<GuestStayId, Answer> {
        let answer = |pays| match pays {
            Pays::Before | Pays::InTime => Answer::Completed,
            Pays::TooLate | Pays::Never => Answer::Failed(CheckoutFailure::BalanceNotSettled),
        };
        self.stays().map(|(stay, pays)| (stay, answer(pays))).collect()
    }
}

pub(crate) fn group() -> GroupCheckoutId {
    "tour".parse().unwrap()
}

fn bill() -> Amount {
    "99.50".parse().unwrap()
}

pub(crate) fn check_in(guest_stay: GuestStayId) -> CheckInGuest {
    CheckInGuest { guest_stay, guest: "Ada".into(), room: 7 }
}

pub(crate) fn charge(guest_stay: GuestStayId) -> RecordCharge {
    RecordCharge { guest_stay, amount: bill() }
}

pub(crate) fn pay(guest_stay: GuestStayId) -> RecordPayment {
    RecordPayment { guest_stay, amount: bill() }
}

/// How a group must end that has these answers, when every guest has answered.
pub(crate) fn outcome(answers: &BTreeMap<GuestStayId, Answer>) -> Outcome {
    let all_left = answers.values().all(|it| *it == Answer::Completed);
    if all_left { Outcome::Completed } else { Outcome::Failed }
}

/// Who has answered what, by a group's own account.
pub(crate) fn answers_of(group: &GroupCheckout) -> BTreeMap<GuestStayId, Answer> {
    group.guests.answers().map(|(stay, answer)| (stay.clone(), *answer)).collect()
}
