use std::collections::BTreeMap;

use procession_core::map::{HandlerKind, ProcessMap};

/// Which module a handler belongs to.
pub(crate) struct Modules {
    of_category: BTreeMap<&'static str, u16>,
    of_reaction: BTreeMap<String, u16>,
}

/// Nobody's module: the world outside.
pub(crate) const OUTSIDE: u16 = u16::MAX;

impl Modules {
    pub(crate) fn of(map: &ProcessMap) -> Self {
        let (mut of_category, mut of_reaction) = (BTreeMap::new(), BTreeMap::new());
        for (number, module) in (0..).zip(&map.modules) {
            for handler in &module.handlers {
                let name = handler.name;
                match handler.kind {
                    HandlerKind::Decider => _ = of_category.insert(name, number),
                    HandlerKind::ProcessManager | HandlerKind::LinearSaga => {
                        of_category.insert(name, number);
                        of_reaction.insert(format!("route to {name}"), number);
                    }
                    HandlerKind::Saga => _ = of_reaction.insert(format!("saga {name}"), number),
                    HandlerKind::Choreography => _ = of_reaction.insert(format!("module {name}"), number),
                    HandlerKind::Effect => _ = of_reaction.insert(format!("effect {name}"), number),
                    HandlerKind::Publisher | HandlerKind::Projection => {}
                }
            }
        }
        Self { of_category, of_reaction }
    }

    pub(crate) fn of_category(&self, category: &str) -> u16 {
        self.of_category.get(category).copied().unwrap_or(OUTSIDE)
    }

    pub(crate) fn of_reaction(&self, handler: &str) -> u16 {
        self.of_reaction.get(handler).copied().unwrap_or(OUTSIDE)
    }
}
