//! Which messages stand in a drawing, what each is, and where it belongs.

use std::collections::BTreeSet;

use super::{HandlerKind, HandlerMap, ModuleMap, ProcessMap, Trigger};
use crate::emit::{Emission, EmissionKind};

/// A message in a drawing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Drawn {
    pub(super) key: Key,
    pub(super) kind: DrawnKind,
    /// The process manager or linear saga in whose stream it is recorded, or that it is addressed to.
    pub(super) process: Option<&'static str>,
}

/// Names are unique, but for the timeouts of linear sagas: those belong to one saga.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    pub(super) name: &'static str,
    pub(super) of: &'static str,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum DrawnKind {
    Command,
    /// A command that is only ever sent later.
    Timeout,
    Event,
    /// An event that other modules may take.
    PublicEvent,
    ExternalEvent,
    Rejection,
}

impl ProcessMap {
    /// The messages of each module, in the order of its handlers. Left out is what has no effect on anybody: what
    /// linear sagas note for themselves, their pauses at save-points, and rejections that nobody takes.
    pub(super) fn drawn(&self) -> Vec<(&ModuleMap, Vec<Drawn>)> {
        let mut seen = BTreeSet::new();
        let mut modules = Vec::new();
        for module in &self.modules {
            let mut drawn: Vec<Drawn> =
                module.handlers.iter().flat_map(|it| self.drawn_of(module, it)).collect();
            let external = module.external_events.iter().filter(|it| !self.is_emitted(it.name));
            drawn.extend(external.map(|it| Drawn {
                key: Key { name: it.name, of: "" },
                kind: DrawnKind::ExternalEvent,
                process: None,
            }));
            drawn.retain(|it| seen.insert(it.key));
            modules.push((module, drawn));
        }
        modules
    }

    /// What a handler gives to the module that it belongs to.
    fn drawn_of(&self, module: &ModuleMap, handler: &HandlerMap) -> Vec<Drawn> {
        let process = module.processes.iter().map(|it| it.name).find(|it| *it == handler.name);
        let draw = |kind, key| Drawn { key, kind, process };
        let mut drawn = Vec::new();
        let is_addressed = matches!(handler.trigger, Trigger::Command | Trigger::Timeout);
        if is_addressed && !crate::linear::is_pause(handler.takes.name) {
            let kind = if self.is_timeout(handler) { DrawnKind::Timeout } else { DrawnKind::Command };
            drawn.push(draw(kind, handler.takes_key()));
        }
        drawn.extend(self.rejection_of(handler).map(|key| draw(DrawnKind::Rejection, key)));
        for emission in &handler.emits {
            let key = handler.key(emission.message.name);
            match emission.kind {
                EmissionKind::Publishes => drawn.push(draw(DrawnKind::PublicEvent, key)),
                EmissionKind::Records if module.tells(key.name) => {
                    drawn.push(draw(DrawnKind::PublicEvent, key));
                }
                EmissionKind::Records
                    if handler.kind != HandlerKind::LinearSaga || self.is_taken(key.name) =>
                {
                    drawn.push(draw(DrawnKind::Event, key));
                }
                _ => {}
            }
        }
        drawn
    }

    /// The rejection of the command that a decider takes, if somebody does something about it.
    pub(super) fn rejection_of(&self, decider: &HandlerMap) -> Option<Key> {
        let mut takers = self.handlers().map(|(_, it)| it).filter(|it| it.has_drawn_effects());
        let is_of = |it: &HandlerMap| it.rejected_command == Some(decider.takes);
        let is_decider = decider.kind == HandlerKind::Decider && decider.rejects.is_some();
        takers.find(|it| is_decider && is_of(it)).map(|it| Key { name: it.takes.name, of: "" })
    }

    /// Whether the command that a handler takes is only ever sent later.
    pub(super) fn is_timeout(&self, handler: &HandlerMap) -> bool {
        let key = handler.takes_key();
        let sent = |kinds: &[EmissionKind]| {
            self.handlers().any(|(_, it)| {
                it.emits.iter().any(|sent| kinds.contains(&sent.kind) && it.key(sent.message.name) == key)
            })
        };
        handler.trigger == Trigger::Timeout
            || sent(&[EmissionKind::SendsLater]) && !sent(&[EmissionKind::Sends, EmissionKind::Compensates])
    }

    pub(super) fn is_taken(&self, event: &str) -> bool {
        self.handlers().any(|(_, it)| it.trigger == Trigger::Event && it.takes.name == event)
    }

    pub(super) fn is_emitted(&self, event: &str) -> bool {
        let mut emitted = self.handlers().flat_map(|(_, it)| &it.emits);
        emitted.any(|it| !it.kind.is_command() && it.message.name == event)
    }
}

impl ModuleMap {
    /// Whether it lets others react to this event of its own.
    pub(super) fn tells(&self, event: &str) -> bool {
        self.published_events.iter().any(|it| it.name == event)
    }
}

impl HandlerMap {
    /// What a linear saga only notes for itself is not drawn.
    fn has_drawn_effects(&self) -> bool {
        let is_noted = |it: &Emission| !it.kind.is_command() || crate::linear::is_pause(it.message.name);
        self.emits.iter().any(|it| self.kind != HandlerKind::LinearSaga || !is_noted(it))
    }

    pub(super) fn takes_key(&self) -> Key {
        self.key(self.takes.name)
    }

    pub(super) fn key(&self, name: &'static str) -> Key {
        let is_own = self.kind == HandlerKind::LinearSaga && crate::linear::is_own_timeout(name);
        Key { name, of: if is_own { self.name } else { "" } }
    }
}
