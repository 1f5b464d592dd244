use std::collections::BTreeSet;

use procession_core::{
    Handlers,
    log::Kind,
    map::{HandlerKind, HandlerMap, Trigger},
};

use crate::{ids::MessageId, machine::Machine, report::Unreached, state::Target};

/// What never ran, and which events of the explored worlds nobody reacts to.
pub(crate) fn unreached(machine: &Machine, past: usize, facts: &BTreeSet<String>) -> Unreached {
    let ran = ran(machine);
    let never_ran = machine.map.handlers().map(|(_, it)| it).filter(|it| {
        let key = (handler_name(it), it.takes.name.to_owned());
        !matches!(it.kind, HandlerKind::Publisher | HandlerKind::Projection) && !ran.contains(&key)
    });
    let handlers = never_ran.map(|it| format!("{} on {}", handler_name(it), it.takes.name)).collect();
    let facts_of_deciders = (past..machine.messages.len()).map(|it| MessageId(it as u32));
    let events: BTreeSet<String> = facts_of_deciders
        .filter(|it| is_without_reaction(machine, *it))
        .map(|it| machine.messages[it].name.to_string())
        .filter(|it| !facts.contains(it))
        .collect();
    Unreached { handlers, events: events.into_iter().collect() }
}

fn ran(machine: &Machine) -> BTreeSet<(String, String)> {
    let handled = machine.handled.keys().map(|(_, delivery, _)| machine.deliveries[*delivery]);
    let named = handled.map(|it| {
        let handler = match it.to {
            Target::Instance(stream) => machine.streams[stream].category().to_owned(),
            Target::Reaction(reaction) => machine.reactors[machine.reactions[reaction].reactor].clone(),
        };
        (handler, machine.messages[it.message].name.to_string())
    });
    named.collect()
}

fn handler_name(handler: &HandlerMap) -> String {
    let name = handler.name;
    match handler.kind {
        HandlerKind::Saga => format!("saga {name}"),
        HandlerKind::Choreography => format!("module {name}"),
        HandlerKind::Effect => format!("effect {name}"),
        HandlerKind::Projection => format!("projection {name}"),
        HandlerKind::Decider
        | HandlerKind::ProcessManager
        | HandlerKind::LinearSaga
        | HandlerKind::Publisher => name.into(),
    }
}

fn is_without_reaction(machine: &Machine, message: MessageId) -> bool {
    let known = &machine.messages[message];
    if !matches!(known.kind, Kind::Event | Kind::PublicEvent) {
        return false;
    }
    let name = &*known.name;
    let category = machine.streams[known.stream].category();
    let ends = machine.engine.ends().any(|(of, ends)| of == category && ends.contains(&name));
    let handlers = || machine.map.handlers().map(|(_, it)| it);
    // What a process manager notes down is for itself.
    let is_own = handlers().any(|it| {
        it.name == category && matches!(it.kind, HandlerKind::ProcessManager | HandlerKind::LinearSaga)
    });
    let is_told = handlers().any(|it| it.takes.name == name && it.trigger == Trigger::Event);
    let nobody = matches!(machine.engine.handlers_of(&machine.entry(message)), Handlers::Nobody);
    nobody && !ends && !is_own && !is_told
}
