use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use procession::{
    Partition, Store, Stream, Version,
    log::{Position, ProcessId, Recorded},
    store::{
        Answer, Batch, Committed, EffectCall, Hold, Ownership, Parked, ParkedOf, ProcessExtent, Progress,
        Timer, TimersOf,
    },
};

/// A store whose commits are counted.
pub(crate) struct Counted<S> {
    store: S,
    counts: Counts,
}

/// How often was committed, and how much.
#[derive(Clone, Default)]
pub(crate) struct Counts {
    commits: Arc<AtomicU64>,
    rows: Arc<AtomicU64>,
}

impl Counts {
    pub(crate) fn commits(&self) -> u64 {
        self.commits.load(Ordering::Relaxed)
    }

    pub(crate) fn rows(&self) -> u64 {
        self.rows.load(Ordering::Relaxed)
    }
}

impl<S: Store> Counted<S> {
    pub(crate) fn new(store: S) -> (Self, Counts) {
        let counts = Counts::default();
        (Self { store, counts: counts.clone() }, counts)
    }
}

impl<S: Store> Store for Counted<S> {
    fn name(&self) -> String {
        self.store.name()
    }

    fn partitions(&self) -> u16 {
        self.store.partitions()
    }

    fn max_payload_bytes(&self) -> usize {
        self.store.max_payload_bytes()
    }

    fn commit(&self, batch: Batch) -> Answer<Committed> {
        self.counts.commits.fetch_add(1, Ordering::Relaxed);
        self.counts.rows.fetch_add(batch.entries.len() as u64, Ordering::Relaxed);
        self.store.commit(batch)
    }

    fn acquire(&self, partitions: Vec<Partition>) -> Answer<Vec<Ownership>> {
        self.store.acquire(partitions)
    }

    fn progress(&self) -> Answer<Progress> {
        self.store.progress()
    }

    fn read_log(&self, after: Position, limit: usize) -> Answer<Vec<Recorded>> {
        self.store.read_log(after, limit)
    }

    fn read_stream(&self, stream: Stream, after: Version, limit: usize) -> Answer<Vec<Recorded>> {
        self.store.read_stream(stream, after, limit)
    }

    fn read_streams(&self, streams: Vec<Stream>, limit: usize) -> Answer<Vec<Vec<Recorded>>> {
        self.store.read_streams(streams, limit)
    }

    fn read_process(&self, process: ProcessId, after: Position, limit: usize) -> Answer<Vec<Recorded>> {
        self.store.read_process(process, after, limit)
    }

    fn streams(&self, category: String, after: Option<String>, limit: usize) -> Answer<Vec<Stream>> {
        self.store.streams(category, after, limit)
    }

    fn find_key(&self, key: Arc<str>) -> Answer<Option<Position>> {
        self.store.find_key(key)
    }

    fn id(&self) -> Answer<String> {
        self.store.id()
    }

    fn read_entries(&self, positions: Vec<Position>) -> Answer<Vec<Recorded>> {
        self.store.read_entries(positions)
    }

    fn grown(&self, beyond: Position) -> Answer<()> {
        self.store.grown(beyond)
    }

    fn processes(&self, before: Option<ProcessId>, limit: usize) -> Answer<Vec<ProcessExtent>> {
        self.store.processes(before, limit)
    }

    fn process(&self, process: ProcessId) -> Answer<Option<ProcessExtent>> {
        self.store.process(process)
    }

    fn open_streams(
        &self,
        category: String,
        ends: Vec<String>,
        after: Option<String>,
        limit: usize,
    ) -> Answer<Vec<Recorded>> {
        self.store.open_streams(category, ends, after, limit)
    }

    fn parked(&self, of: ParkedOf, limit: usize) -> Answer<Vec<Parked>> {
        self.store.parked(of, limit)
    }

    fn calls(&self) -> Answer<Vec<EffectCall>> {
        self.store.calls()
    }

    fn holds(&self) -> Answer<Vec<(ProcessId, Hold)>> {
        self.store.holds()
    }

    fn note(&self, name: String) -> Answer<Option<String>> {
        self.store.note(name)
    }

    fn notes(&self, prefix: String) -> Answer<Vec<(String, String)>> {
        self.store.notes(prefix)
    }

    fn timers(&self, of: TimersOf, limit: usize) -> Answer<Vec<Timer>> {
        self.store.timers(of, limit)
    }

    fn due_timers(&self, now: jiff::Timestamp, limit: usize) -> Answer<Vec<Timer>> {
        self.store.due_timers(now, limit)
    }

    fn next_due(&self) -> Answer<Option<jiff::Timestamp>> {
        self.store.next_due()
    }

    fn close(&self) -> Answer<()> {
        self.store.close()
    }
}
