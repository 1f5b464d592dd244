use std::any::{TypeId, type_name};

use serde::Serialize;

use crate::{
    Command, Decider, Event, Handle, Message, Rejection, Saga,
    emit::{Emission, Records, Times},
    engine::{CommandFn, DeciderFns, handle_command},
};

/// What is known about a type of message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct MessageType {
    /// The name in the log and on the map.
    pub name: &'static str,
    /// The version of the payload's shape.
    pub schema_version: u16,
    /// The Rust type, with its path.
    #[serde(skip)]
    pub rust_type: &'static str,
}

impl MessageType {
    /// What is known about `M`.
    #[must_use]
    pub fn of<M: Message>() -> Self {
        Self { name: M::NAME, schema_version: M::SCHEMA_VERSION, rust_type: type_name::<M>() }
    }
}

/// One bounded context: the commands that its deciders handle, and its sagas.
///
/// ```
/// # extern crate procession_core as procession;
/// use procession::{Module, Saga, doc::{CleanRoom, GuestLeft}};
///
/// let rooms = Module::named("rooms")
///     .handles::<CleanRoom>()
///     .external_event::<GuestLeft>()
///     .saga(Saga::named("housekeeping").on(|event: &GuestLeft| CleanRoom { room: event.room }));
/// ```
#[derive(Clone)]
pub struct Module {
    pub(crate) name: &'static str,
    pub(crate) handlers: Vec<CommandHandler>,
    pub(crate) sagas: Vec<Saga>,
    pub(crate) external: Vec<MessageType>,
}

/// How a decider handles one command.
#[derive(Clone)]
pub(crate) struct CommandHandler {
    pub(crate) decider: DeciderType,
    pub(crate) takes: MessageType,
    pub(crate) emits: Vec<Emission>,
    pub(crate) rejection: &'static str,
    pub(crate) handle: CommandFn,
    pub(crate) fns: DeciderFns,
}

/// Which decider a handler belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct DeciderType {
    pub(crate) category: &'static str,
    pub(crate) rust_type: &'static str,
    pub(crate) id: TypeId,
}

impl Module {
    /// A module without parts. The name stands on the map.
    #[must_use]
    pub fn named(name: &'static str) -> Self {
        Self { name, handlers: Vec::new(), sagas: Vec::new(), external: Vec::new() }
    }

    /// Adds a command, with the decider that it is addressed to.
    #[must_use]
    pub fn handles<C>(mut self) -> Self
    where
        C: Command,
        C::To: Handle<C>,
    {
        let mut emits = Vec::new();
        <C::To as Handle<C>>::Records::declare(Times::Once, &mut emits);
        self.handlers.push(CommandHandler {
            decider: DeciderType {
                category: C::To::CATEGORY,
                rust_type: type_name::<C::To>(),
                id: TypeId::of::<C::To>(),
            },
            takes: MessageType::of::<C>(),
            emits,
            rejection: <<C::To as Decider>::Rejection as Rejection>::name(),
            handle: handle_command::<C>,
            fns: DeciderFns::of::<C::To>(),
        });
        self
    }

    /// Adds a saga.
    #[must_use]
    pub fn saga(mut self, saga: Saga) -> Self {
        self.sagas.push(saga);
        self
    }

    /// Declares that an event comes from outside, so that no decider here has to record it.
    #[must_use]
    pub fn external_event<E: Event>(mut self) -> Self {
        self.external.push(MessageType::of::<E>());
        self
    }

    /// The name of the module.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }
}
