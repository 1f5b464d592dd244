use jiff::Timestamp;
use procession_core::log::{Position, ProcessId};
use serde::Serialize;

use super::Conflict;

/// A piece of a process that has ended, and that is in a file in place of the log: from one entry to another, all that is
/// not kept ([`Kind::is_kept`](procession_core::log::Kind::is_kept)).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Archived {
    /// The process.
    pub process: ProcessId,
    /// The first entry that is in the file.
    pub first: Position,
    /// Up to where the process is archived. What is kept stays in the log.
    pub last: Position,
    /// How many entries are in the file.
    pub entries: u64,
    /// What tells whether the lines of the file are those that were written. A store takes any text.
    pub digest: String,
    /// The name of the file.
    pub file: String,
    /// When.
    pub at: Timestamp,
}

/// Why a piece of a process cannot be archived.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotArchived {
    /// A message is parked, a call or a timer is open, or an operator holds the process.
    #[error("something of it waits, or an operator holds it")]
    Waits,
    /// A partition is not handled up to there, or a read model that is read has not come that far.
    #[error("not every partition, or not every read model, has come that far")]
    NotHandled,
    /// The newest entry of the log says where the log goes on, so it stays.
    #[error("it reaches up to the end of the log")]
    Newest,
    /// Somebody else has archived some of it.
    #[error("the log does not hold all of it any more")]
    Others,
}

/// What a store finds of a piece that is to be archived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ToArchive {
    /// Whether the process has a parked message, a call, a timer or a hold.
    pub waits: bool,
    /// Up to where every partition is handled, and every read model that is read has come.
    pub handled: Position,
    /// The newest position of the log.
    pub head: Position,
    /// How many entries there are from the first to the last that are not kept.
    pub entries: u64,
}

impl Archived {
    /// Whether it takes the place of an entry.
    #[must_use]
    pub fn covers(&self, process: ProcessId, position: Position) -> bool {
        self.process == process && self.first <= position && position <= self.last
    }

    /// Judges whether it may leave the log: every store asks this one function.
    ///
    /// # Errors
    /// When the process has not ended, or others have archived it.
    pub fn check(&self, found: ToArchive) -> Result<(), Conflict> {
        let Self { process, first, last, .. } = *self;
        let why = if found.waits {
            NotArchived::Waits
        } else if last > found.handled {
            NotArchived::NotHandled
        } else if last >= found.head {
            NotArchived::Newest
        } else if found.entries != self.entries || first > last {
            NotArchived::Others
        } else {
            return Ok(());
        };
        Err(Conflict::Archive { process, first, last, why })
    }
}
