use std::sync::Arc;

use jiff::Timestamp;
use procession_core::{
    Partition, Stream, Version,
    log::{Position, ProcessId, Recorded},
};

use super::{
    Answer, Archived, Batch, Committed, EffectCall, Generation, Hold, KeyRange, Nodes, Ownership, Parked,
    ParkedOf, ParkedStream, ProcessExtent, Progress, Projections, Row, RowsOf, Store, Timer, TimersOf,
};

/// What stands between a runtime and its store, and lets things go wrong there: for tests of what must not depend on that.
///
/// [`Layered`] makes a store of it.
pub trait Layer: Send + Sync + 'static {
    /// The store below.
    fn below(&self) -> &Arc<dyn Store>;

    /// Every call that changes nothing.
    fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&dyn Store) -> Answer<T> + Send + 'static,
    ) -> Answer<T> {
        read(&**self.below())
    }

    /// A batch on its way to the store.
    fn commit(&self, batch: Batch) -> Answer<Committed> {
        self.below().commit(batch)
    }

    /// Somebody takes partitions over.
    fn acquire(&self, partitions: Vec<Partition>) -> Answer<Vec<Ownership>> {
        self.read(|it| it.acquire(partitions))
    }

    /// Somebody waits for the log to grow.
    fn grown(&self, beyond: Position) -> Answer<()> {
        self.below().grown(beyond)
    }

    /// How nodes share the store. Without a choice, whoever has this layer takes all of it for its own.
    fn nodes(&self) -> Option<Arc<dyn Nodes>> {
        None
    }

    /// The runtime lets go of the store.
    fn close(&self) -> Answer<()> {
        self.below().close()
    }
}

/// A store behind a [`Layer`].
#[derive(Clone, Debug)]
pub struct Layered<L>(
    /// What stands before it.
    pub L,
);

impl<L: Layer> Store for Layered<L> {
    fn name(&self) -> String {
        self.0.below().name()
    }

    fn partitions(&self) -> u16 {
        self.0.below().partitions()
    }

    fn max_payload_bytes(&self) -> usize {
        self.0.below().max_payload_bytes()
    }

    fn commit(&self, batch: Batch) -> Answer<Committed> {
        self.0.commit(batch)
    }

    fn acquire(&self, partitions: Vec<Partition>) -> Answer<Vec<Ownership>> {
        self.0.acquire(partitions)
    }

    fn progress(&self) -> Answer<Progress> {
        self.0.read(|it| it.progress())
    }

    fn read_log(&self, after: Position, limit: usize) -> Answer<Vec<Recorded>> {
        self.0.read(move |it| it.read_log(after, limit))
    }

    fn read_stream(&self, stream: Stream, after: Version, limit: usize) -> Answer<Vec<Recorded>> {
        self.0.read(move |it| it.read_stream(stream, after, limit))
    }

    fn read_streams(&self, streams: Vec<Stream>, limit: usize) -> Answer<Vec<Vec<Recorded>>> {
        self.0.read(move |it| it.read_streams(streams, limit))
    }

    fn read_process(&self, process: ProcessId, after: Position, limit: usize) -> Answer<Vec<Recorded>> {
        self.0.read(move |it| it.read_process(process, after, limit))
    }

    fn streams(&self, category: String, after: Option<String>, limit: usize) -> Answer<Vec<Stream>> {
        self.0.read(move |it| it.streams(category, after, limit))
    }

    fn find_key(&self, key: Arc<str>) -> Answer<Option<Position>> {
        self.0.read(|it| it.find_key(key))
    }

    fn archived(&self, after: (ProcessId, Position), limit: usize) -> Answer<Vec<Archived>> {
        self.0.read(move |it| it.archived(after, limit))
    }

    fn id(&self) -> Answer<String> {
        self.0.read(|it| it.id())
    }

    fn read_entries(&self, positions: Vec<Position>) -> Answer<Vec<Recorded>> {
        self.0.read(|it| it.read_entries(positions))
    }

    fn grown(&self, beyond: Position) -> Answer<()> {
        self.0.grown(beyond)
    }

    fn processes(&self, before: Option<ProcessId>, limit: usize) -> Answer<Vec<ProcessExtent>> {
        self.0.read(move |it| it.processes(before, limit))
    }

    fn process(&self, process: ProcessId) -> Answer<Option<ProcessExtent>> {
        self.0.read(move |it| it.process(process))
    }

    fn open_streams(
        &self,
        category: String,
        ends: Vec<String>,
        after: Option<String>,
        limit: usize,
    ) -> Answer<Vec<Recorded>> {
        self.0.read(move |it| it.open_streams(category, ends, after, limit))
    }

    fn parked(&self, of: ParkedOf, limit: usize) -> Answer<Vec<Parked>> {
        self.0.read(move |it| it.parked(of, limit))
    }

    fn calls(&self) -> Answer<Vec<EffectCall>> {
        self.0.read(|it| it.calls())
    }

    fn holds(&self) -> Answer<Vec<(ProcessId, Hold)>> {
        self.0.read(|it| it.holds())
    }

    fn note(&self, name: String) -> Answer<Option<String>> {
        self.0.read(|it| it.note(name))
    }

    fn notes(&self, prefix: String) -> Answer<Vec<(String, String)>> {
        self.0.read(|it| it.notes(prefix))
    }

    fn timers(&self, of: TimersOf, limit: usize) -> Answer<Vec<Timer>> {
        self.0.read(move |it| it.timers(of, limit))
    }

    fn due_timers(&self, now: Timestamp, limit: usize) -> Answer<Vec<Timer>> {
        self.0.read(move |it| it.due_timers(now, limit))
    }

    fn next_due(&self) -> Answer<Option<Timestamp>> {
        self.0.read(|it| it.next_due())
    }

    fn nodes(&self) -> Option<Arc<dyn Nodes>> {
        self.0.nodes()
    }

    fn acquire_projection(&self, projection: Arc<str>) -> Answer<u64> {
        self.0.read(move |it| it.acquire_projection(projection))
    }

    fn projections(&self) -> Answer<Projections> {
        self.0.read(|it| it.projections())
    }

    fn rows(&self, of: RowsOf, keys: Vec<String>) -> Answer<Vec<Option<Row>>> {
        self.0.read(move |it| it.rows(of, keys))
    }

    fn scan_rows(&self, of: RowsOf, range: KeyRange, limit: usize) -> Answer<Vec<(String, Row)>> {
        self.0.read(move |it| it.scan_rows(of, range, limit))
    }

    fn parked_streams(&self, generation: Generation, limit: usize) -> Answer<Vec<ParkedStream>> {
        self.0.read(move |it| it.parked_streams(generation, limit))
    }

    fn close(&self) -> Answer<()> {
        self.0.close()
    }
}
