use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use procession::{Context, Decider, Either, Events, Handle};
use serde::{Deserialize, Serialize};

use super::{
    GroupCheckoutCompleted, GroupCheckoutFailed, GroupCheckoutInitiated, GuestCheckoutCompletionRecorded,
    GuestCheckoutFailureRecorded, GuestCheckoutsInitiated, InitiateGroupCheckout,
    RecordGuestCheckoutCompletion, RecordGuestCheckoutFailure, RecordGuestCheckoutsInitiation,
};
use crate::{GroupCheckoutId, GuestStayId, guest_stays::CheckoutFailure};

/// One group checkout: who was asked, and who has answered what.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct GroupCheckout {
    /// Each guest's answer.
    pub answers: BTreeMap<GuestStayId, Answer>,
    /// How it ended, if it has.
    pub outcome: Option<Outcome>,
    /// How many guests have not answered.
    pub unanswered: usize,
    guests_were_asked: bool,
}

/// What came of one guest's checkout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "answer", content = "reason")]
pub enum Answer {
    /// Nothing yet.
    Pending,
    /// The guest has left.
    Completed,
    /// The guest could not leave.
    Failed(CheckoutFailure),
}

/// How a group checkout ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// All guests have left.
    Completed,
    /// Some guests could not leave.
    Failed,
}

/// The events of a group checkout.
#[derive(Events)]
pub enum GroupCheckoutEvent {
    /// It has begun.
    Initiated(GroupCheckoutInitiated),
    /// Every guest was asked.
    GuestCheckoutsInitiated(GuestCheckoutsInitiated),
    /// A guest has left.
    CompletionRecorded(GuestCheckoutCompletionRecorded),
    /// A guest could not leave.
    FailureRecorded(GuestCheckoutFailureRecorded),
    /// It has ended: all guests have left.
    Completed(GroupCheckoutCompleted),
    /// It has ended: some guests could not leave.
    Failed(GroupCheckoutFailed),
}

/// Why a group checkout refuses a command.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum GroupCheckoutRejection {
    /// It has begun before.
    #[error("this group checkout was initiated before")]
    AlreadyInitiated,
    /// It has not begun.
    #[error("there is no such group checkout")]
    NotInitiated,
    /// A group without guests.
    #[error("a group checkout needs at least one guest")]
    NoGuests,
    /// A guest cannot leave twice.
    #[error("the guest stay {0} is in the group twice")]
    GuestTwice(GuestStayId),
    /// A stranger answers.
    #[error("the guest stay {0} is not in the group")]
    NotInGroup(GuestStayId),
}

impl Decider for GroupCheckout {
    const CATEGORY: &'static str = "group_checkout";
    type Event = GroupCheckoutEvent;
    type Rejection = GroupCheckoutRejection;

    fn evolve(&mut self, event: &GroupCheckoutEvent) {
        match event {
            GroupCheckoutEvent::Initiated(event) => {
                self.answers = event.guest_stays.iter().map(|stay| (stay.clone(), Answer::Pending)).collect();
                self.unanswered = self.answers.len();
            }
            GroupCheckoutEvent::GuestCheckoutsInitiated(_) => self.guests_were_asked = true,
            GroupCheckoutEvent::CompletionRecorded(event) => {
                self.answer(&event.guest_stay, Answer::Completed)
            }
            GroupCheckoutEvent::FailureRecorded(event) => {
                self.answer(&event.guest_stay, Answer::Failed(event.reason));
            }
            GroupCheckoutEvent::Completed(_) => self.outcome = Some(Outcome::Completed),
            GroupCheckoutEvent::Failed(_) => self.outcome = Some(Outcome::Failed),
        }
    }
}

type Ended = Either<GroupCheckoutCompleted, GroupCheckoutFailed>;

impl GroupCheckout {
    fn answer(&mut self, stay: &GuestStayId, answer: Answer) {
        if self.answers.insert(stay.clone(), answer) == Some(Answer::Pending) {
            self.unanswered -= 1;
        }
    }

    /// Whether this guest's answer is still awaited. Answers that come again are not.
    fn awaits(&self, stay: &GuestStayId) -> Result<bool, GroupCheckoutRejection> {
        match self.answers.get(stay) {
            Some(answer) => Ok(*answer == Answer::Pending),
            None if self.answers.is_empty() => Err(GroupCheckoutRejection::NotInitiated),
            None => Err(GroupCheckoutRejection::NotInGroup(stay.clone())),
        }
    }

