use std::{cell::RefCell, collections::BTreeSet};

use procession_core::{
    Decider, Event, InstanceState, Lifecycle, SagaState, Stream,
    map::{HandlerKind, ProcessMap},
};

use crate::{ids::StreamId, machine::Machine, state::State};

/// What a property may look at: all instances, as of one moment.
pub struct World<'a> {
    pub(crate) machine: &'a Machine,
    pub(crate) state: &'a State,
    /// The categories that were looked at.
    pub(crate) looked_at: &'a RefCell<BTreeSet<String>>,
}

impl World<'_> {
    /// The state of an instance; one without events is in its first state.
    #[must_use]
    pub fn state<D: Decider>(&self, id: impl ToString) -> D {
        let folded = self.folded(D::CATEGORY, &id.to_string());
        folded.and_then(InstanceState::downcast::<D>).map(|it| *it).unwrap_or_default()
    }

    /// Where an instance is in its life.
    #[must_use]
    pub fn lifecycle(&self, category: &str, id: impl ToString) -> Lifecycle {
        self.folded(category, &id.to_string()).map(|it| it.lifecycle()).unwrap_or_default()
    }

    /// How far an instance of a linear saga is, by the saga's name and the instance's id; none before it has begun.
    #[must_use]
    pub fn saga<D: Send + 'static>(&self, name: &str, id: impl ToString) -> Option<SagaState<D>> {
        self.folded(name, &id.to_string())?.downcast::<SagaState<D>>().map(|it| *it)
    }

    /// The ids of all instances of a category that have events.
    #[must_use]
    pub fn instances(&self, category: &str) -> Vec<String> {
        self.look_at(category);
        self.streams().filter(|(_, it)| it.category() == category).map(|(_, it)| it.id().to_owned()).collect()
    }

    /// All events of one type: those of one instance in their order, instance after instance.
    #[must_use]
    pub fn events<E: Event>(&self) -> Vec<E> {
        recorded_by(&self.machine.map, E::NAME).for_each(|it| self.look_at(it));
        let streams = self.streams().map(|(id, _)| self.state.history(id));
        let events = streams.flat_map(|it| self.machine.events(it)).map(|it| self.machine.entry(it));
        events.filter(|it| it.name == E::NAME).filter_map(|it| E::from_json(&it.payload).ok()).collect()
    }

    fn streams(&self) -> impl Iterator<Item = (StreamId, &Stream)> {
        self.state.histories.iter().map(|(it, _)| (*it, &self.machine.streams[*it]))
    }

    fn folded(&self, category: &str, id: &str) -> Option<InstanceState> {
        self.look_at(category);
        let stream = Stream::new(category.to_owned(), id).ok()?;
        let stream = self.machine.streams.find(&stream)?;
        self.machine.folded(stream, self.state.history(stream)).ok()
    }

    fn look_at(&self, category: &str) {
        let mut looked_at = self.looked_at.borrow_mut();
        if !looked_at.contains(category) {
            looked_at.insert(category.to_owned());
        }
    }
}

fn recorded_by<'a>(map: &'a ProcessMap, event: &'a str) -> impl Iterator<Item = &'static str> + 'a {
    let handlers = map.handlers().map(|(_, it)| it);
    let instances = handlers.filter(|it| {
        matches!(it.kind, HandlerKind::Decider | HandlerKind::ProcessManager | HandlerKind::LinearSaga)
    });
    instances.filter(move |it| it.emits.iter().any(|it| it.message.name == event)).map(|it| it.name)
}
