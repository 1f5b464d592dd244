use std::{collections::BTreeSet, time::Duration};

use hotel::{
    Amount, GroupCheckoutId, GuestStayId, Style,
    group_checkouts::{
        GroupCheckout, GuestCheckoutCompletionRecorded, GuestCheckoutFailureRecorded, InitiateGroupCheckout,
        Outcome,
    },
    guest_stays::{CheckInGuest, GuestCheckedOut, GuestStay, RecordCharge, RecordPayment, Status},
    hotel,
};
use jiff::SignedDuration;
use procession::check::simulate::{Chance, Client, End, Scenario};

/// One or two groups leave, while some of their guests pay.
pub(crate) fn groups_leave(style: Style, chance: &mut Chance) -> Scenario {
    let mut scenario = Scenario::of(hotel(style));
    for group in 1..=chance.between(1, 2) {
        scenario = group_leaves(scenario, format!("tour-{group}").parse().unwrap(), chance);
    }
    scenario
        .finally("nobody leaves unpaid", nobody_leaves_unpaid)
        .finally("every guest has one answer", every_guest_has_one_answer)
        .finally("no group is told that its time is up when it has ended", move |end| {
            time_is_up_once_and_in_time(style, end)
        })
}

fn group_leaves(mut scenario: Scenario, group: GroupCheckoutId, chance: &mut Chance) -> Scenario {
    let most = chance.one_of(&[2, 5, 12]);
    let stays: Vec<GuestStayId> = (0..chance.between(1, most))
        .map(|it| format!("{}-stay-{it}", group.as_str()).parse().unwrap())
        .collect();
    for stay in &stays {
        let (pays_before, pays_meanwhile) = (chance.happens(0.5), chance.happens(0.5));
        let pay = RecordPayment { guest_stay: stay.clone(), amount: bill() };
        let arrive = CheckInGuest { guest_stay: stay.clone(), guest: "Ada".into(), room: 7 };
        let charge = RecordCharge { guest_stay: stay.clone(), amount: bill() };
        let mut guest = Client::new().executes(arrive).executes(charge);
        if pays_before {
            guest = guest.executes(pay);
        } else if pays_meanwhile {
            scenario = scenario.when(Client::new().pauses(chance.pause(Duration::from_secs(2))).sends(pay));
        }
        scenario = scenario.given(guest);
    }
    let within = chance.happens(0.7).then(|| SignedDuration::from_millis(chance.between(1, 60_000) as i64));
    let (group_checkout, clerk) = (group.clone(), "eve".parse().unwrap());
    let initiate = InitiateGroupCheckout { group_checkout, clerk, guest_stays: stays, within };
    let clerk = Client::new().pauses(chance.pause(Duration::from_secs(2)));
    let clerk =
        if chance.happens(0.7) { clerk.executes(initiate) } else { clerk.executes_without_a_key(initiate) };
    let has_ended = {
        let group = group.clone();
        move |end: &End| end.state::<GroupCheckout>(&group).outcome.is_some()
    };
    scenario.when(clerk).finally(&format!("group {} has ended", group.as_str()), has_ended)
}

fn bill() -> Amount {
    "99.50".parse().unwrap()
}

fn nobody_leaves_unpaid(end: &End) -> Result<(), String> {
    let mut left = end.events::<GuestCheckedOut>().into_iter().map(|it| it.guest_stay);
    let owing = left.find(|it| !end.state::<GuestStay>(it).balance.is_zero());
    owing.map_or(Ok(()), |it| Err(format!("{it} has left, and has not paid")))
}

/// Whoever was asked has left, or has a reason to stay, and the group knows that once.
fn every_guest_has_one_answer(end: &End) -> Result<(), String> {
    let completed = end.events::<GuestCheckoutCompletionRecorded>().into_iter().map(|it| it.guest_stay);
    let completed: Vec<GuestStayId> = completed.collect();
    let failed = end.events::<GuestCheckoutFailureRecorded>().into_iter().map(|it| it.guest_stay);
    let mut answered = BTreeSet::new();
    if let Some(twice) = completed.iter().cloned().chain(failed).find(|it| !answered.insert(it.clone())) {
        return Err(format!("{twice} has two answers"));
    }
    for stay in completed {
        let status = end.state::<GuestStay>(&stay).status;
        if status != Status::CheckedOut {
            return Err(format!("the group knows that {stay} has left, who is {status:?}"));
        }
    }
    for group in groups(end) {
        let state = end.state::<GroupCheckout>(&group);
        let open = state.guests.missing().count();
        if open > 0 && state.outcome != Some(Outcome::TimedOut) {
            return Err(format!("{group} has ended, and {open} guests have no answer"));
        }
    }
    Ok(())
}

/// A process manager takes its timeouts back in the step that ends it. A saga does so a step later, and the timer may fire
/// between the two.
fn time_is_up_once_and_in_time(style: Style, end: &End) -> Result<(), String> {
    for group in groups(end) {
        let of_group = || end.log().iter().filter(|it| it.entry.stream.id() == group);
        let ended = of_group().find(|it| it.version.is_some() && ENDS.contains(&&*it.entry.name));
        let fired: Vec<_> = of_group().filter(|it| it.entry.name == "TimeoutGroupCheckout").collect();
        let is_late = fired.iter().any(|it| ended.is_some_and(|end| end.position < it.position));
        if fired.len() > 1 || (is_late && style == Style::ProcessManager) {
            return Err(format!("{group} has ended at {ended:?}, and was told {fired:?}"));
        }
    }
    Ok(())
}

const ENDS: [&str; 3] = ["GroupCheckoutCompleted", "GroupCheckoutFailed", "GroupCheckoutTimedOut"];

fn groups(end: &End) -> Vec<String> {
    let initiated = end.log().iter().filter(|it| it.version.is_some());
    let initiated = initiated.filter(|it| it.entry.name == "GroupCheckoutInitiated");
    initiated.map(|it| it.entry.stream.id().to_owned()).collect()
}