    /// How it ends, if the answer of `stay` is the last one.
    fn end(&self, id: &GroupCheckoutId, stay: &GuestStayId, succeeded: bool, at: Timestamp) -> Option<Ended> {
        if self.unanswered > 1 {
            return None;
        }
        let has_left = |it: &GuestStayId, answer: Answer| {
            if it == stay { succeeded } else { answer == Answer::Completed }
        };
        let stays = self.answers.iter().map(|(it, answer)| (it.clone(), has_left(it, *answer)));
        let (completed, failed): (Vec<_>, Vec<_>) = stays.partition(|(_, has_left)| *has_left);
        let ids = |stays: Vec<(GuestStayId, bool)>| stays.into_iter().map(|(it, _)| it).collect();
        let (group_checkout, completed, failed): (_, _, Vec<_>) = (id.clone(), ids(completed), ids(failed));
        Some(if failed.is_empty() {
            Either::Left(GroupCheckoutCompleted { group_checkout, completed, at })
        } else {
            Either::Right(GroupCheckoutFailed { group_checkout, completed, failed, at })
        })
    }
}

impl Handle<InitiateGroupCheckout> for GroupCheckout {
    type Records = GroupCheckoutInitiated;

    fn handle(
        &self,
        command: InitiateGroupCheckout,
        context: &Context,
    ) -> Result<GroupCheckoutInitiated, GroupCheckoutRejection> {
        let InitiateGroupCheckout { group_checkout, clerk, guest_stays } = command;
        if !self.answers.is_empty() {
            return Err(GroupCheckoutRejection::AlreadyInitiated);
        }
        if guest_stays.is_empty() {
            return Err(GroupCheckoutRejection::NoGuests);
        }
        let mut seen = BTreeSet::new();
        if let Some(twice) = guest_stays.iter().find(|it| !seen.insert(*it)) {
            return Err(GroupCheckoutRejection::GuestTwice(twice.clone()));
        }
        Ok(GroupCheckoutInitiated { group_checkout, clerk, guest_stays, at: context.now })
    }
}

impl Handle<RecordGuestCheckoutsInitiation> for GroupCheckout {
    type Records = Option<GuestCheckoutsInitiated>;

    fn handle(
        &self,
        command: RecordGuestCheckoutsInitiation,
        context: &Context,
    ) -> Result<Self::Records, GroupCheckoutRejection> {
        if self.answers.is_empty() {
            return Err(GroupCheckoutRejection::NotInitiated);
        }
        let RecordGuestCheckoutsInitiation { group_checkout } = command;
        Ok((!self.guests_were_asked).then_some(GuestCheckoutsInitiated { group_checkout, at: context.now }))
    }
}

impl Handle<RecordGuestCheckoutCompletion> for GroupCheckout {
    type Records = Option<(GuestCheckoutCompletionRecorded, Option<Ended>)>;

    fn handle(
        &self,
        command: RecordGuestCheckoutCompletion,
        context: &Context,
    ) -> Result<Self::Records, GroupCheckoutRejection> {
        let RecordGuestCheckoutCompletion { group_checkout, guest_stay } = command;
        if !self.awaits(&guest_stay)? {
            return Ok(None);
        }
        let end = self.end(&group_checkout, &guest_stay, true, context.now);
        Ok(Some((GuestCheckoutCompletionRecorded { group_checkout, guest_stay, at: context.now }, end)))
    }
}

impl Handle<RecordGuestCheckoutFailure> for GroupCheckout {
    type Records = Option<(GuestCheckoutFailureRecorded, Option<Ended>)>;

    fn handle(
        &self,
        command: RecordGuestCheckoutFailure,
        context: &Context,
    ) -> Result<Self::Records, GroupCheckoutRejection> {
        let RecordGuestCheckoutFailure { group_checkout, guest_stay, reason } = command;
        if !self.awaits(&guest_stay)? {
            return Ok(None);
        }
        let end = self.end(&group_checkout, &guest_stay, false, context.now);
        Ok(Some((GuestCheckoutFailureRecorded { group_checkout, guest_stay, reason, at: context.now }, end)))
    }
}

#[cfg(test)]
mod tests {
    use procession::test::given;

    use super::*;

    const AT: Timestamp = Timestamp::UNIX_EPOCH;

    fn group() -> GroupCheckoutId {
        "g".parse().unwrap()
    }

    fn stay(id: &str) -> GuestStayId {
        id.parse().unwrap()
    }

    fn stays(ids: &[&str]) -> Vec<GuestStayId> {
        ids.iter().map(|it| stay(it)).collect()
    }

    fn initiate(ids: &[&str]) -> InitiateGroupCheckout {
        InitiateGroupCheckout {
            group_checkout: group(),
            clerk: "eve".parse().unwrap(),
            guest_stays: stays(ids),
        }
    }

