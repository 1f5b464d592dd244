//! Inline read models: their rows are written in the very batch that holds the events.

use std::{collections::BTreeSet, sync::Arc};

use procession_core::{Engine, Folded, KnownRows, Poison, Projection, Stream, log::Recorded};

use super::{Processor, batching::Batching};
use crate::{
    cache::Cache,
    projections::leave_behind,
    store::{
        Generation, GenerationState, NewParkedStream, ProjectionStanding, Reference, RowChange, Store,
        StoreError,
    },
};

/// What the processor knows of inline read models.
#[derive(Default)]
pub(super) struct Inline {
    /// What it has looked at; none if nobody here writes rows inline.
    epoch: Option<u64>,
    models: Vec<InlineModel>,
}

struct InlineModel {
    projection: Arc<Projection>,
    generation: Generation,
    parked: BTreeSet<Stream>,
    /// Rows as they will be once all that is in flight is durable; those that are not there too, with revision 0.
    rows: Cache<String, Remembered>,
}

#[derive(Default)]
struct Remembered {
    value: Option<Arc<str>>,
    revision: u64,
}

/// Rows that stay in memory, for each read model.
const CACHED_ROWS: usize = 10_000;

impl Inline {
    /// Forgets all rows, and looks where the read models stand. Beside other nodes, who writes nothing inline must hear of it too when
    /// one of them begins to.
    pub(super) async fn look(
        engine: &Engine,
        store: &dyn Store,
        is_one_of_many: bool,
    ) -> Result<Self, StoreError> {
        let mut standings = store.projections().await?;
        while let Some(it) = standings.generations.iter().find(|it| is_of_another_release(engine, it)) {
            leave_behind(store, it.generation.clone(), it.checkpoint).await?;
            standings = store.projections().await?;
        }
        if !is_one_of_many && !engine.projections().any(|it| it.is_inline()) {
            return Ok(Self::default());
        }
        let mut models = Vec::new();
        let inline = standings.generations.into_iter().filter(|it| it.state == GenerationState::Inline);
        for it in inline {
            let Some(projection) = engine.projection(&it.generation.projection) else { continue };
            let parked = match it.parked {
                0 => Vec::new(),
                _ => store.parked_streams(it.generation.clone(), usize::MAX).await?,
            };
            models.push(InlineModel {
                projection: Arc::clone(projection),
                generation: it.generation,
                parked: parked.into_iter().map(|it| it.stream).collect(),
                rows: Cache::new(CACHED_ROWS),
            });
        }
        Ok(Self { epoch: Some(standings.epoch), models })
    }
}

fn is_of_another_release(engine: &Engine, it: &ProjectionStanding) -> bool {
    let writes_it =
        |projection: &Arc<Projection>| projection.is_inline() && projection.declared_version() == it.version;
    let projection = engine.projection(&it.generation.projection);
    it.state == GenerationState::Inline && !projection.is_some_and(writes_it)
}

impl Inline {
    pub(super) fn has_models(&self) -> bool {
        !self.models.is_empty()
    }
}

impl Processor {
    /// Folds the events of a batch into the inline read models. What they change goes with it.
    pub(super) async fn project_inline(&mut self, batching: &mut Batching) -> Result<(), StoreError> {
        let Some(epoch) = self.inline.epoch else { return Ok(()) };
        batching.batch.read_models.epoch = Some(epoch);
        let revision = self.random.u64(1..1 << 63);
        for model in &mut self.inline.models {
            if self.share.is_part() {
                // Other nodes write the same rows, and nothing is in flight.
                model.rows.clear();
            }
            let events = batching.entries(|it| model.projection.takes(it));
            if !events.is_empty() {
                let folded = model.fold(&events, &*self.store).await?;
                model.change(folded, revision, batching);
            }
        }
        Ok(())
    }
}

impl InlineModel {
    async fn fold(&mut self, events: &[Recorded], store: &dyn Store) -> Result<Folded, StoreError> {
        let mut known = KnownRows::new();
        loop {
            let is_parked = |stream: &Stream| self.parked.contains(stream);
            let folded = self.projection.fold(events, &known, store.max_payload_bytes(), is_parked);
            if folded.missing.is_empty() {
                return Ok(folded);
            }
            self.load(&folded.missing, store).await?;
            let rows = folded.missing.into_iter();
            known.extend(
                rows.map(|key| (key.clone(), self.rows.get_mut(&key).and_then(|it| it.value.clone()))),
            );
        }
    }

    /// Reads what is not in memory. Rows of batches in flight are: the store does not have them yet.
    async fn load(&mut self, keys: &BTreeSet<String>, store: &dyn Store) -> Result<(), StoreError> {
        let unknown: Vec<String> =
            keys.iter().filter(|it| self.rows.get_mut(*it).is_none()).cloned().collect();
        if unknown.is_empty() {
            return Ok(());
        }
        let rows = store.rows(self.generation.clone().into(), unknown.clone()).await?;
        for (key, row) in unknown.into_iter().zip(rows) {
            let row = row.map(|it| Remembered { value: Some(it.value), revision: it.revision });
            self.rows.insert(key, row.unwrap_or_default());
        }
        Ok(())
    }

    /// Puts what has changed into the batch, and remembers it.
    fn change(&mut self, folded: Folded, revision: u64, batching: &mut Batching) {
        let (generation, at) = (&self.generation, batching.now);
        let changes = &mut batching.batch.read_models;
        for (key, value) in folded.rows {
            let expected = self.rows.get_mut(&key).map(|it| it.revision);
            let is_there = if value.is_some() { revision } else { 0 };
            self.rows.insert(key.clone(), Remembered { value: value.clone(), revision: is_there });
            changes.rows.push(RowChange { generation: generation.clone(), key, value, revision, expected });
        }
        for Poison { stream, position, failure } in folded.parked {
            let (projection, cause) = (&*generation.projection, failure.to_string());
            tracing::warn!(projection, %stream, position = position.0, cause, "the stream is parked");
            self.parked.insert(stream.clone());
            let first = Reference::Position(position);
            changes.parked.push(NewParkedStream { generation: generation.clone(), stream, first, cause, at });
        }
    }
}
