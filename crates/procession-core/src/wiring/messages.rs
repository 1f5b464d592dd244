//! Messages: every command has one handler, every event comes from somewhere, and borders are kept.

use std::collections::{BTreeMap, BTreeSet, btree_map};

use super::WiringError;
use crate::{
    MessageType, ProcessMap,
    emit::EmissionKind,
    map::{HandlerKind, HandlerMap, ModuleMap, Trigger},
};

pub(super) fn check(map: &ProcessMap, errors: &mut Vec<WiringError>) {
    commands_have_one_handler(map, errors);
    sent_commands_are_handled(map, errors);
    taken_events_are_recorded(map, errors);
    internal_events_stay_inside(map, errors);
    published_events_are_recorded(map, errors);
    reactions_can_send(map, errors);
    messages_are_taken_once(map, errors);
}

fn commands_have_one_handler(map: &ProcessMap, errors: &mut Vec<WiringError>) {
    let mut seen: BTreeMap<_, String> = BTreeMap::new();
    for (module, handler) in map.handlers().filter(|(_, it)| it.takes_commands()) {
        let second = format!("`{}` in module `{}`", handler.name, module.name);
        let command = handler.takes.name;
        // Timeouts of linear sagas have one name for all sagas, and never leave the saga.
        let scope = if handler.kind == HandlerKind::LinearSaga { handler.name } else { "" };
        match seen.entry((scope, handler.takes.rust_type)) {
            btree_map::Entry::Vacant(entry) => _ = entry.insert(second),
            btree_map::Entry::Occupied(entry) => {
                let first = entry.get().clone();
                errors.push(WiringError::CommandHandledTwice { command, first, second });
            }
        }
    }
}

fn sent_commands_are_handled(map: &ProcessMap, errors: &mut Vec<WiringError>) {
    let handled: BTreeSet<_> =
        map.handlers().filter(|(_, it)| it.takes_commands()).map(|(_, it)| it.takes.rust_type).collect();
    for (module, handler) in map.handlers() {
        for emission in handler.emits.iter().filter(|it| it.kind.is_command()) {
            let MessageType { name: command, rust_type, .. } = emission.message;
            let sends_later = matches!(emission.kind, EmissionKind::SendsLater | EmissionKind::Cancels);
            let error = if sends_later && handler.kind == HandlerKind::ProcessManager {
                WiringError::TimeoutNotTaken { process: handler.name, module: module.name, timeout: command }
            } else {
                WiringError::UnhandledCommand { command, rust_type, sender: described(module, handler) }
            };
            if !handled.contains(rust_type) && !errors.contains(&error) {
                errors.push(error);
            }
        }
    }
}

fn taken_events_are_recorded(map: &ProcessMap, errors: &mut Vec<WiringError>) {
    let recorded: BTreeSet<_> = map.modules.iter().flat_map(produced).map(|it| it.rust_type).collect();
    for (module, handler) in map.handlers().filter(|(_, it)| it.trigger == Trigger::Event) {
        let MessageType { name: event, rust_type, .. } = handler.takes;
        if !recorded.contains(rust_type) {
            errors.push(WiringError::EventNeverRecorded {
                event,
                rust_type,
                taker: described(module, handler),
            });
        }
    }
}

/// The events that a module records, makes public, or expects from outside.
fn produced(module: &ModuleMap) -> impl Iterator<Item = MessageType> {
    let emitted = module.handlers.iter().flat_map(|it| &it.emits).filter(|it| !it.kind.is_command());
    emitted.map(|it| it.message).chain(module.external_events.iter().copied())
}

fn internal_events_stay_inside(map: &ProcessMap, errors: &mut Vec<WiringError>) {
    for (module, handler) in map.handlers().filter(|(_, it)| it.trigger == Trigger::Event) {
        let MessageType { name: event, rust_type, .. } = handler.takes;
        let owners = map.modules.iter().filter(|it| records(it, rust_type));
        let owners: Vec<_> = owners.collect();
        let is_ours = owners.iter().any(|it| it.name == module.name);
        let is_public =
            owners.iter().any(|it| it.published_events.iter().any(|it| it.rust_type == rust_type));
        if let Some(owner) = owners.first().filter(|_| !is_ours && !is_public) {
            let taker = described(module, handler);
            errors.push(WiringError::InternalEvent { event, rust_type, owner: owner.name, taker });
        }
    }
}

fn records(module: &ModuleMap, rust_type: &str) -> bool {
    let mut emitted = module.handlers.iter().flat_map(|it| &it.emits);
    emitted.any(|it| it.kind == EmissionKind::Records && it.message.rust_type == rust_type)
}

fn published_events_are_recorded(map: &ProcessMap, errors: &mut Vec<WiringError>) {
    for module in &map.modules {
        let mapped = module.handlers.iter().filter(|it| it.kind == HandlerKind::Publisher).map(|it| it.takes);
        for it in module.published_events.iter().copied().chain(mapped) {
            let error = WiringError::PublishesForeignEvent { module: module.name, event: it.name };
            if !records(module, it.rust_type) && !errors.contains(&error) {
                errors.push(error);
            }
        }
    }
}

fn reactions_can_send(map: &ProcessMap, errors: &mut Vec<WiringError>) {
    for (module, handler) in map.handlers() {
        let is_reaction = matches!(handler.kind, HandlerKind::Saga | HandlerKind::Choreography);
        if is_reaction && handler.emits.is_empty() {
            let (taker, event) = (described(module, handler), handler.takes.name);
            errors.push(WiringError::SendsNothing { taker, event });
        }
    }
}

fn messages_are_taken_once(map: &ProcessMap, errors: &mut Vec<WiringError>) {
    let mut seen = BTreeSet::new();
    for (module, handler) in map.handlers() {
        // Several public events may be made from one event, and several handlers of a command are told above.
        if matches!(handler.kind, HandlerKind::Publisher | HandlerKind::Decider) {
            continue;
        }
        let key = (module.name, handler.kind, handler.name, handler.trigger, handler.takes.rust_type);
        if !seen.insert(key) {
            let (message, taker) = (handler.takes.name, described(module, handler));
            errors.push(WiringError::TakenTwice { message, taker });
        }
    }
}

impl HandlerMap {
    fn takes_commands(&self) -> bool {
        matches!(self.trigger, Trigger::Command | Trigger::Timeout)
    }
}

impl EmissionKind {
    pub(crate) fn is_command(self) -> bool {
        match self {
            Self::Sends | Self::SendsLater | Self::Compensates | Self::Cancels => true,
            Self::Records | Self::Publishes => false,
        }
    }
}

/// A handler as the errors name it.
fn described(module: &ModuleMap, handler: &HandlerMap) -> String {
    let (name, module) = (handler.name, module.name);
    match handler.kind {
        HandlerKind::Choreography => format!("the module `{module}`"),
        HandlerKind::Publisher => format!("the publishing of `{name}` in module `{module}`"),
        kind => format!("the {} `{name}` in module `{module}`", kind.word()),
    }
}
