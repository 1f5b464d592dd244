//! Which instances a message may lead to in the end, by the process map.

use std::collections::{BTreeMap, BTreeSet};

use procession_core::map::{HandlerKind, HandlerMap, ProcessMap};

/// A set of categories.
pub(crate) type Categories = u128;

/// Where messages lead.
pub(crate) struct Reach {
    categories: BTreeMap<&'static str, Categories>,
    /// By message: the categories that it is handled by, and that all that follows from it is handled by.
    leads_to: BTreeMap<&'static str, Categories>,
    /// Who takes a message, and what comes of it there.
    handlers: BTreeMap<&'static str, Vec<(&'static str, Categories)>>,
    has_effects: bool,
}

impl Reach {
    /// None when there are more categories than fit.
    pub(crate) fn of(map: &ProcessMap) -> Option<Self> {
        let handlers: Vec<&HandlerMap> = map.handlers().map(|(_, it)| it).collect();
        let names: BTreeSet<_> = handlers.iter().filter(|it| is_instance(it)).map(|it| it.name).collect();
        if names.len() > Categories::BITS as usize {
            return None;
        }
        let categories = names.into_iter().zip(0..).map(|(name, bit)| (name, 1 << bit)).collect();
        let mut reach = Self {
            categories,
            leads_to: BTreeMap::new(),
            handlers: BTreeMap::new(),
            has_effects: handlers.iter().any(|it| it.kind == HandlerKind::Effect),
        };
        while handlers.iter().filter(|it| reach.grows_by(it)).count() > 0 {}
        for handler in &handlers {
            let after = reach.after(handler);
            for taken in taken(handler) {
                reach.handlers.entry(taken).or_default().push((handler.name, after));
            }
        }
        Some(reach)
    }

    fn after(&self, handler: &HandlerMap) -> Categories {
        handler.emits.iter().map(|it| self.leads_to(it.message.name)).fold(0, |all, it| all | it)
    }

    fn grows_by(&mut self, handler: &HandlerMap) -> bool {
        let own = if is_instance(handler) { self.category(handler.name) } else { 0 };
        let leads_to = own | self.after(handler);
        taken(handler).fold(false, |grew, taken| {
            let known = self.leads_to.entry(taken).or_default();
            let before = *known;
            *known |= leads_to;
            grew || *known != before
        })
    }

    /// The set of one category.
    pub(crate) fn category(&self, name: &str) -> Categories {
        self.categories.get(name).copied().unwrap_or_default()
    }

    fn leads_to(&self, message: &str) -> Categories {
        self.leads_to.get(message).copied().unwrap_or_default()
    }

    /// Where a message leads once it is handled by an instance of this category.
    pub(crate) fn after_instance(&self, category: &str, message: &str) -> Categories {
        let handlers = self.handlers.get(message).into_iter().flatten();
        let rejected = handlers.clone().filter(|(name, _)| *name != category);
        // A "no" goes to the process manager that takes it; an event, to whoever reacts to it.
        let told = rejected.map(|(name, after)| after | self.category(name));
        let own = handlers.filter(|(name, _)| *name == category).map(|(_, after)| *after);
        own.chain(told).fold(0, |all, it| all | it)
    }

    /// Where an event leads once it is reacted to.
    pub(crate) fn after_reaction(&self, message: &str) -> Categories {
        self.leads_to(message)
    }

    /// Whether the answers of effects may lead to instances that the map does not show.
    pub(crate) fn has_effects(&self) -> bool {
        self.has_effects
    }
}

fn is_instance(handler: &HandlerMap) -> bool {
    matches!(handler.kind, HandlerKind::Decider | HandlerKind::ProcessManager | HandlerKind::LinearSaga)
}

/// What lets a handler run: what it takes, and a command whose rejection it hears of.
fn taken(handler: &HandlerMap) -> impl Iterator<Item = &'static str> {
    [Some(handler.takes.name), handler.rejected_command.map(|it| it.name)].into_iter().flatten()
}
