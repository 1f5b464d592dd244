use std::{
    any::{TypeId, type_name},
    collections::BTreeMap,
    sync::Arc,
};

use serde::Serialize;

use crate::{
    Command, Decider, Effect, Event, Fact, Handle, LinearSaga, Message, OneOf, ProcessManager, Projection,
    Publishes, Rejection, Retries, Saga, Sends,
    effect::EffectType,
    emit::{Emission, Records, Times},
    engine::{HandleFn, InstanceType, handle_command},
    process::ProcessType,
    publish::Publisher,
    saga::Reaction,
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

/// One bounded context: the commands that its deciders handle, how it reacts to events, and what it tells others.
///
/// Its events are its own. Another module sees only those that it publishes, as they are or as public events.
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
    pub(crate) commands: Vec<CommandHandler>,
    pub(crate) reactors: Vec<Reactor>,
    pub(crate) processes: Vec<ProcessType>,
    pub(crate) published: Vec<MessageType>,
    pub(crate) publishers: Vec<Publisher>,
    pub(crate) external: Vec<MessageType>,
    pub(crate) effects: Vec<EffectType>,
    pub(crate) projections: Vec<Projection>,
    pub(crate) retries: Retries,
    retries_of: BTreeMap<&'static str, Retries>,
}

/// How a decider handles one command.
#[derive(Clone)]
pub(crate) struct CommandHandler {
    pub(crate) decider: DeciderType,
    pub(crate) takes: MessageType,
    pub(crate) emits: Vec<Emission>,
    pub(crate) rejection: &'static str,
    pub(crate) handle: HandleFn,
    pub(crate) instance: Arc<InstanceType>,
}

/// Which decider a handler belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct DeciderType {
    pub(crate) category: &'static str,
    pub(crate) rust_type: &'static str,
    pub(crate) id: TypeId,
}

/// A saga, or the reactions of a module itself.
#[derive(Clone)]
pub(crate) struct Reactor {
    pub(crate) name: &'static str,
    pub(crate) is_saga: bool,
    pub(crate) reactions: Vec<Reaction>,
    pub(crate) retries: Option<Retries>,
}

impl Module {
    /// A module without parts. The name stands on the map.
    #[must_use]
    pub fn named(name: &'static str) -> Self {
        Self {
            name,
            commands: Vec::new(),
            reactors: Vec::new(),
            processes: Vec::new(),
            published: Vec::new(),
            publishers: Vec::new(),
            external: Vec::new(),
            effects: Vec::new(),
            projections: Vec::new(),
            retries: Retries::never(),
            retries_of: BTreeMap::new(),
        }
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
        self.commands.push(CommandHandler {
            decider: DeciderType {
                category: C::To::CATEGORY,
                rust_type: type_name::<C::To>(),
                id: TypeId::of::<C::To>(),
            },
            takes: MessageType::of::<C>(),
            emits,
            rejection: <<C::To as Decider>::Rejection as Rejection>::name(),
            handle: Arc::new(handle_command::<C>),
            instance: Arc::new(InstanceType::of::<C::To>()),
        });
        self
    }

    /// Reacts to an event, of its own or a public one of another module, with commands. This is choreography: nobody is
    /// in charge, each module knows what concerns it.
    ///
    /// ```
    /// # extern crate procession_core as procession;
    /// use procession::{Module, doc::{CleanRoom, GuestLeft}};
    ///
    /// let rooms = Module::named("rooms")
    ///     .handles::<CleanRoom>()
    ///     .on(|event: &GuestLeft| CleanRoom { room: event.room });
    /// ```
    #[must_use]
    pub fn on<F: Fact, S: Sends>(mut self, react: impl Fn(&F) -> S + Send + Sync + 'static) -> Self {
        let reaction = Reaction::of(react);
        match self.reactors.iter_mut().find(|it| !it.is_saga) {
            Some(own) => own.reactions.push(reaction),
            None => {
                let own =
                    Reactor { name: self.name, is_saga: false, reactions: vec![reaction], retries: None };
                self.reactors.push(own);
            }
        }
        self
    }

