//! A store behind a pointer is a store too: for those who learn only when they run which one it is.

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

impl<S: Store + ?Sized> Store for Arc<S> {
    fn name(&self) -> String {
        (**self).name()
    }

    fn partitions(&self) -> u16 {
        (**self).partitions()
    }

    fn max_payload_bytes(&self) -> usize {
        (**self).max_payload_bytes()
    }

    fn commit(&self, batch: Batch) -> Answer<Committed> {
        (**self).commit(batch)
    }

    fn acquire(&self, partitions: Vec<Partition>) -> Answer<Vec<Ownership>> {
        (**self).acquire(partitions)
    }

    fn progress(&self) -> Answer<Progress> {
        (**self).progress()
    }

    fn read_log(&self, after: Position, limit: usize) -> Answer<Vec<Recorded>> {
        (**self).read_log(after, limit)
    }

    fn read_stream(&self, stream: Stream, after: Version, limit: usize) -> Answer<Vec<Recorded>> {
        (**self).read_stream(stream, after, limit)
    }

    fn read_streams(&self, streams: Vec<Stream>, limit: usize) -> Answer<Vec<Vec<Recorded>>> {
        (**self).read_streams(streams, limit)
    }

    fn read_process(&self, process: ProcessId, after: Position, limit: usize) -> Answer<Vec<Recorded>> {
        (**self).read_process(process, after, limit)
    }

    fn streams(&self, category: String, after: Option<String>, limit: usize) -> Answer<Vec<Stream>> {
        (**self).streams(category, after, limit)
    }

    fn find_key(&self, key: Arc<str>) -> Answer<Option<Position>> {
        (**self).find_key(key)
    }

    fn archived(&self, after: (ProcessId, Position), limit: usize) -> Answer<Vec<Archived>> {
        (**self).archived(after, limit)
    }

    fn id(&self) -> Answer<String> {
        (**self).id()
    }

    fn read_entries(&self, positions: Vec<Position>) -> Answer<Vec<Recorded>> {
        (**self).read_entries(positions)
    }

    fn grown(&self, beyond: Position) -> Answer<()> {
        (**self).grown(beyond)
    }

    fn processes(&self, before: Option<ProcessId>, limit: usize) -> Answer<Vec<ProcessExtent>> {
        (**self).processes(before, limit)
    }

    fn process(&self, process: ProcessId) -> Answer<Option<ProcessExtent>> {
        (**self).process(process)
    }

    fn open_streams(
        &self,
        category: String,
        ends: Vec<String>,
        after: Option<String>,
        limit: usize,
    ) -> Answer<Vec<Recorded>> {
        (**self).open_streams(category, ends, after, limit)
    }

    fn parked(&self, of: ParkedOf, limit: usize) -> Answer<Vec<Parked>> {
        (**self).parked(of, limit)
    }

    fn calls(&self) -> Answer<Vec<EffectCall>> {
        (**self).calls()
    }

    fn holds(&self) -> Answer<Vec<(ProcessId, Hold)>> {
        (**self).holds()
    }

    fn note(&self, name: String) -> Answer<Option<String>> {
        (**self).note(name)
    }

    fn notes(&self, prefix: String) -> Answer<Vec<(String, String)>> {
        (**self).notes(prefix)
    }

    fn timers(&self, of: TimersOf, limit: usize) -> Answer<Vec<Timer>> {
        (**self).timers(of, limit)
    }

    fn due_timers(&self, now: Timestamp, limit: usize) -> Answer<Vec<Timer>> {
        (**self).due_timers(now, limit)
    }

    fn next_due(&self) -> Answer<Option<Timestamp>> {
        (**self).next_due()
    }

    fn nodes(&self) -> Option<Arc<dyn Nodes>> {
        (**self).nodes()
    }

    fn acquire_projection(&self, projection: Arc<str>) -> Answer<u64> {
        (**self).acquire_projection(projection)
    }

    fn projections(&self) -> Answer<Projections> {
        (**self).projections()
    }

    fn rows(&self, of: RowsOf, keys: Vec<String>) -> Answer<Vec<Option<Row>>> {
        (**self).rows(of, keys)
    }

    fn scan_rows(&self, of: RowsOf, range: KeyRange, limit: usize) -> Answer<Vec<(String, Row)>> {
        (**self).scan_rows(of, range, limit)
    }

    fn parked_streams(&self, generation: Generation, limit: usize) -> Answer<Vec<ParkedStream>> {
        (**self).parked_streams(generation, limit)
    }

    fn close(&self) -> Answer<()> {
        (**self).close()
    }
}
