use std::{borrow::Cow, sync::Arc};

use jiff::Timestamp;
use procession_core::{
    Cancellation, Partition, Stream, Version,
    log::{Encoded, Entry, Position, ProcessId},
};

/// Everything that one commit makes durable together.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    /// Commit only if this is still the newest position, so that nothing lies between what was read and what is
    /// written; without it, wherever the log ends.
    pub after: Option<Position>,
    /// The entries, in the order they get in the log.
    pub entries: Vec<NewEntry>,
    /// How far partitions are handled now.
    pub checkpoints: Vec<CheckpointMove>,
    /// Messages whose handler failed.
    pub parked: Vec<NewParked>,
    /// Commands that become due later.
    pub timers: Vec<NewTimer>,
    /// Timers whose commands are among the entries.
    pub fired: Vec<TimerId>,
    /// Timers of earlier batches that are taken back, before those of this batch are added.
    pub cancelled: Vec<Cancellation>,
}

/// An entry on its way into the log.
#[derive(Clone, Debug)]
pub struct NewEntry {
    /// What is written.
    pub entry: Arc<Entry>,
    /// The process that it belongs to; none if it begins one.
    pub process: Option<Reference>,
    /// The message that caused it; none if it comes from outside.
    pub causation: Option<Reference>,
    /// Events only: the version that its stream must have before it.
    pub expected: Expected,
    /// What makes a message from outside recognisable when it comes again.
    pub idempotency_key: Option<Arc<str>>,
}

/// A message that an entry refers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reference {
    /// One that is in the log.
    Position(Position),
    /// One of the same batch, by its index.
    Entry(usize),
}

/// The version that a stream must have before an event is appended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// Whatever it has.
    Any,
    /// Exactly this one; [`Version::NONE`] for a stream that must not exist yet.
    Version(Version),
}

/// What a commit gives back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Committed {
    /// The newest position before the batch: its entries stand right after it.
    pub after: Position,
}

/// The right to handle a partition, until somebody else acquires it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ownership {
    /// The partition.
    pub partition: Partition,
    /// The fencing token: a commit with an older one is refused.
    pub token: u64,
    /// Up to where the partition is handled.
    pub checkpoint: Position,
}

/// A partition's checkpoint on its way forward.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CheckpointMove {
    /// The partition.
    pub partition: Partition,
    /// The owner's fencing token.
    pub token: u64,
    /// Where the owner believes the checkpoint to be.
    pub from: Position,
    /// Where it goes.
    pub to: Position,
}

/// How far a log and its handling are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// The newest position.
    pub head: Position,
    /// Each partition's checkpoint.
    pub checkpoints: Vec<Position>,
}

/// A message on its way to be parked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewParked {
    /// The message.
    pub position: Position,
    /// The handler that failed: a category, or `saga`, `module` or `route to` with a name.
    pub handler: Cow<'static, str>,
    /// The stream of the message; what follows for it and the handler is parked too.
    pub stream: Stream,
    /// The process of the message.
    pub process: ProcessId,
    /// Why; none for a message that waits behind a parked one.
    pub cause: Option<String>,
    /// When.
    pub at: Timestamp,
}

/// A parked message.
pub type Parked = NewParked;

/// A command on its way to become due.
#[derive(Clone, Debug)]
pub struct NewTimer {
    /// When it becomes due.
    pub due: Timestamp,
    /// The instance that it is addressed to.
    pub to: Stream,
    /// The process manager's instance that asked for it, if one did.
    pub sender: Option<Stream>,
    /// The command.
    pub message: Encoded,
    /// The process that asked for it.
    pub process: Reference,
    /// The message whose handling asked for it.
    pub causation: Reference,
}

/// Names a timer in its store. Timers that were asked for later have higher ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TimerId(pub u64);

/// A command that waits for its time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timer {
    /// Its name in the store.
    pub id: TimerId,
    /// When it becomes due.
    pub due: Timestamp,
    /// The instance that it is addressed to.
    pub to: Stream,
    /// The process manager's instance that asked for it, if one did.
    pub sender: Option<Stream>,
    /// The command.
    pub message: Encoded,
    /// The process that asked for it.
    pub process: ProcessId,
    /// The message whose handling asked for it.
    pub causation: Position,
}
