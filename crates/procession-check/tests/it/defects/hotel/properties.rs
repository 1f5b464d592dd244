use std::collections::BTreeMap;

use procession_check::{Check, World};

use super::{
    group::{Answer, GroupCheckout},
    messages::{
        GroupCheckoutCompleted, GroupCheckoutFailed, GroupCheckoutInitiated, GroupCheckoutTimedOut,
        GuestAsked, GuestCheckedOut, GuestCheckoutCompletionRecorded, GuestCheckoutFailureRecorded,
    },
    stay::GuestStay,
};

/// What must hold when a group leaves.
pub(super) fn of_a_group(check: Check) -> Check {
    check
        .always("nobody leaves unpaid", nobody_leaves_unpaid)
        .always("nobody leaves twice", |world| {
            once(world.events::<GuestCheckedOut>().into_iter().map(|it| it.stay))
        })
        .always("nobody pays what is not owed", |world| {
            world.instances("guest_stay").into_iter().all(|it| world.state::<GuestStay>(it).owes >= 0)
        })
        .always("every guest is asked once", |world| {
            once(world.events::<GuestAsked>().into_iter().map(|it| it.stay))
        })
        .always("no guest is answered twice", no_guest_is_answered_twice)
        .always("a group begins once and ends once", begins_and_ends_once)
        .finally("the group has ended as its guests have answered", ended_as_answered)
        .facts(["PaymentRecorded", "GuestCharged"])
        .is_partial()
}

fn nobody_leaves_unpaid(world: &World<'_>) -> Result<(), String> {
    let mut left = world.events::<GuestCheckedOut>().into_iter().map(|it| it.stay);
    let owing = left.find(|it| world.state::<GuestStay>(it).owes > 0);
    owing.map_or(Ok(()), |it| Err(format!("{it} has left, and owes something")))
}

fn no_guest_is_answered_twice(world: &World<'_>) -> Result<(), String> {
    let completed = world.events::<GuestCheckoutCompletionRecorded>().into_iter().map(|it| it.stay);
    let failed = world.events::<GuestCheckoutFailureRecorded>().into_iter().map(|it| it.stay);
    once(completed.chain(failed))
}

fn once(names: impl Iterator<Item = String>) -> Result<(), String> {
    let mut counts = BTreeMap::new();
    names.for_each(|it| *counts.entry(it).or_insert(0) += 1);
    let twice = counts.into_iter().find(|(_, count)| *count > 1);
    twice.map_or(Ok(()), |(name, count)| Err(format!("{name}, {count} times")))
}

fn begins_and_ends_once(world: &World<'_>) -> Result<(), String> {
    let begins = world.events::<GroupCheckoutInitiated>().len();
    let ends = world.events::<GroupCheckoutCompleted>().len()
        + world.events::<GroupCheckoutFailed>().len()
        + world.events::<GroupCheckoutTimedOut>().len();
    if begins <= 1 && ends <= 1 {
        return Ok(());
    }
    Err(format!("it has begun {begins} times, and ended {ends} times"))
}

/// Also when time was up, who has answered has; but then some answers may be missing.
fn ended_as_answered(world: &World<'_>) -> Result<(), String> {
    let group: GroupCheckout = world.state("tour");
    let is = |answer| group.guests.values().any(|it| *it == answer);
    let completed = !world.events::<GroupCheckoutCompleted>().is_empty();
    let timed_out = !world.events::<GroupCheckoutTimedOut>().is_empty();
    if is(Answer::Missing) && !timed_out {
        return Err("it has ended, and an answer is missing".into());
    }
    if completed && is(Answer::Failed) {
        return Err("it is completed, and a guest could not leave".into());
    }
    Ok(())
}
