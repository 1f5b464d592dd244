//! What clients ask of a processor, and what they get.

use std::sync::Arc;

use jiff::Timestamp;
use procession_core::{
    EncodeError, Failure, InvalidId, Stream, Version,
    log::{Entry, Position, ProcessId, Recorded},
};
use tokio::sync::oneshot;

/// A command from outside.
pub(crate) struct Request {
    pub(crate) entry: Arc<Entry>,
    pub(crate) idempotency_key: Option<Arc<str>>,
    /// The message that it answers, and whose process it continues.
    pub(crate) cause: Option<(Position, ProcessId)>,
    pub(crate) mode: Mode,
}

/// How the command is to be taken.
pub(crate) enum Mode {
    /// Handle it and tell what came of it.
    Execute { expected: Option<Version>, reply: oneshot::Sender<Result<Answered, RequestError>> },
    /// Log it; it is handled when its turn comes.
    Send { reply: oneshot::Sender<Result<Sent, RequestError>> },
}

/// Everything that reaches a processor.
pub(crate) enum Call {
    Request(Request),
    Wait {
        process: ProcessId,
        reply: oneshot::Sender<Quiet>,
    },
    Reply {
        process: ProcessId,
        awaited: Vec<&'static str>,
        reply: oneshot::Sender<Recorded>,
        registered: oneshot::Sender<()>,
    },
    /// Waits until nothing is on the way, and tells when something becomes due.
    Settle {
        reply: oneshot::Sender<Option<Timestamp>>,
    },
    /// Commits nothing from when it says so until it is resumed.
    Pause {
        paused: oneshot::Sender<()>,
        resumed: oneshot::Receiver<()>,
    },
    Stop {
        reply: oneshot::Sender<()>,
    },
}

/// A command that is in the log and will be handled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sent {
    /// The process that it began.
    pub process: ProcessId,
    /// Where it stands.
    pub position: Position,
}

/// What came of an executed command, untyped.
#[derive(Debug, Clone)]
pub(crate) struct Answered {
    pub(crate) process: ProcessId,
    pub(crate) position: Position,
    /// The events, or the rejection.
    pub(crate) outcome: Vec<Recorded>,
    /// The version of the command's stream now.
    pub(crate) version: Version,
}

/// A process that has no message on the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quiet {
    /// The process.
    pub process: ProcessId,
    /// How many of its messages are parked. When there are any, the process is suspended, waits for a retry, or is stuck.
    pub parked: u64,
}

/// Why a command was not taken. Nothing of it is in the log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// No instance can have this id.
    #[error(transparent)]
    InvalidId(InvalidId),
    /// The command cannot be written.
    #[error(transparent)]
    Encode(EncodeError),
    /// The instance has another version than the caller expected.
    #[error("{stream} has version {actual}, not {expected} as expected; look at it again and decide again")]
    Conflict {
        /// The instance.
        stream: Stream,
        /// What the caller expected.
        expected: Version,
        /// What it has.
        actual: Version,
    },
    /// The idempotency key was used before, for another command.
    #[error("the idempotency key `{key}` was used before, for another command (at position {position})")]
    KeyReused {
        /// The key.
        key: String,
        /// Where the earlier command stands.
        position: Position,
    },
    /// The idempotency key was used before, and what came of it is archived.
    #[error(
        "the idempotency key `{key}` was used before (at position {position}), and that is archived by now, so what came of \
         it cannot be told; it is not done again"
    )]
    Archived {
        /// The key.
        key: String,
        /// Where the earlier command stood.
        position: Position,
    },
    /// The message that the command answers is not one of this log.
    #[error("the message at position {position}, which the command answers, is not in this log")]
    UnknownCause {
        /// The position.
        position: Position,
    },
    /// The idempotency key was used before. Resolved before it reaches a caller.
    #[doc(hidden)]
    #[error("the idempotency key was used before, at position {position}")]
    Seen {
        /// Where the earlier command stands.
        position: Position,
    },
    /// An earlier message of the instance is parked, so that no later one may be handled before it.
    #[error(
        "{stream} waits: an earlier message for it is parked, because its handler failed; `Reader::parked` says which \
         one, why, and whether it is tried again by itself; an operator can retry, edit or discard it"
    )]
    Blocked {
        /// The instance.
        stream: Stream,
    },
    /// An operator has suspended the process that the command continues.
    #[error("process {process}, which the command continues, is suspended; it can be resumed")]
    Suspended {
        /// The process.
        process: ProcessId,
    },
    /// An operator has cancelled the process that the command continues.
    #[error("process {process}, which the command continues, was cancelled; it takes nothing more")]
    Cancelled {
        /// The process.
        process: ProcessId,
    },
    /// The handler failed.
    #[error("`{command}` for {stream} could not be handled: {failure}")]
    Failed {
        /// The command.
        command: String,
        /// The instance.
        stream: Stream,
        /// Why.
        failure: Box<Failure>,
    },
    /// The command is too large for the store.
    #[error("`{command}` has {bytes} bytes; the store takes at most {limit}")]
    TooLarge {
        /// The command.
        command: String,
        /// Its size.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
    /// The store did not take it, and may later.
    #[error("the store cannot take anything now: {0}")]
    Unavailable(String),
    /// The runtime has stopped.
    #[error("the runtime has stopped{}", if .0.is_empty() { String::new() } else { format!(": {}", .0) })]
    Stopped(String),
}