    /// Adds a saga.
    #[must_use]
    pub fn saga(mut self, saga: Saga) -> Self {
        self.reactors.push(Reactor {
            name: saga.name,
            is_saga: true,
            reactions: saga.reactions,
            retries: saga.retries,
        });
        self
    }

    /// Adds an effect.
    #[must_use]
    pub fn effect<F: Fact>(mut self, effect: Effect<F>) -> Self {
        self.effects.push(effect.erased());
        self
    }

    /// Adds a projection: a read model of the module's own events, and of public ones of others.
    #[must_use]
    pub fn projection(mut self, projection: Projection) -> Self {
        self.projections.push(projection);
        self
    }

    /// Adds a process manager.
    #[must_use]
    pub fn process_manager<P: Decider>(mut self, process: ProcessManager<P>) -> Self {
        self.processes.push(process.erased());
        self
    }

    /// Adds a linear saga.
    #[must_use]
    pub fn linear_saga<D>(mut self, saga: LinearSaga<D>) -> Self
    where
        D: crate::Payload + Clone,
    {
        self.processes.push(saga.erased());
        self
    }

    /// Lets other modules react to an event of this module as it is. Its shape is a contract from now on.
    #[must_use]
    pub fn publishes<E: Event>(mut self) -> Self {
        self.published.push(MessageType::of::<E>());
        self
    }

    /// Tells other modules of an event as a public event, made from the event and the state as of it.
    ///
    /// It is made in the very step that records the event, so that it is there if and only if the event is, and no later
    /// event shows in it.
    ///
    /// ```
    /// # extern crate procession_core as procession;
    /// use procession::{Module, PublicEvent, doc::{CleanRoom, Room, RoomCleaned}};
    /// use serde::{Deserialize, Serialize};
    ///
    /// #[derive(PublicEvent, Serialize, Deserialize)]
    /// struct RoomBecameFree { room: u16 }
    ///
    /// let rooms = Module::named("rooms")
    ///     .handles::<CleanRoom>()
    ///     .publishes_as(|_: &Room, event: &RoomCleaned| RoomBecameFree { room: event.room });
    /// ```
    #[must_use]
    pub fn publishes_as<D, E, P>(mut self, publish: impl Fn(&D, &E) -> P + Send + Sync + 'static) -> Self
    where
        D: Decider,
        E: Event + OneOf<D::Event>,
        P: Publishes,
    {
        self.publishers.push(Publisher::of(publish));
        self
    }

    /// Declares that an event comes from outside, so that no decider here has to record it.
    #[must_use]
    pub fn external_event<F: Fact>(mut self) -> Self {
        self.external.push(MessageType::of::<F>());
        self
    }

    /// Tries handlers of the module again that have failed, where they do not say otherwise themselves.
    ///
    /// Without it a failed message is parked at once. That is right for most: a handler is pure, so it fails again on the same
    /// message and state. It helps where the cause goes away by itself.
    #[must_use]
    pub fn retries(mut self, retries: Retries) -> Self {
        self.retries = retries;
        self
    }

    /// Tries one decider of the module again, when it has failed.
    ///
    /// ```
    /// # extern crate procession_core as procession;
    /// use procession::{Module, Retries, doc::{CleanRoom, Room}};
    ///
    /// let rooms = Module::named("rooms")
    ///     .handles::<CleanRoom>()
    ///     .decider_retries::<Room>(Retries::up_to(3));
    /// ```
    #[must_use]
    pub fn decider_retries<D: Decider>(mut self, retries: Retries) -> Self {
        self.retries_of.insert(D::CATEGORY, retries);
        self
    }

    pub(crate) fn retries_of(&self, category: &str) -> Retries {
        self.retries_of.get(category).copied().unwrap_or(self.retries)
    }

    /// The name of the module.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }
}
