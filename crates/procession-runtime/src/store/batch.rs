use std::{borrow::Cow, sync::Arc};

use jiff::Timestamp;
use procession_core::{
    Cancellation, Partition, Stream, Version,
    log::{Encoded, Entry, Position, ProcessId},
};

use super::{Archived, ReadModelChanges};

/// Everything that one commit makes durable together.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    /// Commit only if this is still the newest position, so that nothing lies between what was read and what is
    /// written; without it, wherever the log ends.
    pub after: Option<Position>,
    /// Commit only if these streams have these versions before it: what decisions stand on that record no event.
    pub stood_on: Vec<(Stream, Version)>,
    /// The entries, in the order they get in the log.
    pub entries: Vec<NewEntry>,
    /// How far partitions are handled now.
    pub checkpoints: Vec<CheckpointMove>,
    /// Messages that wait for a handler out of turn. One that waits for it already is replaced.
    pub parked: Vec<Parked>,
    /// Messages that wait for a handler out of turn no longer. Taken out before those of this batch are added.
    pub released: Vec<Delivery>,
    /// Calls of effects that are to be made. One that is open already is replaced.
    pub calls: Vec<EffectCall>,
    /// Calls of effects that are over, or not wanted any more. Taken out before those of this batch are added.
    pub closed_calls: Vec<Delivery>,
    /// Commands that become due later.
    pub timers: Vec<NewTimer>,
    /// Timers whose commands are among the entries, or that are taken back by their names. Such a command is accepted
    /// whatever its size, because it was accepted before.
    pub fired: Vec<TimerId>,
    /// Timers of earlier batches that are taken back, before those of this batch are added.
    pub cancelled: Vec<Cancellation>,
    /// Timers that become due at another time.
    pub moved: Vec<(TimerId, Timestamp)>,
    /// Processes that are held, or, with none, let go.
    pub holds: Vec<(ProcessId, Option<Hold>)>,
    /// Texts that are kept beside the log by their names, or, with none, forgotten.
    pub notes: Vec<(Cow<'static, str>, Option<String>)>,
    /// What changes in read models.
    pub read_models: ReadModelChanges,
    /// Pieces of ended processes that are in a file by now: their entries leave the log, and they are noted in place of them.
    pub archived: Vec<Archived>,
    /// How large a process may become by this batch.
    pub process_limits: ProcessLimits,
}

/// A message for one of its handlers.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Delivery {
    /// The message.
    pub position: Position,
    /// The handler: a category, or `saga`, `module`, `route to` or `effect` with a name.
    pub handler: Cow<'static, str>,
}

/// How large a process may become. A batch that makes one larger is refused with [`StoreError::ProcessTooLarge`].
///
/// [`StoreError::ProcessTooLarge`]: super::StoreError::ProcessTooLarge
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProcessLimits {
    /// Entries of the log.
    pub messages: u64,
    /// Commands that wait for their time.
    pub timers: u64,
}

impl Default for ProcessLimits {
    fn default() -> Self {
        Self { messages: u64::MAX, timers: u64::MAX }
    }
}

/// That an operator holds a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hold {
    /// What becomes of its messages.
    pub kind: HoldKind,
    /// Where the operator's request stands in the log.
    pub operation: Position,
}

/// What becomes of the messages of a process that is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum HoldKind {
    /// They wait until it is resumed.
    Suspended,
    /// They are not handled any more.
    Cancelled,
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

impl Reference {
    /// Where the message stands, when the batch stands after a position.
    #[must_use]
    pub fn resolve(self, after: Position) -> Position {
        match self {
            Self::Position(position) => position,
            Self::Entry(index) => after.plus(index as u64 + 1),
        }
    }
}

impl NewEntry {
    /// The version that it will have, if it says which one its stream must have before it.
    #[must_use]
    pub fn version(&self) -> Option<Version> {
        match self.expected {
            Expected::Version(before) => Some(before.next()),
            Expected::Any => None,
        }
    }
}

impl Parked {
    /// The message, for the handler that it waits for.
    #[must_use]
    pub fn delivery(&self) -> Delivery {
        Delivery { position: self.position, handler: self.handler.clone() }
    }
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

/// A message that waits for one of its handlers out of turn, because that has failed, or because something else holds it up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parked {
    /// The message.
    pub position: Position,
    /// The handler: a category, or `saga`, `module`, `route to` or `effect` with a name.
    pub handler: Cow<'static, str>,
    /// The stream of the message; what follows for it and the handler is parked too.
    pub stream: Stream,
    /// The process of the message.
    pub process: ProcessId,
    /// What holds it up.
    pub reason: ParkedReason,
    /// Why the handler has failed; none if it has not.
    pub cause: Option<String>,
    /// How often the handler has failed.
    pub attempts: u32,
    /// When it is tried again without an operator; none if it is not.
    pub retry_at: Option<Timestamp>,
    /// Where the operator's request stands that has given it another payload.
    pub edited: Option<Position>,
    /// When it was parked, first.
    pub at: Timestamp,
}

/// What holds a parked message up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ParkedReason {
    /// Its handler has failed.
    Failed,
    /// An earlier message of its stream is parked for the same handler.
    Behind,
    /// Its process is suspended.
    Suspended,
}

/// Which parked messages are meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ParkedOf {
    /// All.
    Everything,
    /// Those that come after one: what follows when all are read in pages.
    After(Delivery),
    /// Those of one stream for one handler.
    Stream {
        /// The handler.
        handler: String,
        /// The stream.
        stream: Stream,
    },
    /// Those of one process.
    Process(ProcessId),
    /// Those of one process that come after one.
    ProcessAfter(ProcessId, Delivery),
}

/// A call of an effect that is still to be made, or under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EffectCall {
    /// The event that asks for it, and `effect` with the effect's name.
    pub delivery: Delivery,
    /// The stream of the event. An effect is called for its events one after another.
    pub stream: Stream,
    /// The process of the event.
    pub process: ProcessId,
    /// How often it has failed.
    pub attempts: u32,
    /// When it is to be made.
    pub due: Timestamp,
    /// Why it has failed last.
    pub cause: Option<String>,
    /// When it was asked for.
    pub at: Timestamp,
}

/// Which timers are meant, in the order of their due times and of asking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimersOf {
    /// All after one, or from the first.
    After(Option<(Timestamp, TimerId)>),
    /// Those that a process has asked for.
    Process(ProcessId),
    /// One by its name.
    Id(TimerId),
}

/// Where the entries of a process begin and end, and how large it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProcessExtent {
    /// The process.
    pub process: ProcessId,
    /// Its newest entry.
    pub last: Position,
    /// How many entries it has, those that are archived among them.
    pub messages: u64,
    /// How many commands of it wait for their time.
    pub timers: u64,
}

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
