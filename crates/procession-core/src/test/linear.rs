use jiff::Timestamp;

use super::{
    decider::told,
    difference::{Outcome, assert_same},
};
use crate::{
    Command, Context, Decider, Engine, Fact, Failure, Handlers, InstanceState, Lifecycle, LinearSaga,
    Message, Module, Output, Payload, Rejected, Sends, Stream,
    linear::TimeOutStep,
    log::{Encoded, Entry, Kind},
};

/// Starts a test of a linear saga that has not begun.
///
/// ```
/// # extern crate procession_core as procession;
/// # use procession::{Correlation, LinearSaga, Step, doc::{CleanRoom, GuestLeft, RoomCleaned}};
/// # use serde::{Deserialize, Serialize};
/// # #[derive(Clone, Serialize, Deserialize)] struct Departure { room: u16 }
/// # let departure = LinearSaga::named("departure")
/// #     .starts_on(|event: &GuestLeft| (event.room, Departure { room: event.room }))
/// #     .step(Step::named("clean", |it: &Departure| CleanRoom { room: it.room })
/// #         .completes_on(|event: &RoomCleaned| Correlation::to(event.room)));
/// use procession::{Lifecycle, test::given_linear_saga};
///
/// given_linear_saga(departure)
///     .when(GuestLeft { room: 7 })
///     .then(CleanRoom { room: 7 })
///     .when(RoomCleaned { room: 7 })
///     .then_ends("SagaCompleted");
/// ```
#[must_use = "a test without `when` and `then` tests nothing"]
pub fn given_linear_saga<D: Payload + Clone>(saga: LinearSaga<D>) -> GivenLinearSaga {
    let category = saga.name();
    let engine = Engine::of(&[Module::named("test").linear_saga(saga)]);
    GivenLinearSaga { category, engine, instance: None, asked_for: Vec::new(), past: Vec::new() }
}

/// A linear saga on its way.
pub struct GivenLinearSaga {
    category: &'static str,
    engine: Engine,
    instance: Option<(Stream, InstanceState)>,
    /// What it has asked itself for, later.
    asked_for: Vec<Encoded>,
    past: Vec<String>,
}

impl GivenLinearSaga {
    /// Lets an event happen.
    pub fn when<F: Fact>(mut self, event: F) -> Went {
        let encoded = event.encode();
        let when = told(&encoded);
        let outcome = self.event::<F>(encoded);
        self.went(when, outcome)
    }

    /// Lets a command that the saga has sent be rejected.
    pub fn when_rejected<C: Command>(mut self, command: C, rejection: <C::To as Decider>::Rejection) -> Went {
        let encoded = Rejected { command, rejection }.encode();
        let when = told(&encoded);
        let outcome = encoded.map_err(Failure::from).and_then(|it| self.take(Kind::Input, it));
        self.went(when, outcome)
    }

    /// Lets the time limit of a step run out.
    pub fn when_timed_out(self, step: &str) -> Went {
        self.when_limit_ends(step, None)
    }

    /// Lets a certain attempt's time limit run out, also when that attempt is over.
    #[cfg(test)]
    pub(crate) fn when_timed_out_at(self, step: &str, attempt: u32) -> Went {
        self.when_limit_ends(step, Some(attempt))
    }

    fn when_limit_ends(self, step: &str, attempt: Option<u32>) -> Went {
        self.when_asked_for(format!("the time limit of `{step}` runs out"), |it| {
            let fields: serde_json::Value = serde_json::from_str(&it.payload).unwrap_or_default();
            it.name == TimeOutStep::NAME
                && fields["step"] == step
                && attempt.is_none_or(|attempt| fields["attempt"] == attempt)
        })
    }

    /// Lets the pause be over that the saga makes before it tries again: at a save-point, or before a step.
    pub fn when_pause_is_over(self) -> Went {
        self.when_asked_for("the pause is over".into(), |it| it.name != TimeOutStep::NAME)
    }

