use std::collections::{BTreeMap, BTreeSet};

use procession_core::{Engine, Failure, InstanceState, Stream, Version};

use crate::{
    Cache,
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
const EVENTS_PER_READ: usize = 4096;

impl States {
    pub(super) fn new(capacity: usize) -> Self {
        Self { cache: Cache::new(capacity), unreadable: BTreeMap::new() }
    }

    /// Loads the states of a round that are not here yet.
    pub(super) async fn load(
        &mut self,
        streams: impl Iterator<Item = &Stream>,
        engine: &Engine,
        store: &dyn Store,
    ) -> Result<(), StoreError> {
        self.unreadable.clear();
        let missing: BTreeSet<&Stream> = streams.filter(|it| !self.cache.contains(it)).collect();
        for stream in missing {
            match load(stream, engine, store).await? {
                Ok(state) => _ = self.cache.insert(stream.clone(), state),
                Err(failure) => _ = self.unreadable.insert(stream.clone(), failure),
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
    let mut state = match engine.initial(stream.category()) {
        Ok(state) => state,
        Err(failure) => return Ok(Err(failure)),
    };
    let mut after = Version::NONE;
    loop {
        let events = store.read_stream(stream.clone(), after, EVENTS_PER_READ).await?;
        for event in &events {
            if let Err(failure) = engine.evolve(&mut state, &event.entry) {
                return Ok(Err(failure));
            }
        }
        if events.len() < EVENTS_PER_READ {
            return Ok(Ok(state));
        }
        after = state.version();
    }
}
