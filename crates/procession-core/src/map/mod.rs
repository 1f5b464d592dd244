//! The process map: who takes what and emits what, read from the handlers' signatures.

mod async_api;
mod bpmn;
mod drawn;
mod escape;
mod mermaid;
mod process;
mod states;
mod text;

use serde::Serialize;

use crate::{
    MessageType, Module, Projection,
    effect::EffectType,
    emit::Emission,
    module::{CommandHandler, Reactor},
    process::{Input, ProcessType, Source},
    publish::Publisher,
};

pub use async_api::AsyncApi;
pub use process::{ProcessOutline, Stage, StageCompensation, StageStep};

/// The process map as data. It cannot drift from the code, because the code's signatures are its only source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProcessMap {
    /// The modules, in the order they were put together.
    pub modules: Vec<ModuleMap>,
}

/// The part of the map that one module holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ModuleMap {
    /// The module's name.
    pub name: &'static str,
    /// Its handlers, one for each message they take.
    pub handlers: Vec<HandlerMap>,
    /// Its process managers and linear sagas.
    pub processes: Vec<ProcessOutline>,
    /// Events that other modules may react to as they are.
    pub published_events: Vec<MessageType>,
    /// Events that it expects from outside.
    pub external_events: Vec<MessageType>,
}

/// One handler: what it takes, and what it can emit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HandlerMap {
    /// The decider's category, or the saga's name.
    pub name: &'static str,
    /// What kind of handler it is.
    pub kind: HandlerKind,
    /// How the message comes to it.
    pub trigger: Trigger,
    /// The message that it takes.
    pub takes: MessageType,
    /// The command whose rejection it takes, when it takes one.
    pub rejected_command: Option<MessageType>,
    /// The messages that it can emit.
    pub emits: Vec<Emission>,
    /// The type of its rejection, when it can reject.
    pub rejects: Option<&'static str>,
}

/// What kind of handler it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum HandlerKind {
    /// Turns commands into events of its own stream.
    Decider,
    /// Turns events into commands, statelessly.
    Saga,
    /// The module itself, which turns events into commands.
    Choreography,
    /// Turns events, rejections and timeouts into events of its own stream and commands.
    ProcessManager,
    /// A process manager that was written as steps.
    LinearSaga,
    /// Turns events into public events.
    Publisher,
    /// Folds events into a read model.
    Projection,
    /// Does something in the world outside for events, and turns what came of it into commands.
    Effect,
}

/// How a message comes to a handler.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Trigger {
    /// It is a command, addressed to the handler.
    Command,
    /// It is an event that the handler reacts to.
    Event,
    /// It tells of the rejection of a command that the handler has sent.
    Rejection,
    /// It is a command that the handler has sent to itself, for later.
    Timeout,
}

impl ProcessMap {
    pub(crate) fn of(modules: &[Module]) -> Self {
        Self { modules: modules.iter().map(ModuleMap::of).collect() }
    }

    /// All handlers, each with its module.
    pub fn handlers(&self) -> impl Iterator<Item = (&ModuleMap, &HandlerMap)> {
        self.modules.iter().flat_map(|module| module.handlers.iter().map(move |it| (module, it)))
    }
}

impl ModuleMap {
    fn of(module: &Module) -> Self {
        let deciders = module.commands.iter().map(HandlerMap::of_command);
        let reactors = module.reactors.iter().flat_map(HandlerMap::of_reactor);
        let processes = module.processes.iter().flat_map(HandlerMap::of_process);
        let publishers = module.publishers.iter().map(HandlerMap::of_publisher);
        let effects = module.effects.iter().flat_map(HandlerMap::of_effect);
        let projections = module.projections.iter().flat_map(HandlerMap::of_projection);
        Self {
            name: module.name,
            handlers: deciders
                .chain(reactors)
                .chain(processes)
                .chain(publishers)
                .chain(effects)
                .chain(projections)
                .collect(),
            processes: module.processes.iter().map(ProcessOutline::of).collect(),
            published_events: module.published.clone(),
            external_events: module.external.clone(),
        }
    }
}

impl HandlerMap {
    fn of_command(it: &CommandHandler) -> Self {
        Self {
            name: it.decider.category,
            kind: HandlerKind::Decider,
            trigger: Trigger::Command,
            takes: it.takes,
            rejected_command: None,
            emits: it.emits.clone(),
            rejects: (it.rejection != <crate::Never as crate::Rejection>::name()).then_some(it.rejection),
        }
    }

    fn of_reactor(reactor: &Reactor) -> impl Iterator<Item = Self> {
        let kind = if reactor.is_saga { HandlerKind::Saga } else { HandlerKind::Choreography };
        reactor.reactions.iter().map(move |it| Self {
            name: reactor.name,
            kind,
            trigger: Trigger::Event,
            takes: it.takes,
            rejected_command: None,
            emits: it.emits.clone(),
            rejects: None,
        })
    }

    fn of_process(process: &ProcessType) -> impl Iterator<Item = Self> {
        let kind = if process.is_linear { HandlerKind::LinearSaga } else { HandlerKind::ProcessManager };
        process.inputs.iter().map(move |it| Self {
            name: process.category,
            kind,
            trigger: Trigger::of(it),
            takes: it.takes,
            rejected_command: it.rejected_command(),
            emits: it.emits.clone(),
            rejects: None,
        })
    }

    /// The events that take its calls back are among those that it takes, and emit nothing.
    fn of_effect(effect: &EffectType) -> impl Iterator<Item = Self> {
        let until = effect.until.iter().map(|it| (*it, Vec::new()));
        let taken = std::iter::once((effect.takes, effect.emits.clone())).chain(until);
        taken.map(|(takes, emits)| Self {
            name: effect.name,
            kind: HandlerKind::Effect,
            trigger: Trigger::Event,
            takes,
            rejected_command: None,
            emits,
            rejects: None,
        })
    }

    fn of_projection(projection: &Projection) -> impl Iterator<Item = Self> {
        projection.handlers().iter().map(|it| Self {
            name: projection.name(),
            kind: HandlerKind::Projection,
            trigger: Trigger::Event,
            takes: it.takes,
            rejected_command: None,
            emits: Vec::new(),
            rejects: None,
        })
    }

    fn of_publisher(it: &Publisher) -> Self {
        Self {
            name: it.category,
            kind: HandlerKind::Publisher,
            trigger: Trigger::Event,
            takes: it.takes,
            rejected_command: None,
            emits: it.emits.clone(),
            rejects: None,
        }
    }
}

impl Input {
    fn rejected_command(&self) -> Option<MessageType> {
        match self.source {
            Source::Rejection(command) => Some(command),
            Source::Fact(_) | Source::Timeout => None,
        }
    }
}

impl Trigger {
    fn of(input: &Input) -> Self {
        match input.source {
            Source::Fact(_) => Self::Event,
            Source::Rejection(_) => Self::Rejection,
            Source::Timeout => Self::Timeout,
        }
    }
}