    fn when_asked_for(mut self, when: String, is_meant: impl Fn(&Encoded) -> bool) -> Went {
        let asked = self.asked_for.iter().rev().find(|it| is_meant(it)).cloned();
        let outcome = match asked {
            Some(message) => self.take(Kind::Command, message),
            None => Err(Failure::NotTaken {
                by: format!("the saga {}", self.category),
                name: "what it has not asked for",
            }),
        };
        self.went(when, outcome)
    }

    fn event<F: Fact>(&mut self, event: Result<Encoded, crate::EncodeError>) -> Outcome {
        let impossible = |reason| Failure::Target { command: F::NAME, reason };
        let elsewhere = Stream::new("test", "1").map_err(impossible)?;
        let event = Entry::new(Kind::Event, elsewhere, event?, Timestamp::UNIX_EPOCH);
        let not_taken = || Failure::NotTaken { by: format!("the saga {}", self.category), name: F::NAME };
        let Handlers::Reactions(routes) = self.engine.handlers_of(&event) else { return Err(not_taken()) };
        let mut delivered = Vec::new();
        for (_, route) in routes {
            delivered.extend(self.engine.react(route, &event)?);
        }
        let Some(Output::Deliver { to, message }) = delivered.pop() else { return Ok(Vec::new()) };
        if self.instance.is_none() {
            self.instance = Some((to, self.engine.initial(self.category)?));
        }
        self.take(Kind::Input, message)
    }

    fn take(&mut self, kind: Kind, message: Encoded) -> Outcome {
        let unknown = || Failure::UnknownCategory { category: self.category.into() };
        let (stream, state) = self.instance.as_mut().ok_or_else(unknown)?;
        let message = Entry::new(kind, stream.clone(), message, Timestamp::UNIX_EPOCH);
        let mut outputs = self.engine.decide(state, &message, &Context::at(Timestamp::UNIX_EPOCH))?;
        self.engine.fold(state, stream, &mut outputs)?;
        let mut sent = Vec::new();
        for output in outputs {
            match output {
                Output::Send { to, message, .. } if to == *stream => self.asked_for.push(message),
                Output::Send { .. } | Output::Ignore(_) => sent.push(output),
                _ => {}
            }
        }
        Ok(sent)
    }

    fn went(mut self, when: String, outcome: Outcome) -> Went {
        let past = self.past.clone();
        self.past.push(when.clone());
        Went { given: self, past, when, outcome }
    }
}

/// What the saga made of the message.
#[must_use = "a test without `then` tests nothing"]
pub struct Went {
    given: GivenLinearSaga,
    past: Vec<String>,
    when: String,
    outcome: Outcome,
}

impl Went {
    /// Expects exactly these commands, in this order; `()` for none.
    ///
    /// # Panics
    /// With the difference, when others were sent.
    #[track_caller]
    pub fn then(self, commands: impl Sends) -> GivenLinearSaga {
        let mut expected = Vec::new();
        let expected = commands.send(&mut expected).map(|()| expected);
        assert_same(&self.past, &self.when, &expected, &self.outcome);
        self.given
    }

    /// Expects that the saga ends with this event, and sends nothing more.
    ///
    /// # Panics
    /// When it does not end, or with another event.
    #[track_caller]
    pub fn then_ends(self, outcome: &'static str) {
        let given = self.then(());
        let lifecycle = given.instance.map(|(_, state)| state.lifecycle());
        assert_eq!(lifecycle, Some(Lifecycle::Ended(outcome)), "the end is another one");
    }

    /// Expects that the message has no effect.
    ///
    /// # Panics
    /// When it has one.
    #[track_caller]
    pub fn then_ignored(self) -> GivenLinearSaga {
        let ignored = matches!(self.outcome.as_deref(), Ok([Output::Ignore(_)]));
        assert!(ignored, "the message has an effect: {:?}", self.outcome);
        self.given
    }

    /// Expects that the message is parked, with a reason that contains these words.
    ///
    /// # Panics
    /// When it is not.
    #[track_caller]
    pub fn then_parked(self, reason: &str) -> GivenLinearSaga {
        let said = self.outcome.as_ref().map_err(ToString::to_string).map(|_| "nothing failed".to_owned());
        let said = said.unwrap_or_else(|it| it);
        assert!(said.contains(reason), "the reason is another one: {said}");
        self.given
    }
}
