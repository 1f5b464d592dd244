//! Given / when / then for deciders and sagas, through the engine that runs in production.
//!
//! ```
//! # extern crate procession_core as procession;
//! use procession::{doc::{CleanRoom, GuestLeft, Room, RoomCleaned, RoomRejection}, Saga};
//! use procession::test::{given, given_saga};
//!
//! given::<Room>(())
//!     .when(CleanRoom { room: 7 })
//!     .then(RoomCleaned { room: 7 });
//!
//! given::<Room>(RoomCleaned { room: 7 })
//!     .when(CleanRoom { room: 7 })
//!     .then_rejected(RoomRejection::AlreadyClean);
//!
//! given_saga(Saga::named("housekeeping").on(|it: &GuestLeft| CleanRoom { room: it.room }))
//!     .when(GuestLeft { room: 7 })
//!     .then(CleanRoom { room: 7 });
//! ```

use std::marker::PhantomData;

use jiff::Timestamp;
use similar::{ChangeTag, TextDiff};

use crate::{
    Command, Context, Decider, Engine, Event, Failure, Handle, Handlers, Module, Output, Records, Rejection,
    Saga, Sends, Stream,
    history::written,
    log::{Encoded, Entry, Kind},
};

/// Starts a test of a decider with the events that its instance has seen, `()` for none.
pub fn given<D: Decider>(events: impl Records<D>) -> GivenEvents<D> {
    let mut outputs = Vec::new();
    let given = events.record(&mut outputs).map(|()| outputs);
    GivenEvents { given, now: Timestamp::UNIX_EPOCH, decider: PhantomData }
}

/// Starts a test of a saga.
pub fn given_saga(saga: Saga) -> GivenSaga {
    GivenSaga { saga }
}

/// A decider with its past.
#[must_use = "a test without `when` and `then` tests nothing"]
pub struct GivenEvents<D> {
    given: Result<Vec<Output>, Failure>,
    now: Timestamp,
    decider: PhantomData<fn() -> D>,
}

/// A saga under test.
#[must_use = "a test without `when` and `then` tests nothing"]
pub struct GivenSaga {
    saga: Saga,
}

impl<D: Decider> GivenEvents<D> {
    /// Sets the time of the decision; without it, it is the Unix epoch.
    pub fn at(mut self, now: Timestamp) -> Self {
        self.now = now;
        self
    }

    /// Lets the decider handle a command.
    pub fn when<C>(self, command: C) -> Decided<D>
    where
        C: Command<To = D>,
        D: Handle<C>,
    {
        let when = command.encode().map(|it| written(&it.name, &it.payload)).unwrap_or_default();
        let given = self.given.iter().flatten().map(Output::written).collect();
        Decided { given, when, outcome: self.decide(&command), decider: PhantomData }
    }

    fn decide<C>(self, command: &C) -> Result<Vec<Output>, Failure>
    where
        C: Command<To = D>,
        D: Handle<C>,
    {
        let engine = Engine::of(&[Module::named("test").handles::<C>()]);
        let stream = Stream::new(D::CATEGORY, command.target())
            .map_err(|reason| Failure::Target { command: C::NAME, reason })?;
        let entry = |kind, message: Encoded| Entry::new(kind, stream.clone(), message, self.now);
        let mut state = engine.initial(D::CATEGORY)?;
        for event in self.given?.into_iter().filter_map(Output::into_message) {
            engine.evolve(&mut state, &entry(Kind::Event, event))?;
        }
        let outputs =
            engine.decide(&state, &entry(Kind::Command, command.encode()?), &Context::at(self.now))?;
        for event in outputs.iter().filter_map(Output::recorded) {
            engine.evolve(&mut state, &entry(Kind::Event, event.clone()))?;
        }
        Ok(outputs)
    }
}

/// What the decider made of the command.
#[must_use = "a test without `then` tests nothing"]
pub struct Decided<D> {
    given: Vec<String>,
    when: String,
    outcome: Result<Vec<Output>, Failure>,
    decider: PhantomData<fn() -> D>,
}

impl<D: Decider> Decided<D> {
    /// Expects exactly these events, in this order; `()` for none.
    ///
    /// # Panics
    /// With the difference, when the decision is another one.
    #[track_caller]
    pub fn then(self, events: impl Records<D>) {
        let mut expected = Vec::new();
        let expected = events.record(&mut expected).map(|()| expected);
        assert_same(&self.given, &self.when, &expected, &self.outcome);
    }

    /// Expects that the command is rejected.
    ///
    /// # Panics
    /// With the difference, when the decision is another one.
    #[track_caller]
    pub fn then_rejected(self, rejection: D::Rejection) {
        let expected = rejection.encode().map(|it| vec![Output::Reject(it)]);
        assert_same(&self.given, &self.when, &expected.map_err(Failure::from), &self.outcome);
    }
}

impl GivenSaga {
    /// Lets the saga react to an event.
    pub fn when<E: Event>(self, event: E) -> Reacted {
        let when = event.encode().map(|it| written(&it.name, &it.payload)).unwrap_or_default();
        let saga = format!("the saga {}", self.saga.name());
        Reacted { saga, when, outcome: self.react(&event) }
    }

