//! Names: of modules, sagas, categories and messages.

use std::{
    any::TypeId,
    collections::{BTreeMap, BTreeSet, btree_map},
};

use super::WiringError;
use crate::{MessageType, Module, ProcessMap};

pub(super) fn check(modules: &[Module], map: &ProcessMap, errors: &mut Vec<WiringError>) {
    parts_have_names_of_their_own(modules, errors);
    process_managers_are_in_one_module(modules, errors);
    categories_are_unique(modules, errors);
    message_names_are_unique(map, errors);
}

fn parts_have_names_of_their_own(modules: &[Module], errors: &mut Vec<WiringError>) {
    let sagas =
        modules.iter().flat_map(|it| &it.reactors).filter(|it| it.is_saga).map(|it| ("saga", it.name));
    let linear = modules.iter().flat_map(|it| &it.processes).filter(|it| it.is_linear);
    let linear = linear.map(|it| ("linear saga", it.category));
    let effects = modules.iter().flat_map(|it| &it.effects).map(|it| ("effect", it.name));
    let projections = modules.iter().flat_map(|it| &it.projections).map(|it| ("projection", it.name()));
    let mut seen = BTreeSet::new();
    let parts = modules.iter().map(|it| ("module", it.name)).chain(sagas).chain(linear);
    let parts = parts.chain(effects).chain(projections);
    for (what, name) in parts {
        if name.is_empty() {
            errors.push(WiringError::EmptyName { what });
        }
        if !seen.insert((what, name)) {
            errors.push(WiringError::NameUsedTwice { what, name });
        }
    }
}

/// Twice in one module is told for each message that is taken twice.
fn process_managers_are_in_one_module(modules: &[Module], errors: &mut Vec<WiringError>) {
    let mut seen: BTreeMap<&'static str, &'static str> = BTreeMap::new();
    for module in modules {
        for process in module.processes.iter().filter(|it| !it.is_linear) {
            let first = *seen.entry(process.category).or_insert(module.name);
            if first != module.name {
                let (process, second) = (process.category, module.name);
                errors.push(WiringError::InTwoModules { process, first, second });
            }
        }
    }
}

fn categories_are_unique(modules: &[Module], errors: &mut Vec<WiringError>) {
    let deciders = modules.iter().flat_map(|it| &it.commands).map(|it| it.decider);
    let deciders = deciders.map(|it| (it.category, it.rust_type, it.id));
    let processes = modules.iter().flat_map(|it| &it.processes);
    let processes = processes.map(|it| (it.category, it.rust_type, it.id));
    let mut seen: BTreeMap<&'static str, (&'static str, TypeId)> = BTreeMap::new();
    for (category, rust_type, id) in deciders.chain(processes) {
        match seen.entry(category) {
            btree_map::Entry::Vacant(entry) => _ = entry.insert((rust_type, id)),
            btree_map::Entry::Occupied(entry) if entry.get().1 != id => {
                let error =
                    WiringError::CategoryUsedTwice { category, first: entry.get().0, second: rust_type };
                if !errors.contains(&error) {
                    errors.push(error);
                }
            }
            btree_map::Entry::Occupied(_) => {}
        }
    }
}

fn message_names_are_unique(map: &ProcessMap, errors: &mut Vec<WiringError>) {
    let mut seen: BTreeMap<&'static str, MessageType> = BTreeMap::new();
    for message in all_messages(map) {
        let first = *seen.entry(message.name).or_insert(message);
        if first.rust_type != message.rust_type {
            let (name, first, second) = (message.name, first.rust_type, message.rust_type);
            let error = WiringError::MessageNameUsedTwice { name, first, second };
            if !errors.contains(&error) {
                errors.push(error);
            }
        }
    }
}

fn all_messages(map: &ProcessMap) -> impl Iterator<Item = MessageType> {
    map.modules.iter().flat_map(|module| {
        let handled = module.handlers.iter();
        let handled =
            handled.flat_map(|it| [it.takes].into_iter().chain(it.emits.iter().map(|it| it.message)));
        handled.chain(module.published_events.iter().copied()).chain(module.external_events.iter().copied())
    })
}
