use jiff::Timestamp;

use super::{
    decider::told,
    difference::{Outcome, assert_same},
};
use crate::{
    Command, Context, Decider, Engine, Fact, Failure, Handlers, InstanceState, Lifecycle, LinearSaga, Module,
    Output, Payload, Rejected, Sends, Stream,
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
    GivenLinearSaga { category, engine, instance: None, past: Vec::new() }
}

/// A linear saga on its way.
pub struct GivenLinearSaga {
    category: &'static str,
    engine: Engine,
    instance: Option<(Stream, InstanceState)>,
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

    /// Lets the time of the step that is under way run out.
    pub fn when_timed_out(mut self, step: &str, attempt: u32) -> Went {
        let payload = serde_json::json!({ "step": step, "attempt": attempt }).to_string();
        let message =
            Encoded { name: "TimeOutStep".into(), schema_version: 1, payload: payload.into_boxed_str() };
        let outcome = self.take(Kind::Command, message);
        self.went(format!("the time of `{step}` runs out"), outcome)
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
        let sent = |it: &Output| match it {
            Output::Send { to, .. } => to != stream,
            Output::Ignore(_) => true,
            _ => false,
        };
        outputs.retain(sent);
        Ok(outputs)
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
