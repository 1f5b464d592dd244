use std::collections::BTreeSet;

use jiff::SignedDuration;
use procession::{
    Decider,
    check::{Check, IntoApplication, World, check},
};

use super::NotACheck;
use crate::{
    Amount, ClerkId, GroupCheckoutId, GuestStayId,
    group_checkouts::{
        GroupCheckout, GroupCheckoutCompleted, GroupCheckoutFailed, GroupCheckoutTimedOut,
        GuestCheckoutCompletionRecorded, GuestCheckoutFailureRecorded, InitiateGroupCheckout,
    },
    guest_stays::{CheckInGuest, GuestCheckedOut, GuestStay, RecordCharge, RecordPayment},
};

/// A group of guests who want to leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Group {
    /// How many guests there are.
    pub guests: usize,
    /// How many of them have not paid; each of them may pay at any moment.
    pub unsettled: usize,
    /// Whether the group has a deadline.
    pub has_deadline: bool,
}

/// A group leaves a [`hotel`](crate::hotel): in every order, with a payment at any moment, one message that comes twice, and a
/// deadline.
///
/// # Errors
/// Never, as a test makes sure.
pub fn every_group_checkout_ends(hotel: impl IntoApplication, group: Group) -> Result<Check, NotACheck> {
    let stays: Vec<GuestStayId> =
        (1..=group.guests).map(|it| format!("stay-{it}").parse()).collect::<Result<_, _>>()?;
    let (unsettled, settled) = stays.split_at(group.unsettled.min(group.guests));
    let bill: Amount = "99.50".parse()?;
    let arrived = |stay: &GuestStayId| {
        let (guest_stay, guest) = (stay.clone(), "Ada".into());
        (CheckInGuest { guest_stay, guest, room: 7 }, RecordCharge { guest_stay: stay.clone(), amount: bill })
    };
    let paid = |stay: &GuestStayId| RecordPayment { guest_stay: stay.clone(), amount: bill };
    let group_checkout: GroupCheckoutId = "tour".parse()?;
    let clerk: ClerkId = "eve".parse()?;
    let within = group.has_deadline.then(|| SignedDuration::from_mins(30));
    let all: Vec<_> = stays.iter().map(arrived).collect();
    let check = check(hotel)
        .given(all)
        .given(settled.iter().map(paid).collect::<Vec<_>>())
        .when(InitiateGroupCheckout { group_checkout, clerk, guest_stays: stays.clone(), within })
        .meanwhile(unsettled.iter().map(paid).collect::<Vec<_>>())
        .always("nobody leaves unpaid", nobody_leaves_unpaid)
        .always("no guest is answered twice", no_guest_is_answered_twice)
        .finally("the group has ended once, with one answer per guest", ended_once)
        .facts(FACTS)
        .is_partial();
    Ok(check.alike(settled.iter().map(GuestStayId::as_str)))
}

/// They are noted down, and nobody needs to do anything about them.
const FACTS: [&str; 5] = [
    "PaymentRecorded",
    "GuestCheckoutsInitiated",
    "GuestCheckoutCompletionRecorded",
    "GuestCheckoutFailureRecorded",
    "GroupCheckoutTimedOut",
];

fn nobody_leaves_unpaid(world: &World<'_>) -> Result<(), String> {
    let mut left = world.events::<GuestCheckedOut>().into_iter().map(|it| it.guest_stay);
    let owing = left.find(|it| !world.state::<GuestStay>(it).balance.is_zero());
    owing.map_or(Ok(()), |it| Err(format!("{it} has left, and has not paid")))
}

fn no_guest_is_answered_twice(world: &World<'_>) -> Result<(), String> {
    let completed = world.events::<GuestCheckoutCompletionRecorded>().into_iter().map(|it| it.guest_stay);
    let failed = world.events::<GuestCheckoutFailureRecorded>().into_iter().map(|it| it.guest_stay);
    let mut answered = BTreeSet::new();
    let twice = completed.chain(failed).find(|it| !answered.insert(it.clone()));
    twice.map_or(Ok(()), |it| Err(format!("{it} has two answers")))
}

fn ended_once(world: &World<'_>) -> Result<(), String> {
    let completed = world.events::<GroupCheckoutCompleted>().len();
    let failed = world.events::<GroupCheckoutFailed>().len();
    let timed_out = world.events::<GroupCheckoutTimedOut>();
    let ends = completed + failed + timed_out.len();
    if ends != 1 {
        return Err(format!("it has ended {ends} times"));
    }
    for group in world.instances(GroupCheckout::CATEGORY) {
        let open = world.state::<GroupCheckout>(&group).guests.missing().count();
        if open > 0 && timed_out.is_empty() {
            return Err(format!("{group} has ended, and {open} guests have no answer"));
        }
    }
    Ok(())
}
