//! A small hotel, in which a group of guests leaves.

mod asking;
mod group;
mod messages;
mod properties;
mod stay;

use procession::{After, Application, Cancel, Module, Saga, WiringErrors};
use procession_check::{Check, check};

use self::{group::LONGEST, messages::*};
use super::defect::{Defect, Defect::*, has};

/// Who asks the guests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    /// The guests are asked when the group has noted that they are.
    Choreography,
    /// Both is asked for at once.
    Saga,
    /// A loop asks one guest after the other, and may be cut off by a crash.
    Loop,
}

/// Two guests leave, one of whom owes something, and may pay at any moment; the other one may be charged once more.
pub(crate) fn a_group_leaves(style: Style, has_deadline: bool) -> Check {
    let [ada, bob] = ["ada", "bob"].map(String::from);
    let arrive = [ada.clone(), bob.clone()].map(|stay| CheckInGuest { stay });
    let stays = vec![ada.clone(), bob.clone()];
    let crash = (style == Style::Loop).then(|| Crash { group: "tour".into() });
    let check = check(hotel(style))
        .given((arrive, RecordCharge { stay: bob.clone() }))
        .when(InitiateGroupCheckout { group: "tour".into(), stays, has_deadline })
        .meanwhile((RecordPayment { stay: bob }, RecordCharge { stay: ada }, crash));
    properties::of_a_group(check)
}

fn hotel(style: Style) -> Result<Application, WiringErrors> {
    let stays = Module::named("guest_stays")
        .handles::<CheckInGuest>()
        .handles::<RecordCharge>()
        .handles::<RecordPayment>()
        .handles::<CheckOutGuest>()
        .publishes::<GuestCheckedOut>()
        .publishes::<GuestCheckoutFailed>();
    let groups = Module::named("group_checkouts")
        .handles::<InitiateGroupCheckout>()
        .handles::<RecordGuestCheckoutsInitiation>()
        .handles::<RecordGuestCheckoutCompletion>()
        .handles::<RecordGuestCheckoutFailure>()
        .handles::<TimeoutGroupCheckout>()
        .publishes::<GroupCheckoutInitiated>()
        .publishes::<GuestCheckoutsInitiated>()
        .on(|it: &GroupCheckoutInitiated| {
            let (group, stays) = (it.group.clone(), it.stays.clone());
            let has_deadline = it.deadline.is_some() && !has(DeadlineForgotten);
            let timeout = After(LONGEST, TimeoutGroupCheckout { group: group.clone() });
            (RecordGuestCheckoutsInitiation { group, stays }, has_deadline.then_some(timeout))
        })
        .on(|it: &GroupCheckoutCompleted| take_back(&it.group))
        .on(|it: &GroupCheckoutFailed| take_back(&it.group))
        .saga(answers());
    match style {
        Style::Choreography => Application::assemble([stays.on(asked_then), groups]),
        Style::Saga => Application::assemble([stays.on(asked_at_once), groups]),
        Style::Loop => Application::assemble([stays, groups, asking::module()]),
    }
}

fn take_back(group: &str) -> Option<Cancel<TimeoutGroupCheckout>> {
    (!has(DeadlineNotTakenBack)).then(|| Cancel::to(group))
}

fn asked_then(it: &GuestCheckoutsInitiated) -> Vec<CheckOutGuest> {
    ask(&it.group, &it.stays)
}

fn asked_at_once(it: &GroupCheckoutInitiated) -> Vec<CheckOutGuest> {
    ask(&it.group, &it.stays)
}

fn ask(group: &str, stays: &[String]) -> Vec<CheckOutGuest> {
    let asked = stays.len() - usize::from(has(AskingForgetsTheLast));
    let ask = |stay: &String| CheckOutGuest { stay: stay.clone(), group: Some(group.into()) };
    stays[..asked].iter().map(ask).collect()
}

/// Brings the group what its guests answer.
fn answers() -> Saga {
    Saga::named("group_checkout")
        .on(|it: &GuestCheckedOut| {
            let stay = it.stay.clone();
            it.group.clone().map(|group| RecordGuestCheckoutCompletion { group, stay })
        })
        .on(|it: &GuestCheckoutFailed| {
            let stay = it.stay.clone();
            let group = it.group.clone().filter(|_| !has(FailureNotReported));
            group.map(|group| RecordGuestCheckoutFailure { group, stay })
        })
}
