use jiff::Timestamp;

use super::{
    decider::told,
    difference::{Outcome, assert_same},
};
use crate::{
    Engine, Fact, Failure, Handlers, Module, Saga, Sends, Stream,
    log::{Entry, Kind},
};

/// Starts a test of a saga.
pub fn given_saga(saga: Saga) -> GivenReactions {
    GivenReactions { name: format!("the saga {}", saga.name()), module: Module::named("test").saga(saga) }
}

/// Starts a test of what a module reacts to: its own reactions, and those of its sagas.
pub fn given_module(module: Module) -> GivenReactions {
    GivenReactions { name: format!("the module {}", module.name()), module }
}

/// A saga or a module under test.
#[must_use = "a test without `when` and `then` tests nothing"]
pub struct GivenReactions {
    name: String,
    module: Module,
}

impl GivenReactions {
    /// Lets it react to an event. That nobody takes the event is a mistake of the test, and is told.
    pub fn when<F: Fact>(self, event: F) -> Reacted {
        let encoded = event.encode();
        Reacted { when: told(&encoded), outcome: self.react::<F>(encoded), given: self.name }
    }

    fn react<F: Fact>(&self, event: Result<crate::log::Encoded, crate::EncodeError>) -> Outcome {
        let engine = Engine::of(std::slice::from_ref(&self.module));
        let impossible = |reason| Failure::Target { command: F::NAME, reason };
        let stream = Stream::new("test", "1").map_err(impossible)?;
        let event = Entry::new(Kind::Event, stream, event?, Timestamp::UNIX_EPOCH);
        let Handlers::Reactions(reactions) = engine.handlers_of(&event) else {
            return Err(Failure::NotTaken { by: self.name.clone(), name: F::NAME });
        };
        let mut outputs = Vec::new();
        for (_, react) in reactions {
            outputs.extend(engine.react(react, &event)?);
        }
        Ok(outputs)
    }
}

/// What came of the event.
#[must_use = "a test without `then` tests nothing"]
pub struct Reacted {
    given: String,
    when: String,
    outcome: Outcome,
}

impl Reacted {
    /// Expects exactly these commands, in this order; `()` for none.
    ///
    /// # Panics
    /// With the difference, when others were sent.
    #[track_caller]
    pub fn then(self, commands: impl Sends) {
        let mut expected = Vec::new();
        let expected = commands.send(&mut expected).map(|()| expected);
        assert_same(&[self.given], &self.when, &expected, &self.outcome);
    }
}
