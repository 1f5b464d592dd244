use std::sync::Arc;

use crate::{
    Event, MessageType, Sends,
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
}

/// How a saga reacts to one event.
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
        Self { name, reactions: Vec::new() }
    }

    /// Adds the reaction to one event.
    #[must_use]
    pub fn on<E: Event, S: Sends>(mut self, react: impl Fn(&E) -> S + Send + Sync + 'static) -> Self {
        let mut emits = Vec::new();
        S::declare(Times::Once, &mut emits);
        let react: ReactFn = Arc::new(move |payload, outputs| {
            let event: E = decode(E::NAME, payload)?;
            react(&event).send(outputs)
        });
        self.reactions.push(Reaction { takes: MessageType::of::<E>(), emits, react });
        self
    }

    /// The name of the saga.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }
}
