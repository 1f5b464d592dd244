use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use procession::{Answered, Context, Decider, Either, Events, Handle, Join};
use serde::{Deserialize, Serialize};

use super::{
    GroupCheckoutCompleted, GroupCheckoutFailed, GroupCheckoutInitiated, GroupCheckoutTimedOut,
    GuestCheckoutCompletionRecorded, GuestCheckoutFailureRecorded, GuestCheckoutsInitiated,
    InitiateGroupCheckout, RecordGuestCheckoutCompletion, RecordGuestCheckoutFailure,
    RecordGuestCheckoutsInitiation, TimeoutGroupCheckout,
};
use crate::{GroupCheckoutId, GuestStayId, guest_stays::CheckoutFailure};

/// One group checkout: who was asked, and who has answered what.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct GroupCheckout {
    /// The guests, and each one's answer.
    pub guests: Join<GuestStayId, Answer>,
    /// How it ended, if it has.
    pub outcome: Option<Outcome>,
    guests_were_asked: bool,
}

/// What came of one guest's checkout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "answer", content = "reason")]
pub enum Answer {
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
    /// Some guests have not answered in time.
    TimedOut,
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
    /// All guests have left.
    #[ends]
    Completed(GroupCheckoutCompleted),
    /// Some guests could not leave.
    #[ends]
    Failed(GroupCheckoutFailed),
    /// Some guests have not answered in time.
    #[ends]
    TimedOut(GroupCheckoutTimedOut),
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
    /// A deadline that nobody can keep.
    #[error("the guests must have some time to answer")]
    NoTime,
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
                self.guests = Join::of(event.guest_stays.iter().cloned());
            }
            GroupCheckoutEvent::GuestCheckoutsInitiated(_) => self.guests_were_asked = true,
            GroupCheckoutEvent::CompletionRecorded(event) => {
                self.guests.record(&event.guest_stay, Answer::Completed);
            }
            GroupCheckoutEvent::FailureRecorded(event) => {
                self.guests.record(&event.guest_stay, Answer::Failed(event.reason));
            }
            GroupCheckoutEvent::Completed(_) => self.outcome = Some(Outcome::Completed),
            GroupCheckoutEvent::Failed(_) => self.outcome = Some(Outcome::Failed),
            GroupCheckoutEvent::TimedOut(_) => self.outcome = Some(Outcome::TimedOut),
        }
    }
}

/// How a group checkout ends with the last answer.
pub type Ended = Either<GroupCheckoutCompleted, GroupCheckoutFailed>;

/// The rules, for whoever carries the answers: a saga, the module itself, or this type as a process manager.
impl GroupCheckout {
    /// A guest has left. Nothing follows from an answer that comes again, or from a stranger's.
    pub(super) fn guest_left(
        &self,
        group_checkout: GroupCheckoutId,
        guest_stay: GuestStayId,
        at: Timestamp,
    ) -> Option<(GuestCheckoutCompletionRecorded, Option<Ended>)> {
        let ended = self.guests.with(&guest_stay, Answer::Completed)?.end(&group_checkout, at);
        Some((GuestCheckoutCompletionRecorded { group_checkout, guest_stay, at }, ended))
    }

    /// A guest could not leave. Nothing follows from an answer that comes again, or from a stranger's.
    pub(super) fn guest_stays(
        &self,
        group_checkout: GroupCheckoutId,
        guest_stay: GuestStayId,
        reason: CheckoutFailure,
        at: Timestamp,
    ) -> Option<(GuestCheckoutFailureRecorded, Option<Ended>)> {
        let ended = self.guests.with(&guest_stay, Answer::Failed(reason))?.end(&group_checkout, at);
        Some((GuestCheckoutFailureRecorded { group_checkout, guest_stay, reason, at }, ended))
    }

    /// Time is up.
    pub(super) fn timed_out(&self, group_checkout: GroupCheckoutId, at: Timestamp) -> GroupCheckoutTimedOut {
        let (completed, failed) = completed_and_failed(self.guests.answers());
        let unanswered = self.guests.missing().cloned().collect();
        GroupCheckoutTimedOut { group_checkout, completed, failed, unanswered, at }
    }

    /// Who answers must be a guest of a group that has begun.
    fn must_have(&self, stay: &GuestStayId) -> Result<(), GroupCheckoutRejection> {
        if self.guests.is_empty() {
            return Err(GroupCheckoutRejection::NotInitiated);
        }
        if !self.guests.contains(stay) {
            return Err(GroupCheckoutRejection::NotInGroup(stay.clone()));
        }
        Ok(())
    }
}

trait End {
    fn end(&self, group_checkout: &GroupCheckoutId, at: Timestamp) -> Option<Ended>;
}

impl End for Answered<'_, GuestStayId, Answer> {
    /// How the group checkout ends, if this answer is the last one.
    fn end(&self, group_checkout: &GroupCheckoutId, at: Timestamp) -> Option<Ended> {
        if !self.is_complete() {
            return None;
        }
        let group_checkout = group_checkout.clone();
        let (completed, failed) = completed_and_failed(self.answers());
        Some(if failed.is_empty() {
            Either::Left(GroupCheckoutCompleted { group_checkout, completed, at })
        } else {
            Either::Right(GroupCheckoutFailed { group_checkout, completed, failed, at })
        })
    }
}

