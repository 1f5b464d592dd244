use std::collections::{BTreeMap, BTreeSet};

use procession_core::{Engine, Failure, InstanceState, Stream, Version, log::Recorded};

use crate::{
    Cache,
    fault_points::FaultPoint,
    store::{Store, StoreError},
};

/// The states of instances, folded up to what was handed to the store.
///
/// A cached state never hides a conflict: every batch stands on an exact position of the log, so that anything
/// appended by others makes the commit fail, and all states are then read again.
pub(super) struct States {
    cache: Cache<Stream, InstanceState>,
    /// Streams of this round that cannot be read or folded.
    unreadable: BTreeMap<Stream, Failure>,
}

/// How many events are read at once when a state is loaded.
const EVENTS_PER_READ: usize = 1024;

impl States {
    pub(super) fn new(capacity: usize) -> Self {
        Self { cache: Cache::new(capacity), unreadable: BTreeMap::new() }
    }

    /// Loads the states of a round that are not here yet, all together.
    pub(super) async fn load(
        &mut self,
        streams: impl Iterator<Item = &Stream>,
        engine: &Engine,
        store: &dyn Store,
    ) -> Result<(), StoreError> {
        self.unreadable.clear();
        // Looking counts as a use, so that what is here already is not forgotten while others are loaded.
        let missing: BTreeSet<Stream> =
            streams.filter(|it| self.cache.get_mut(it).is_none()).cloned().collect();
        if missing.is_empty() {
            return Ok(());
        }
        FaultPoint::StatesLoading.pass();
        let loaded = load_all(missing.into_iter().collect(), engine, store).await?;
        FaultPoint::StatesLoaded.pass();
        for (stream, loaded) in loaded {
            match loaded {
                Ok(state) => self.cache.insert(stream, state),
                Err(failure) => _ = self.unreadable.insert(stream, failure),
            }
        }
        Ok(())
    }

    /// The state of a stream of this round.
    pub(super) fn get(&mut self, stream: &Stream) -> Result<&mut InstanceState, Failure> {
        if let Some(failure) = self.unreadable.get(stream) {
            return Err(failure.clone());
        }
        let not_loaded = || Failure::UnknownCategory { category: stream.category().into() };
        self.cache.get_mut(stream).ok_or_else(not_loaded)
    }

    pub(super) fn remove(&mut self, stream: &Stream) {
        self.cache.remove(stream);
    }

    /// Forgets a state that has not seen an event of another node.
    pub(super) fn forget_before(&mut self, event: &Recorded) {
        let stream = &event.entry.stream;
        if self.version(stream).is_some_and(|it| Some(it) < event.version) {
            self.cache.remove(stream);
        }
    }

    /// Folds an event of another node, so that a state need not be loaded when its turn comes.
    pub(super) fn follow(&mut self, event: &Recorded, engine: &Engine) {
        let stream = &event.entry.stream;
        if event.version == Some(Version::NONE.next()) && self.version(stream).is_none() {
            let Ok(initial) = engine.initial(stream.category()) else { return };
            self.cache.insert(stream.clone(), initial);
        }
        if let Some(state) = self.cache.get_mut(stream)
            && Some(state.version().next()) == event.version
            && engine.evolve(state, &event.entry).is_ok()
        {
            return;
        }
        self.forget_before(event);
    }

    fn version(&mut self, stream: &Stream) -> Option<Version> {
        self.cache.get_mut(stream).map(|it| it.version())
    }

    pub(super) fn len(&self) -> usize {
        self.cache.len()
    }

    pub(super) fn clear(&mut self) {
        self.cache.clear();
    }
}

/// Folds a stream from its first event. The inner error is about the stream, the outer one about the store.
pub(crate) async fn load(
    stream: &Stream,
    engine: &Engine,
    store: &dyn Store,
) -> Result<Result<InstanceState, Failure>, StoreError> {
    let first = store.read_stream(stream.clone(), Version::NONE, EVENTS_PER_READ).await?;
    fold_on(stream, first, engine, store).await
}

/// Folds many streams, which are read together.
pub(crate) async fn load_all(
    streams: Vec<Stream>,
    engine: &Engine,
    store: &dyn Store,
) -> Result<Vec<(Stream, Result<InstanceState, Failure>)>, StoreError> {
    let firsts = store.read_streams(streams.clone(), EVENTS_PER_READ).await?;
    let mut loaded = Vec::with_capacity(streams.len());
    for (stream, first) in streams.into_iter().zip(firsts) {
        let state = fold_on(&stream, first, engine, store).await?;
        loaded.push((stream, state));
    }
    Ok(loaded)
}

/// Folds a stream whose first events were read already.
async fn fold_on(
    stream: &Stream,
    first: Vec<Recorded>,
    engine: &Engine,
    store: &dyn Store,
) -> Result<Result<InstanceState, Failure>, StoreError> {
    let mut state = match engine.initial(stream.category()) {
        Ok(state) => state,
        Err(failure) => return Ok(Err(failure)),
    };
    let mut events = first;
    loop {
        for event in &events {
            if let Err(failure) = engine.evolve(&mut state, &event.entry) {
                return Ok(Err(failure));
            }
        }
        if events.len() < EVENTS_PER_READ {
            return Ok(Ok(state));
        }
        events = store.read_stream(stream.clone(), state.version(), EVENTS_PER_READ).await?;
    }
}