    fn initiated(ids: &[&str]) -> GroupCheckoutInitiated {
        let clerk = "eve".parse().unwrap();
        GroupCheckoutInitiated { group_checkout: group(), clerk, guest_stays: stays(ids), at: AT }
    }

    fn complete(id: &str) -> RecordGuestCheckoutCompletion {
        RecordGuestCheckoutCompletion { group_checkout: group(), guest_stay: stay(id) }
    }

    fn completed(id: &str) -> GuestCheckoutCompletionRecorded {
        GuestCheckoutCompletionRecorded { group_checkout: group(), guest_stay: stay(id), at: AT }
    }

    const REASON: CheckoutFailure = CheckoutFailure::BalanceNotSettled;

    fn fail(id: &str) -> RecordGuestCheckoutFailure {
        RecordGuestCheckoutFailure { group_checkout: group(), guest_stay: stay(id), reason: REASON }
    }

    fn failed(id: &str) -> GuestCheckoutFailureRecorded {
        GuestCheckoutFailureRecorded { group_checkout: group(), guest_stay: stay(id), reason: REASON, at: AT }
    }

    fn group_completed(ids: &[&str]) -> GroupCheckoutCompleted {
        GroupCheckoutCompleted { group_checkout: group(), completed: stays(ids), at: AT }
    }

    fn group_failed(completed: &[&str], failed: &[&str]) -> GroupCheckoutFailed {
        GroupCheckoutFailed {
            group_checkout: group(),
            completed: stays(completed),
            failed: stays(failed),
            at: AT,
        }
    }

    #[test]
    fn a_group_checkout_begins_once() {
        given::<GroupCheckout>(()).when(initiate(&["1", "2"])).then(initiated(&["1", "2"]));
        given::<GroupCheckout>(initiated(&["1"]))
            .when(initiate(&["2"]))
            .then_rejected(GroupCheckoutRejection::AlreadyInitiated);
    }

    #[test]
    fn a_group_needs_guests_and_each_of_them_once() {
        given::<GroupCheckout>(()).when(initiate(&[])).then_rejected(GroupCheckoutRejection::NoGuests);
        given::<GroupCheckout>(())
            .when(initiate(&["1", "2", "1"]))
            .then_rejected(GroupCheckoutRejection::GuestTwice(stay("1")));
    }

    #[test]
    fn that_the_guests_were_asked_is_recorded_once() {
        let command = RecordGuestCheckoutsInitiation { group_checkout: group() };
        let event = GuestCheckoutsInitiated { group_checkout: group(), at: AT };
        given::<GroupCheckout>(initiated(&["1"])).when(command.clone()).then(event.clone());
        given::<GroupCheckout>((initiated(&["1"]), event)).when(command).then(());
    }

    #[test]
    fn the_last_answer_ends_it() {
        given::<GroupCheckout>(initiated(&["1", "2"])).when(complete("1")).then(completed("1"));
        given::<GroupCheckout>((initiated(&["1", "2"]), completed("1")))
            .when(complete("2"))
            .then((completed("2"), group_completed(&["1", "2"])));
    }

    #[test]
    fn one_failure_fails_the_group_after_the_last_answer() {
        given::<GroupCheckout>(initiated(&["1", "2"])).when(fail("1")).then(failed("1"));
        given::<GroupCheckout>((initiated(&["1", "2"]), failed("1")))
            .when(complete("2"))
            .then((completed("2"), group_failed(&["2"], &["1"])));
    }

    #[test]
    fn an_answer_that_comes_again_counts_once() {
        given::<GroupCheckout>((initiated(&["1", "2"]), completed("1"))).when(complete("1")).then(());
        given::<GroupCheckout>((initiated(&["1", "2"]), completed("1"))).when(fail("1")).then(());
    }

    #[test]
    fn an_answer_after_the_end_changes_nothing() {
        given::<GroupCheckout>((initiated(&["1"]), completed("1"), group_completed(&["1"])))
            .when(fail("1"))
            .then(());
    }

    #[test]
    fn strangers_are_rejected() {
        given::<GroupCheckout>(initiated(&["1"]))
            .when(complete("2"))
            .then_rejected(GroupCheckoutRejection::NotInGroup(stay("2")));
        given::<GroupCheckout>(()).when(complete("2")).then_rejected(GroupCheckoutRejection::NotInitiated);
    }

    /// The reference implementation forgot an answer when the asking was recorded after it.
    #[test]
    fn the_asking_may_be_recorded_after_an_answer() {
        let asked = GuestCheckoutsInitiated { group_checkout: group(), at: AT };
        given::<GroupCheckout>((initiated(&["1", "2"]), completed("1"), asked))
            .when(complete("2"))
            .then((completed("2"), group_completed(&["1", "2"])));
    }
}
