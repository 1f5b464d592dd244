use std::fmt;

use jiff::Timestamp;
use procession_core::{
    Partition, Stream,
    log::{Position, ProcessId},
};
use serde::{Serialize, Serializer};

use super::OpenBreaker;
use crate::store::{HoldKind, ParkedReason};

/// Where a process is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ProcessState {
    /// Messages of it are before their handlers.
    Running,
    /// Something will wake it: a timer, a call of an effect, a retry, or somebody outside.
    Waiting,
    /// An operator holds it.
    Suspended,
    /// It does not end by itself: a message is parked for good, or nothing will ever wake it.
    Stuck,
    /// Nothing is left to do, or an operator has cancelled it.
    Ended,
}

impl ProcessState {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Running, Self::Waiting, Self::Suspended, Self::Stuck, Self::Ended];

    /// Its name, as it is written in JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Waiting => "waiting",
            Self::Suspended => "suspended",
            Self::Stuck => "stuck",
            Self::Ended => "ended",
        }
    }
}

impl fmt::Display for ProcessState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A process, as it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Standing {
    /// The process.
    pub process: ProcessId,
    /// The message that began it, or, if that is archived, the first that is left in the log. The next two are of this message.
    pub name: String,
    /// The stream of that message.
    #[serde(serialize_with = "written")]
    pub stream: Stream,
    /// When it began.
    pub began: Timestamp,
    /// How many entries it has, those that are archived among them.
    pub messages: u64,
    /// Its newest entry.
    pub last: Position,
    /// Where it is.
    pub state: ProcessState,
    /// What it waits for, what matters most first. Empty if it has ended.
    pub waits_for: Vec<WaitsFor>,
}

/// What a process waits for, since when, and what will wake it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "for", rename_all = "snake_case")]
pub enum WaitsFor {
    /// A message is before its handler.
    Handler {
        /// The message.
        message: String,
        /// Where it stands.
        position: Position,
        /// Whose turn it is.
        #[serde(serialize_with = "written")]
        stream: Stream,
        /// Who handles it.
        partition: Partition,
        /// How many messages stand before their handlers in the partition, this one counted.
        lag: u64,
        /// How many more messages of the process are before their handlers.
        more: u64,
        /// Since when.
        since: Timestamp,
    },
    /// A command becomes due.
    Timer {
        /// The timer's name in the store.
        timer: u64,
        /// The command.
        message: String,
        /// The instance that it is addressed to.
        #[serde(serialize_with = "written")]
        to: Stream,
        /// When.
        due: Timestamp,
        /// How many more timers the process has, that are due later.
        more: u64,
        /// Since when.
        since: Timestamp,
    },
    /// An effect is to be called, or is under way.
    Effect {
        /// The effect.
        effect: String,
        /// The event that asks for it.
        message: String,
        /// Where that stands.
        position: Position,
        /// Which attempt is under way, or comes next; 1 at first.
        attempt: u32,
        /// When the attempt begins or has begun.
        due: Timestamp,
        /// Why the last attempt has failed.
        cause: Option<String>,
        /// That nobody calls at the moment, because the target is down.
        breaker: Option<OpenBreaker>,
        /// The instances that wait for what comes of it.
        wakes: Vec<String>,
        /// Since when.
        since: Timestamp,
    },
    /// A message is parked.
    Parked {
        /// The message.
        message: String,
        /// Where it stands.
        position: Position,
        /// The handler that it is parked for.
        handler: String,
        /// Its stream.
        #[serde(serialize_with = "written")]
        stream: Stream,
        /// What holds it up.
        #[serde(serialize_with = "by_reason")]
        reason: ParkedReason,
        /// Why the handler has failed.
        cause: Option<String>,
        /// How often the handler has failed.
        attempts: u32,
        /// When it is tried again by itself; none if only an operator can do that.
        retry_at: Option<Timestamp>,
        /// The failed message that it stands behind.
        behind: Option<Position>,
        /// How many more messages of the process are parked that are not listed; 0 for all but the last that is.
        more: u64,
        /// Since when.
        since: Timestamp,
    },
    /// An instance waits for what only somebody outside can begin.
    Outside {
        /// The instance.
        #[serde(serialize_with = "written")]
        instance: Stream,
        /// The messages that it takes.
        awaits: Vec<String>,
        /// The handlers that make them.
        from: Vec<String>,
        /// The commands and events from outside that they follow from.
        wakes: Vec<String>,
        /// Since when.
        since: Timestamp,
    },
    /// An operator holds the process.
    Operator {
        /// How.
        #[serde(serialize_with = "by_hold")]
        kind: HoldKind,
        /// Where the operator's request stands.
        operation: Position,
        /// Who has asked for it.
        by: Option<String>,
        /// Why.
        why: Option<String>,
        /// Since when.
        since: Timestamp,
    },
    /// An instance has not ended, and nothing will ever wake it.
    Nothing {
        /// The instance.
        #[serde(serialize_with = "written")]
        instance: Stream,
        /// The messages that it takes, none of which can come.
        awaits: Vec<String>,
        /// The handlers that would make them.
        from: Vec<String>,
        /// Since when.
        since: Timestamp,
    },
}

impl WaitsFor {
    /// Since when it waits.
    #[must_use]
    pub fn since(&self) -> Timestamp {
        match self {
            Self::Handler { since, .. }
            | Self::Timer { since, .. }
            | Self::Effect { since, .. }
            | Self::Parked { since, .. }
            | Self::Outside { since, .. }
            | Self::Operator { since, .. }
            | Self::Nothing { since, .. } => *since,
        }
    }
}

fn written<S: Serializer>(stream: &Stream, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(stream)
}

fn by_reason<S: Serializer>(reason: &ParkedReason, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(match reason {
        ParkedReason::Failed => "failed",
        ParkedReason::Behind => "behind",
        ParkedReason::Suspended => "suspended",
    })
}

fn by_hold<S: Serializer>(kind: &HoldKind, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(match kind {
        HoldKind::Suspended => "suspended",
        HoldKind::Cancelled => "cancelled",
    })
}