    fn react<E: Event>(self, event: &E) -> Result<Vec<Output>, Failure> {
        let engine = Engine::of(&[Module::named("test").saga(self.saga)]);
        let stream =
            Stream::new("test", "1").map_err(|reason| Failure::Target { command: E::NAME, reason })?;
        let event = Entry::new(Kind::Event, stream, event.encode()?, Timestamp::UNIX_EPOCH);
        let Handlers::Sagas(reactions) = engine.handlers_of(&event) else { return Ok(Vec::new()) };
        let mut outputs = Vec::new();
        for (_, react) in reactions {
            outputs.extend(engine.react(react, &event)?);
        }
        Ok(outputs)
    }
}

/// What the saga made of the event.
#[must_use = "a test without `then` tests nothing"]
pub struct Reacted {
    saga: String,
    when: String,
    outcome: Result<Vec<Output>, Failure>,
}

impl Reacted {
    /// Expects exactly these commands, in this order; `()` for none.
    ///
    /// # Panics
    /// With the difference, when the saga sent others.
    #[track_caller]
    pub fn then(self, commands: impl Sends) {
        let mut expected = Vec::new();
        let expected = commands.send(&mut expected).map(|()| expected);
        assert_same(&[self.saga], &self.when, &expected, &self.outcome);
    }
}

type Outcome = Result<Vec<Output>, Failure>;

#[track_caller]
#[expect(clippy::panic, reason = "an assertion of a test")]
fn assert_same(given: &[String], when: &str, expected: &Outcome, actual: &Outcome) {
    if expected != actual {
        panic!("{}", difference(given, when, expected, actual));
    }
}

fn difference(given: &[String], when: &str, expected: &Outcome, actual: &Outcome) -> String {
    let given = if given.is_empty() { "nothing".into() } else { given.join("\n        ") };
    let mut text = format!(
        "the outcome is another one (- expected, + actual)\n\n  given {given}\n  when  {when}\n  then\n"
    );
    let (expected, actual) = (lines(expected), lines(actual));
    for change in TextDiff::from_lines(expected.as_str(), actual.as_str()).iter_all_changes() {
        let sign = match change.tag() {
            ChangeTag::Delete => "-",
            ChangeTag::Insert => "+",
            ChangeTag::Equal => " ",
        };
        text.push_str(&format!("{sign}       {change}"));
    }
    text
}

fn lines(outcome: &Outcome) -> String {
    match outcome {
        Ok(outputs) if outputs.is_empty() => "nothing\n".into(),
        Ok(outputs) => outputs.iter().map(|it| it.written() + "\n").collect(),
        Err(failure) => format!("a technical failure: {failure}\n"),
    }
}

impl Output {
    fn recorded(&self) -> Option<&Encoded> {
        if let Self::Record(event) = self { Some(event) } else { None }
    }

    fn into_message(self) -> Option<Encoded> {
        if let Self::Record(event) = self { Some(event) } else { None }
    }

    fn written(&self) -> String {
        match self {
            Self::Record(it) => written(&it.name, &it.payload),
            Self::Send { message, after, .. } if after.is_zero() => written(&message.name, &message.payload),
            Self::Send { message, after, .. } => {
                format!("{} after {after:?}", written(&message.name, &message.payload))
            }
            Self::Reject(it) => format!("rejected: {}", written(&it.name, &it.payload)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doc::{CleanRoom, GuestLeft, Room, RoomCleaned, RoomRejection};

    fn failure_of(run: impl FnOnce()) -> String {
        let panic = std::panic::catch_unwind(std::panic::AssertUnwindSafe(run)).unwrap_err();
        panic.downcast_ref::<String>().unwrap().clone()
    }

    #[test]
    fn a_wrong_expectation_shows_the_difference_as_a_person_would_write_it() {
        let shown = failure_of(|| {
            given::<Room>(()).when(CleanRoom { room: 7 }).then(RoomCleaned { room: 8 });
        });
        assert_eq!(
            shown,
            "the outcome is another one (- expected, + actual)\n\n  \
             given nothing\n  when  CleanRoom { room: 7 }\n  then\n\
             -       RoomCleaned { room: 8 }\n\
             +       RoomCleaned { room: 7 }\n"
        );
    }

    #[test]
    fn an_unexpected_rejection_is_shown() {
        let shown = failure_of(|| {
            given::<Room>(RoomCleaned { room: 7 }).when(CleanRoom { room: 7 }).then(RoomCleaned { room: 7 });
        });
        assert!(shown.contains("-       RoomCleaned { room: 7 }\n"), "{shown}");
        assert!(shown.contains("+       rejected: RoomRejection"), "{shown}");
        assert!(shown.contains("the room is clean already"), "{shown}");
    }

    #[test]
    fn an_expected_rejection_that_does_not_come_is_shown() {
        let shown = failure_of(|| {
            given::<Room>(()).when(CleanRoom { room: 7 }).then_rejected(RoomRejection::AlreadyClean);
        });
        assert!(shown.contains("+       RoomCleaned { room: 7 }\n"), "{shown}");
    }

    #[test]
    fn a_panic_in_a_handler_is_an_outcome_that_is_shown() {
        let saga = Saga::named("nervous").on(|event: &GuestLeft| {
            assert!(event.room != 13, "no room 13");
            CleanRoom { room: event.room }
        });
        let shown = failure_of(|| given_saga(saga).when(GuestLeft { room: 13 }).then(CleanRoom { room: 13 }));
        assert!(shown.contains("+       a technical failure: the handler panicked: no room 13"), "{shown}");
    }
}
