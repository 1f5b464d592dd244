use std::sync::Arc;

use crate::{
    Fact, MessageType, Retries, Sends,
    emit::{Emission, Times},
    engine::{ReactFn, decode},
};

/// A stateless reaction: an event in, commands out.
///
/// It holds no decisions of its own; those live in a decider, to which it sends commands. Each handler's signature
/// says what it takes and what it can send, and the process map is read from it.
///
/// ```
/// # extern crate procession_core as procession;
/// use procession::{Saga, doc::{CleanRoom, GuestLeft}};
///
/// let housekeeping = Saga::named("housekeeping")
///     .on(|event: &GuestLeft| CleanRoom { room: event.room });
/// ```
#[derive(Clone)]
pub struct Saga {
    pub(crate) name: &'static str,
    pub(crate) reactions: Vec<Reaction>,
    pub(crate) retries: Option<Retries>,
}

/// A stateless reaction to one event.
#[derive(Clone)]
pub(crate) struct Reaction {
    pub(crate) takes: MessageType,
    pub(crate) emits: Vec<Emission>,
    pub(crate) react: ReactFn,
}

impl Saga {
    /// A saga without reactions. The name stands on the map and beside everything that it sends.
    #[must_use]
    pub fn named(name: &'static str) -> Self {
        Self { name, reactions: Vec::new(), retries: None }
    }

    /// Adds the reaction to one event: of its own module, or a public one of another module.
    #[must_use]
    pub fn on<F: Fact, S: Sends>(mut self, react: impl Fn(&F) -> S + Send + Sync + 'static) -> Self {
        self.reactions.push(Reaction::of(react));
        self
    }

    /// Tries it again when it has failed; without it, as often as its module says.
    #[must_use]
    pub fn retries(mut self, retries: Retries) -> Self {
        self.retries = Some(retries);
        self
    }

    /// The name of the saga.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }
}

impl Reaction {
    pub(crate) fn of<F: Fact, S: Sends>(react: impl Fn(&F) -> S + Send + Sync + 'static) -> Self {
        let mut emits = Vec::new();
        S::declare(Times::Once, &mut emits);
        let react: ReactFn = Arc::new(move |event, outputs| {
            let event: F = decode(event.schema_version, &event.payload)?;
            react(&event).send(outputs)
        });
        Self { takes: MessageType::of::<F>(), emits, react }
    }
}
