use std::{collections::BTreeMap, time::Duration};

use jiff::Timestamp;
use procession::{Context, Decider, Either, Events, Handle};
use serde::{Deserialize, Serialize};

use super::{
    Defect::*,
    has,
    messages::{
        GroupCheckoutCompleted, GroupCheckoutFailed, GroupCheckoutInitiated, GroupCheckoutTimedOut,
        GuestCheckoutCompletionRecorded, GuestCheckoutFailureRecorded, GuestCheckoutsInitiated,
        InitiateGroupCheckout, RecordGuestCheckoutCompletion, RecordGuestCheckoutFailure,
        RecordGuestCheckoutsInitiation, TimeoutGroupCheckout,
    },
};

/// How long the guests may take.
pub(super) const LONGEST: Duration = Duration::from_secs(30 * 60);

/// The guests of a group, and what each of them has answered.
#[derive(Default)]
pub(crate) struct GroupCheckout {
    pub(crate) guests: BTreeMap<String, Answer>,
    deadline: Option<Timestamp>,
    is_initiated: bool,
    were_asked: bool,
    has_ended: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Answer {
    #[default]
    Missing,
    Completed,
    Failed,
}

#[derive(Events)]
pub(crate) enum GroupCheckoutEvent {
    Initiated(GroupCheckoutInitiated),
    GuestsAsked(GuestCheckoutsInitiated),
    CompletionRecorded(GuestCheckoutCompletionRecorded),
    FailureRecorded(GuestCheckoutFailureRecorded),
    #[ends]
    Completed(GroupCheckoutCompleted),
    #[ends]
    Failed(GroupCheckoutFailed),
    #[ends]
    TimedOut(GroupCheckoutTimedOut),
}

#[derive(Debug, thiserror::Error, Serialize, Deserialize)]
pub(crate) enum GroupCheckoutRejection {
    #[error("the answer comes too late")]
    TooLate,
}

type Decided<T> = Result<T, GroupCheckoutRejection>;
type Ended = Either<GroupCheckoutCompleted, GroupCheckoutFailed>;

impl Decider for GroupCheckout {
    const CATEGORY: &'static str = "group_checkout";
    type Event = GroupCheckoutEvent;
    type Rejection = GroupCheckoutRejection;

    fn evolve(&mut self, event: &GroupCheckoutEvent) {
        match event {
            GroupCheckoutEvent::Initiated(event) => {
                (self.is_initiated, self.deadline) = (true, event.deadline);
                if !has(GuestsNotedTooLate) {
                    self.note(&event.stays);
                }
            }
            GroupCheckoutEvent::GuestsAsked(event) => {
                self.were_asked = true;
                if has(CompletionSetBack) || has(GuestsNotedTooLate) {
                    self.note(&event.stays);
                }
            }
            GroupCheckoutEvent::CompletionRecorded(event) => self.answered(&event.stay, Answer::Completed),
            GroupCheckoutEvent::FailureRecorded(event) => self.answered(&event.stay, Answer::Failed),
            GroupCheckoutEvent::Completed(_)
            | GroupCheckoutEvent::Failed(_)
            | GroupCheckoutEvent::TimedOut(_) => self.has_ended = true,
        }
    }
}

impl GroupCheckout {
    fn note(&mut self, stays: &[String]) {
        self.guests.extend(stays.iter().map(|it| (it.clone(), Answer::Missing)));
    }

    fn answered(&mut self, stay: &str, answer: Answer) {
        self.guests.insert(stay.into(), answer);
    }

    /// Whether an answer is one that counts.
    fn counts(&self, stay: &str, context: &Context) -> Decided<bool> {
        if self.has_ended {
            assert!(!has(FailsOnALateAnswer), "no answer comes after the end");
            return match () {
                () if has(RefusesALateAnswer) => Err(GroupCheckoutRejection::TooLate),
                () => Ok(has(CountsALateAnswer)),
            };
        }
        if has(RefusesAfterTheDeadline) && self.deadline.is_some_and(|it| context.now >= it) {
            return Err(GroupCheckoutRejection::TooLate);
        }
        let is_first = self.guests.get(stay) == Some(&Answer::Missing) || has(CountsASecondAnswer);
        Ok(is_first && !has(AnswersDroppedWhileInitiated))
    }

