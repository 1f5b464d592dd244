//! Effects: what takes a call back happens in the stream that the call is for.

use std::collections::BTreeSet;

use super::WiringError;
use crate::{MessageType, Module, ProcessMap, emit::EmissionKind};

pub(super) fn check(modules: &[Module], map: &ProcessMap, errors: &mut Vec<WiringError>) {
    for module in modules {
        for effect in &module.effects {
            let called_in = categories(effect.takes, map);
            for until in &effect.until {
                let ended_in = categories(*until, map);
                // Of an event that only comes from outside nobody knows the stream.
                let is_known = !called_in.is_empty() && !ended_in.is_empty();
                if is_known && called_in.is_disjoint(&ended_in) {
                    errors.push(WiringError::UntilOfAnotherStream {
                        effect: effect.name,
                        module: module.name,
                        event: effect.takes.name,
                        category: listed(&called_in),
                        until: until.name,
                        until_category: listed(&ended_in),
                    });
                }
            }
        }
    }
}

/// Those in whose streams an event stands.
fn categories(event: MessageType, map: &ProcessMap) -> BTreeSet<&'static str> {
    let emits = |kind| matches!(kind, EmissionKind::Records | EmissionKind::Publishes);
    let handlers = map.handlers().map(|(_, it)| it);
    let recorders = handlers
        .filter(|it| it.emits.iter().any(|it| emits(it.kind) && it.message.rust_type == event.rust_type));
    recorders.map(|it| it.name).collect()
}

fn listed(categories: &BTreeSet<&'static str>) -> String {
    categories.iter().map(|it| format!("`{it}`")).collect::<Vec<_>>().join(" or ")
}
