use std::sync::Arc;

use procession_core::{
    Application, Decider, Engine, Event, InstanceState, Lifecycle, SagaState, Stream,
    log::{Kind, Recorded},
};
use procession_runtime::store::Parked;

/// What is there in the end: the log, and what it makes of the instances.
pub struct End {
    engine: Arc<Engine>,
    log: Vec<Recorded>,
    parked: Vec<Parked>,
}

impl End {
    pub(crate) fn new(application: &Application, log: Vec<Recorded>, parked: Vec<Parked>) -> Self {
        Self { engine: Arc::clone(application.engine()), log, parked }
    }

    /// The whole log.
    #[must_use]
    pub fn log(&self) -> &[Recorded] {
        &self.log
    }

    /// What is parked.
    #[must_use]
    pub fn parked(&self) -> &[Parked] {
        &self.parked
    }

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

    /// All events of one type, in the order of the log.
    #[must_use]
    pub fn events<E: Event>(&self) -> Vec<E> {
        let events = self.log.iter().filter(|it| it.version.is_some() && it.entry.name == E::NAME);
        events.filter_map(|it| E::from_json(&it.entry.payload).ok()).collect()
    }

    /// How many entries of a kind and a name the log has.
    #[must_use]
    pub fn count(&self, kind: Kind, name: &str) -> usize {
        self.log.iter().filter(|it| it.entry.kind == kind && it.entry.name == name).count()
    }

    fn folded(&self, category: &str, id: &str) -> Option<InstanceState> {
        let stream = Stream::new(category.to_owned(), id).ok()?;
        let mut state = self.engine.initial(category).ok()?;
        for event in self.log.iter().filter(|it| it.version.is_some() && it.entry.stream == stream) {
            self.engine.evolve(&mut state, &event.entry).ok()?;
        }
        Some(state)
    }
}

/// An entry with all that it says, in one line.
pub(crate) fn line(it: &Recorded) -> String {
    let Recorded { position, process, causation, version, entry } = it;
    let by = causation.map_or_else(|| "-".into(), |it| it.to_string());
    let version = version.map_or_else(|| "-".into(), |it| it.to_string());
    let sender = entry.sender.as_ref().map_or_else(|| "-".into(), ToString::to_string);
    let (kind, stream, name, schema_version) = (entry.kind, &entry.stream, &entry.name, entry.schema_version);
    let (at, payload) = (entry.at, &entry.payload);
    format!(
        "{position} process {process} by {by} {kind:?} {stream} {version} from {sender} {name} v{schema_version} {at} {payload}"
    )
}