    /// How it ends with this answer, if it is the last one.
    fn ended(&self, group: String, stay: &str, answer: Answer) -> Option<Ended> {
        let others = || self.guests.iter().filter(|(it, _)| *it != stay).map(|(_, answer)| *answer);
        let missing = others().filter(|it| *it == Answer::Missing).count();
        if missing > usize::from(has(EndsBeforeTheLastAnswer)) {
            return None;
        }
        let has_failed = others().chain([answer]).any(|it| it == Answer::Failed);
        Some(if has_failed && !has(CompletesDespiteAFailure) {
            Either::Right(GroupCheckoutFailed { group })
        } else {
            Either::Left(GroupCheckoutCompleted { group })
        })
    }
}

impl Handle<InitiateGroupCheckout> for GroupCheckout {
    type Records = Option<GroupCheckoutInitiated>;

    fn handle(&self, command: InitiateGroupCheckout, context: &Context) -> Decided<Self::Records> {
        let InitiateGroupCheckout { group, stays, has_deadline } = command;
        let deadline = has_deadline.then(|| context.now + LONGEST);
        let is_new = !self.is_initiated || has(InitiatesAgain);
        Ok(is_new.then_some(GroupCheckoutInitiated { group, stays, deadline }))
    }
}

impl Handle<RecordGuestCheckoutsInitiation> for GroupCheckout {
    type Records = Option<GuestCheckoutsInitiated>;

    fn handle(&self, command: RecordGuestCheckoutsInitiation, _: &Context) -> Decided<Self::Records> {
        let RecordGuestCheckoutsInitiation { group, stays } = command;
        let is_possible = self.is_initiated != has(InitiationGuardInverted);
        let is_late = self.has_ended && !has(NotesAfterTheEnd);
        Ok((is_possible && !is_late && !self.were_asked).then_some(GuestCheckoutsInitiated { group, stays }))
    }
}

impl Handle<RecordGuestCheckoutCompletion> for GroupCheckout {
    type Records = Option<(GuestCheckoutCompletionRecorded, Option<Ended>)>;

    fn handle(&self, command: RecordGuestCheckoutCompletion, context: &Context) -> Decided<Self::Records> {
        let RecordGuestCheckoutCompletion { group, stay } = command;
        if !self.counts(&stay, context)? {
            return Ok(None);
        }
        let ended = self.ended(group.clone(), &stay, Answer::Completed);
        Ok(Some((GuestCheckoutCompletionRecorded { group, stay }, ended)))
    }
}

impl Handle<RecordGuestCheckoutFailure> for GroupCheckout {
    type Records = Option<(GuestCheckoutFailureRecorded, Option<Ended>)>;

    fn handle(&self, command: RecordGuestCheckoutFailure, context: &Context) -> Decided<Self::Records> {
        let RecordGuestCheckoutFailure { group, stay } = command;
        if !self.counts(&stay, context)? {
            return Ok(None);
        }
        let ended = self.ended(group.clone(), &stay, Answer::Failed);
        Ok(Some((GuestCheckoutFailureRecorded { group, stay }, ended)))
    }
}

impl Handle<TimeoutGroupCheckout> for GroupCheckout {
    type Records = Option<GroupCheckoutTimedOut>;

    fn handle(&self, command: TimeoutGroupCheckout, _: &Context) -> Decided<Self::Records> {
        let is_news = !self.has_ended || has(TimesOutAfterTheEnd);
        Ok(is_news.then_some(GroupCheckoutTimedOut { group: command.group }))
    }
}