fn completed_and_failed<'a>(
    answers: impl Iterator<Item = (&'a GuestStayId, &'a Answer)>,
) -> (Vec<GuestStayId>, Vec<GuestStayId>) {
    let (completed, failed): (Vec<_>, Vec<_>) =
        answers.partition(|(_, answer)| **answer == Answer::Completed);
    let ids = |answers: Vec<(&GuestStayId, &Answer)>| answers.into_iter().map(|(id, _)| id.clone()).collect();
    (ids(completed), ids(failed))
}

impl Handle<InitiateGroupCheckout> for GroupCheckout {
    type Records = GroupCheckoutInitiated;

    fn handle(
        &self,
        command: InitiateGroupCheckout,
        context: &Context,
    ) -> Result<GroupCheckoutInitiated, GroupCheckoutRejection> {
        let InitiateGroupCheckout { group_checkout, clerk, guest_stays, within } = command;
        if !self.guests.is_empty() {
            return Err(GroupCheckoutRejection::AlreadyInitiated);
        }
        if guest_stays.is_empty() {
            return Err(GroupCheckoutRejection::NoGuests);
        }
        if within.is_some_and(|it| it <= SignedDuration::ZERO) {
            return Err(GroupCheckoutRejection::NoTime);
        }
        let mut seen = BTreeSet::new();
        if let Some(twice) = guest_stays.iter().find(|it| !seen.insert(*it)) {
            return Err(GroupCheckoutRejection::GuestTwice(twice.clone()));
        }
        Ok(GroupCheckoutInitiated { group_checkout, clerk, guest_stays, within, at: context.now })
    }
}

impl Handle<RecordGuestCheckoutsInitiation> for GroupCheckout {
    type Records = Option<GuestCheckoutsInitiated>;

    fn handle(
        &self,
        command: RecordGuestCheckoutsInitiation,
        context: &Context,
    ) -> Result<Self::Records, GroupCheckoutRejection> {
        if self.guests.is_empty() {
            return Err(GroupCheckoutRejection::NotInitiated);
        }
        let RecordGuestCheckoutsInitiation { group_checkout } = command;
        let is_news = !self.guests_were_asked && self.outcome.is_none();
        Ok(is_news.then_some(GuestCheckoutsInitiated { group_checkout, at: context.now }))
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
        self.must_have(&guest_stay)?;
        if self.outcome.is_some() {
            return Ok(None);
        }
        Ok(self.guest_left(group_checkout, guest_stay, context.now))
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
        self.must_have(&guest_stay)?;
        if self.outcome.is_some() {
            return Ok(None);
        }
        Ok(self.guest_stays(group_checkout, guest_stay, reason, context.now))
    }
}

impl Handle<TimeoutGroupCheckout> for GroupCheckout {
    type Records = Option<GroupCheckoutTimedOut>;

    fn handle(
        &self,
        command: TimeoutGroupCheckout,
        context: &Context,
    ) -> Result<Self::Records, GroupCheckoutRejection> {
        if self.guests.is_empty() {
            return Err(GroupCheckoutRejection::NotInitiated);
        }
        Ok(self.outcome.is_none().then(|| self.timed_out(command.group_checkout, context.now)))
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
            within: None,
        }
    }

    fn initiated(ids: &[&str]) -> GroupCheckoutInitiated {
        let clerk = "eve".parse().unwrap();
        GroupCheckoutInitiated {
            group_checkout: group(),
            clerk,
            guest_stays: stays(ids),
            within: None,
            at: AT,
        }
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

    #[test]
    fn the_asking_is_not_recorded_after_the_end() {
        given::<GroupCheckout>((initiated(&["1"]), completed("1"), group_completed(&["1"])))
            .when(RecordGuestCheckoutsInitiation { group_checkout: group() })
            .then(());
    }

    fn time_is_up() -> TimeoutGroupCheckout {
        TimeoutGroupCheckout { group_checkout: group() }
    }

    fn timed_out(completed: &[&str], failed: &[&str], unanswered: &[&str]) -> GroupCheckoutTimedOut {
        let (completed, failed, unanswered) = (stays(completed), stays(failed), stays(unanswered));
        GroupCheckoutTimedOut { group_checkout: group(), completed, failed, unanswered, at: AT }
    }

    #[test]
    fn when_time_is_up_it_ends_and_knows_who_has_not_answered() {
        given::<GroupCheckout>((initiated(&["1", "2", "3"]), completed("1"), failed("2")))
            .when(time_is_up())
            .then(timed_out(&["1"], &["2"], &["3"]));
    }

    #[test]
    fn after_the_end_time_and_answers_change_nothing() {
        given::<GroupCheckout>((initiated(&["1"]), completed("1"), group_completed(&["1"])))
            .when(time_is_up())
            .then(());
        given::<GroupCheckout>((initiated(&["1"]), timed_out(&[], &[], &["1"]))).when(complete("1")).then(());
    }

    #[test]
    fn guests_without_time_are_not_asked() {
        given::<GroupCheckout>(())
            .when(InitiateGroupCheckout { within: Some(SignedDuration::ZERO), ..initiate(&["1"]) })
            .then_rejected(GroupCheckoutRejection::NoTime);
    }
}
