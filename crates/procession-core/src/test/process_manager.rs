use std::marker::PhantomData;

use super::{
    GivenEvents,
    decider::told,
    difference::{Outcome, assert_same},
};
use crate::{
    Command, Decider, Emits, Fact, Ignored, Module, On, OnRejection, OnTimeout, Output, ProcessManager,
    Reason, Rejected, log::Kind,
};

impl<P: Decider> GivenEvents<P> {
    /// Lets the process manager react to an event.
    ///
    /// `correlate` is asked too: an event that concerns nobody has no effect, and one that names no instance although it
    /// must is a failure. That it names the right instance is for a test of a whole process to show.
    pub fn when_event<F: Fact>(self, event: F) -> Emitted<P>
    where
        P: On<F>,
    {
        let module = Module::named("test").process_manager(ProcessManager::<P>::new().on::<F>());
        // Which instance it is, the test does not say; but that there is one is for the process manager to say.
        match P::correlate(&event).stream::<F>(P::CATEGORY) {
            Ok(Some(instance)) => self.emits(module, Kind::Input, instance.id().into(), event.encode()),
            Ok(None) => self.concerns_nobody(event.encode(), Ok(Vec::new())),
            Err(failure) => self.concerns_nobody(event.encode(), Err(failure)),
        }
    }

    /// Lets the process manager react to the rejection of a command that it has sent.
    pub fn when_rejected<C: Command>(self, command: C, rejection: <C::To as Decider>::Rejection) -> Emitted<P>
    where
        P: OnRejection<C>,
    {
        let module = Module::named("test").process_manager(ProcessManager::<P>::new().on_rejection::<C>());
        self.emits(module, Kind::Input, "1".into(), Rejected { command, rejection }.encode())
    }

    /// Lets the process manager react to a timeout that it has asked for.
    pub fn when_timed_out<C: Command<To = P>>(self, timeout: C) -> Emitted<P>
    where
        P: OnTimeout<C>,
    {
        let module = Module::named("test").process_manager(ProcessManager::<P>::new().on_timeout::<C>());
        self.emits(module, Kind::Command, timeout.target(), timeout.encode())
    }

    fn concerns_nobody(
        self,
        message: Result<crate::log::Encoded, crate::EncodeError>,
        outcome: Outcome,
    ) -> Emitted<P> {
        let (given, when) = (self.told(), told(&message));
        Emitted { given, when, name: String::new(), outcome, process: PhantomData }
    }

    fn emits(
        self,
        module: Module,
        kind: Kind,
        id: String,
        message: Result<crate::log::Encoded, crate::EncodeError>,
    ) -> Emitted<P> {
        let (given, when) = (self.told(), told(&message));
        let name = message.as_ref().map(|it| it.name.to_string()).unwrap_or_default();
        let outcome = self.ask(module, kind, id, || Ok(message?));
        Emitted { given, when, name, outcome, process: PhantomData }
    }
}

/// What the process manager made of the message.
#[must_use = "a test without `then` tests nothing"]
pub struct Emitted<P> {
    given: Vec<String>,
    when: String,
    name: String,
    outcome: Outcome,
    process: PhantomData<fn() -> P>,
}

impl<P: Decider> Emitted<P> {
    /// Expects exactly these events and commands, in this order; `()` for none.
    ///
    /// # Panics
    /// With the difference, when something else was emitted.
    #[track_caller]
    pub fn then(self, emits: impl Emits<P>) {
        let mut expected = Vec::new();
        let expected = emits.emit(&mut expected).map(|()| expected);
        assert_same(&self.given, &self.when, &expected, &self.outcome);
    }

    /// Expects that the engine does not give the message to the process manager.
    ///
    /// # Panics
    /// With the difference, when it does.
    #[track_caller]
    pub fn then_ignored(self, reason: Reason) {
        let expected = Ignored::encoded(&self.name, reason).map(|it| vec![Output::Ignore(it)]);
        assert_same(&self.given, &self.when, &expected.map_err(Into::into), &self.outcome);
    }
}
