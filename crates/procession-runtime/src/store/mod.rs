//! The one place where processes are durable: a log, its checkpoints, parked messages, calls of effects and timers.

mod archived;
mod batch;
mod error;
mod layer;
mod memory;
mod memory_nodes;
mod memory_projections;
mod nodes;
mod pages;
mod pointer;
mod projections;
mod timers;

use std::{pin::Pin, sync::Arc};

use jiff::Timestamp;
use procession_core::{
    Partition, Stream, Version,
    log::{Position, ProcessId, Recorded},
};

pub use archived::{Archived, NotArchived, ToArchive};
pub use batch::{
    Batch, CheckpointMove, Committed, Delivery, EffectCall, Expected, Hold, HoldKind, NewEntry, NewTimer,
    Ownership, Parked, ParkedOf, ParkedReason, ProcessExtent, ProcessLimits, Progress, Reference, Timer,
    TimerId, TimersOf,
};
pub use error::{Conflict, StoreError};
pub use layer::{Layer, Layered};
pub use memory::MemoryStore;
pub use nodes::{
    Allotment, Heartbeat, Membership, Newest, Node, NodeId, Nodes, ProcessStanding, ShareOfLog, Sharer,
    Standing, allot,
};
pub(crate) use pages::ParkedPages;
pub use projections::{
    Becomes, Generation, GenerationChange, GenerationState, KeyRange, Move, NewParkedStream, ParkedStream,
    ProjectionChange, ProjectionMove, ProjectionStanding, Projections, ReadModelChanges, Row, RowChange,
    RowsOf,
};

/// What a call to a store gives: an answer later.
pub type Answer<T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'static>>;

