//! The process map: who takes what and emits what, read from the handlers' signatures.

mod mermaid;
mod text;

use serde::Serialize;

use crate::{MessageType, Module, emit::Emission};

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
    /// The message that it takes.
    pub takes: MessageType,
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
}

impl ProcessMap {
    pub(crate) fn of(modules: &[Module]) -> Self {
        Self { modules: modules.iter().map(ModuleMap::of).collect() }
    }
}

impl ModuleMap {
    fn of(module: &Module) -> Self {
        let deciders = module.handlers.iter().map(|it| HandlerMap {
            name: it.decider.category,
            kind: HandlerKind::Decider,
            takes: it.takes,
            emits: it.emits.clone(),
            rejects: (it.rejection != <crate::Never as crate::Rejection>::name()).then_some(it.rejection),
        });
        let sagas = module.sagas.iter().flat_map(|saga| {
            saga.reactions.iter().map(|it| HandlerMap {
                name: saga.name,
                kind: HandlerKind::Saga,
                takes: it.takes,
                emits: it.emits.clone(),
                rejects: None,
            })
        });
        Self {
            name: module.name,
            handlers: deciders.chain(sagas).collect(),
            external_events: module.external.clone(),
        }
    }
}
