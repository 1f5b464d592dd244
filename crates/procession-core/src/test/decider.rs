use std::marker::PhantomData;

use jiff::Timestamp;

use super::difference::{Outcome, assert_same};
use crate::{
    Command, Context, Decider, Engine, Failure, Handle, Module, Output, Records, Rejection, Stream,
    history::written,
    log::{Encoded, Entry, Kind},
};

/// Starts a test of a decider or a process manager with the events that its instance has seen, `()` for none.
pub fn given<D: Decider>(events: impl Records<D>) -> GivenEvents<D> {
    let mut outputs = Vec::new();
    let given = events.record(&mut outputs).map(|()| outputs);
    GivenEvents { given, now: Timestamp::UNIX_EPOCH, decider: PhantomData }
}

/// A decider or a process manager with its past.
#[must_use = "a test without `when` and `then` tests nothing"]
pub struct GivenEvents<D> {
    given: Outcome,
    now: Timestamp,
    decider: PhantomData<fn() -> D>,
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
        let (given, when) = (self.told(), told(&command.encode()));
        let module = Module::named("test").handles::<C>();
        let outcome = self.ask(module, Kind::Command, command.target(), || Ok(command.encode()?));
        Decided { given, when, outcome, decider: PhantomData }
    }

    pub(super) fn told(&self) -> Vec<String> {
        self.given.iter().flatten().map(Output::written).collect()
    }

    /// Lets the instance take a message, and folds what it records: what `evolve` cannot take is found here.
    pub(super) fn ask(
        self,
        module: Module,
        kind: Kind,
        id: String,
        message: impl FnOnce() -> Result<Encoded, Failure>,
    ) -> Outcome {
        let engine = Engine::of(&[module]);
        let message = message()?;
        let impossible = |reason| Failure::Target { command: "the message", reason };
        let stream = Stream::new(D::CATEGORY, id).map_err(impossible)?;
        let mut state = engine.initial(D::CATEGORY)?;
        // What has happened has happened in steps, of which one may have ended the instance.
        for event in self.given? {
            engine.fold(&mut state, &stream, &mut vec![event])?;
        }
        let message = Entry::new(kind, stream.clone(), message, self.now);
        let mut outputs = engine.decide(&state, &message, &Context::at(self.now))?;
        let decided = outputs.clone();
        engine.fold(&mut state, &stream, &mut outputs)?;
        Ok(decided)
    }
}

/// A message as a failing test shows it.
pub(super) fn told<E>(message: &Result<Encoded, E>) -> String {
    message.as_ref().map(|it| written(&it.name, &it.payload)).unwrap_or_default()
}

/// What the decider made of the command.
#[must_use = "a test without `then` tests nothing"]
pub struct Decided<D> {
    given: Vec<String>,
    when: String,
    outcome: Outcome,
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