/// A store: one append-only log, and what must change together with it.
///
/// Every store keeps the same rules, and the conformance suite (`procession-store-tests`) holds it to them:
///
/// - A [`Batch`] takes effect whole, durably and once, or not at all.
/// - Positions are given one after the other, in commit order: who has read up to a position will never find an entry before
///   it. Those behind a checkpoint are dense; before it, [`Batch::archived`] leaves gaps, but the newest entry always stays.
/// - A stream's versions are dense. An event whose expected version is not the stream's is a [`Conflict`].
/// - An idempotency key that was seen before is [`StoreError::Duplicate`], never silently dropped.
/// - A checkpoint moves only forward, and only for its owner. One that stays where it is only asks for the owner.
/// - The calls of one caller to [`Store::commit`] are applied in the order of the calls, whether or not the answers
///   are awaited.
pub trait Store: Send + Sync + 'static {
    /// What people call this store: `sqlite:hotel.db`.
    fn name(&self) -> String;

    /// How many partitions the log has; fixed when the store is created.
    fn partitions(&self) -> u16;

    /// The largest payload that is accepted, in bytes.
    fn max_payload_bytes(&self) -> usize;

    /// Makes a batch durable. The call hands it over; the answer only waits.
    fn commit(&self, batch: Batch) -> Answer<Committed>;

    /// Takes partitions over from whoever owned them.
    fn acquire(&self, partitions: Vec<Partition>) -> Answer<Vec<Ownership>>;

    /// How far the log and its handling are.
    fn progress(&self) -> Answer<Progress>;

    /// Up to `limit` entries after a position, in log order. Positions of archived entries are passed over.
    fn read_log(&self, after: Position, limit: usize) -> Answer<Vec<Recorded>>;

    /// Up to `limit` events of a stream after a version, in order.
    fn read_stream(&self, stream: Stream, after: Version, limit: usize) -> Answer<Vec<Recorded>>;

    /// Of each of these streams the first events, up to `limit`: what states are folded from, for a whole batch at once.
    fn read_streams(&self, streams: Vec<Stream>, limit: usize) -> Answer<Vec<Vec<Recorded>>> {
        let reads: Vec<_> =
            streams.into_iter().map(|it| self.read_stream(it, Version::NONE, limit)).collect();
        Box::pin(async move {
            let mut events = Vec::with_capacity(reads.len());
            for read in reads {
                events.push(read.await?);
            }
            Ok(events)
        })
    }

    /// Up to `limit` entries of a process after a position, in log order.
    fn read_process(&self, process: ProcessId, after: Position, limit: usize) -> Answer<Vec<Recorded>>;

    /// Up to `limit` streams of a category that have events, ordered by id, after an id.
    fn streams(&self, category: String, after: Option<String>, limit: usize) -> Answer<Vec<Stream>>;

    /// Where the message with this idempotency key stands, if it was seen.
    fn find_key(&self, key: Arc<str>) -> Answer<Option<Position>>;

    /// Up to `limit` pieces of processes that are archived, in the order of the processes and of their entries, after the piece
    /// of a process that begins at a position.
    fn archived(&self, after: (ProcessId, Position), limit: usize) -> Answer<Vec<Archived>>;

    /// What tells this store from all others, for ever: with a position it names a message everywhere.
    fn id(&self) -> Answer<String>;

    /// The entries at these positions, in the order of the positions. Those that are not in the log are left out.
    fn read_entries(&self, positions: Vec<Position>) -> Answer<Vec<Recorded>>;

    /// Ends when the log reaches beyond a position, whoever has written that.
    fn grown(&self, beyond: Position) -> Answer<()>;

    /// Up to `limit` processes, the newest first, before one or from the end.
    fn processes(&self, before: Option<ProcessId>, limit: usize) -> Answer<Vec<ProcessExtent>>;

    /// Where the entries of a process are, if it exists.
    fn process(&self, process: ProcessId) -> Answer<Option<ProcessExtent>>;

    /// Up to `limit` newest events of streams of a category, of those whose newest event is none of `ends`; ordered by
    /// the id of the stream, after an id.
    fn open_streams(
        &self,
        category: String,
        ends: Vec<String>,
        after: Option<String>,
        limit: usize,
    ) -> Answer<Vec<Recorded>>;

    /// Up to `limit` parked messages, in the order of the log, and those of one message in the order of their handlers.
    fn parked(&self, of: ParkedOf, limit: usize) -> Answer<Vec<Parked>>;

    /// All calls of effects that are not over, in the order of the log.
    fn calls(&self) -> Answer<Vec<EffectCall>>;

    /// All processes that are held.
    fn holds(&self) -> Answer<Vec<(ProcessId, Hold)>>;

    /// The text that is kept beside the log by this name.
    fn note(&self, name: String) -> Answer<Option<String>>;

    /// All texts that are kept beside the log by a name that begins so, ordered by name.
    fn notes(&self, prefix: String) -> Answer<Vec<(String, String)>>;

    /// Up to `limit` timers.
    fn timers(&self, of: TimersOf, limit: usize) -> Answer<Vec<Timer>>;

    /// Up to `limit` timers that are due, in the order of their due times and of asking.
    fn due_timers(&self, now: Timestamp, limit: usize) -> Answer<Vec<Timer>>;

    /// When the next timer is due.
    fn next_due(&self) -> Answer<Option<Timestamp>>;

    /// Takes a projection over from whoever kept it up, and gives the new fencing token.
    fn acquire_projection(&self, projection: Arc<str>) -> Answer<u64>;

    /// All read models, and where they stand.
    fn projections(&self) -> Answer<Projections>;

    /// The rows with these keys, in the order of the keys. Those of the generation that is read are all of one moment.
    fn rows(&self, of: RowsOf, keys: Vec<String>) -> Answer<Vec<Option<Row>>>;

    /// Up to `limit` rows of a range, in the order of their keys' bytes.
    fn scan_rows(&self, of: RowsOf, range: KeyRange, limit: usize) -> Answer<Vec<(String, Row)>>;

    /// Up to `limit` streams whose events are left out of a generation, in the order of the streams.
    fn parked_streams(&self, generation: Generation, limit: usize) -> Answer<Vec<ParkedStream>>;

    /// How several runtimes share the work on this store, each on its partitions. None if one does all of it.
    fn nodes(&self) -> Option<Arc<dyn Nodes>> {
        None
    }

    /// Finishes what was handed over and lets go of the store.
    fn close(&self) -> Answer<()>;
}
