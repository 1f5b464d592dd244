use std::{any::Any, sync::Arc};

use procession_core::{
    Application, Decider, Engine, Failure, InstanceState, InvalidId, Lifecycle, Payload, SagaState, Stream,
    Version,
    log::{Position, ProcessId, Recorded},
};

use crate::{
    processor,
    store::{Parked, ParkedOf, Store, StoreError},
};

/// Reads states, streams and processes. It sees what is durable, and changes nothing.
#[derive(Clone)]
pub struct Reader {
    engine: Arc<Engine>,
    store: Arc<dyn Store>,
}

/// The state of one instance, and its version.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Instance<D> {
    /// The instance's id.
    pub id: String,
    /// How many events the state was folded from; 0 if the instance does not exist.
    pub version: Version,
    /// Where it is in its life.
    pub lifecycle: Lifecycle,
    /// The state.
    pub state: D,
}

/// Why something could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// No instance can have this id.
    #[error(transparent)]
    InvalidId(#[from] InvalidId),
    /// The stream holds something that this program cannot fold.
    #[error("{stream} cannot be read: {failure}")]
    Unreadable {
        /// The stream.
        stream: Stream,
        /// Why.
        failure: Failure,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// How many entries are read at once.
const ENTRIES_PER_READ: usize = 4096;

impl Reader {
    /// A reader of a store, with the modules that know how to fold its streams.
    #[must_use]
    pub fn new(application: &Application, store: Arc<dyn Store>) -> Self {
        Self { engine: Arc::clone(application.engine()), store }
    }

    /// The state of one instance. An instance without events has the initial state and version 0.
    ///
    /// # Errors
    /// When the id is impossible, the stream cannot be folded, or the store fails.
    pub async fn instance<D: Decider>(&self, id: impl ToString) -> Result<Instance<D>, ReadError> {
        let stream = Stream::new(D::CATEGORY, id.to_string())?;
        let loaded = processor::load(&stream, &self.engine, &*self.store).await?;
        typed(&stream, loaded)
    }

    /// How far one instance of a linear saga is. `D` is what the saga knows.
    ///
    /// # Errors
    /// As [`Self::instance`].
    pub async fn linear_saga<D: Payload + Clone>(
        &self,
        saga: &'static str,
        id: impl ToString,
    ) -> Result<Instance<SagaState<D>>, ReadError> {
        let stream = Stream::new(saga, id.to_string())?;
        let loaded = processor::load(&stream, &self.engine, &*self.store).await?;
        typed(&stream, loaded)
    }

    /// The states of many instances, read together, in the order of the ids.
    ///
    /// # Errors
    /// As [`Self::instance`].
    pub async fn instances_with_ids<D: Decider>(
        &self,
        ids: impl IntoIterator<Item = impl ToString>,
    ) -> Result<Vec<Instance<D>>, ReadError> {
        let streams: Result<Vec<_>, _> =
            ids.into_iter().map(|id| Stream::new(D::CATEGORY, id.to_string())).collect();
        self.load(streams?).await
    }

    /// Up to `limit` instances that have events, ordered by id, after an id.
    ///
    /// # Errors
    /// As [`Self::instance`].
    pub async fn instances<D: Decider>(
        &self,
        after: Option<String>,
        limit: usize,
    ) -> Result<Vec<Instance<D>>, ReadError> {
        self.load(self.store.streams(D::CATEGORY.into(), after, limit).await?).await
    }

    async fn load<D: Decider>(&self, streams: Vec<Stream>) -> Result<Vec<Instance<D>>, ReadError> {
        let loaded = processor::load_all(streams, &self.engine, &*self.store).await?;
        loaded.into_iter().map(|(stream, loaded)| typed(&stream, loaded)).collect()
    }

    /// All entries of a process after a position, in log order. Empty if there is no such process.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn history(&self, process: ProcessId, after: Position) -> Result<Vec<Recorded>, StoreError> {
        let mut history = Vec::new();
        let mut after = after;
        loop {
            let entries = self.store.read_process(process, after, ENTRIES_PER_READ).await?;
            let is_last = entries.len() < ENTRIES_PER_READ;
            after = entries.last().map_or(after, |it| it.position);
            history.extend(entries);
            if is_last {
                return Ok(history);
            }
        }
    }

    /// All parked messages.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn parked(&self) -> Result<Vec<Parked>, StoreError> {
        self.store.parked(ParkedOf::Everything, usize::MAX).await
    }

    pub(crate) fn engine(&self) -> &Engine {
        &self.engine
    }

    /// The store that is read.
    #[must_use]
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }
}

fn typed<D: Any>(stream: &Stream, loaded: Result<InstanceState, Failure>) -> Result<Instance<D>, ReadError> {
    let unreadable = |failure| ReadError::Unreadable { stream: stream.clone(), failure };
    let state = loaded.map_err(unreadable)?;
    let (version, lifecycle) = (state.version(), state.lifecycle());
    let other = || unreadable(Failure::UnknownCategory { category: stream.category().into() });
    let state = *state.downcast::<D>().ok_or_else(other)?;
    Ok(Instance { id: stream.id().into(), version, lifecycle, state })
}
