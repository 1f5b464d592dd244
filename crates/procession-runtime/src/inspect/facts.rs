use std::collections::BTreeSet;

use jiff::Timestamp;
use procession_core::{
    Partition, Stream, Version,
    log::{Kind, Position, Recorded},
};

use super::{Description, ProcessState, brief::Brief, wakes::Awaited};
use crate::store::{EffectCall, Hold, Parked, ParkedReason, Progress, Timer};

/// Who looks at a process with more parked messages than these is helped by the first ones, and by how many there are.
const MOST_PARKED: usize = 100;

/// What is open of one process, as the store has it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Facts {
    /// The first message that is before its handler.
    pub(super) pending: Option<Pending>,
    pub(super) pending_count: u64,
    /// The timer that is due next.
    pub(super) timer: Option<Timer>,
    pub(super) timer_count: u64,
    pub(super) calls: Vec<EffectCall>,
    /// The first parked messages, [`MOST_PARKED`] at most.
    pub(super) parked: Vec<ParkedFact>,
    pub(super) parked_count: u64,
    /// Whether only an operator can let one of them go on.
    pub(super) is_parked_for_good: bool,
    pub(super) hold: Option<Hold>,
    pub(super) instances: Vec<OpenInstance>,
}

/// A message before its handler.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pending {
    pub(super) position: Position,
    pub(super) partition: Partition,
}

/// A parked message, and what becomes of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ParkedFact {
    pub(super) row: Parked,
    /// The failed message that it stands behind.
    pub(super) behind: Option<Position>,
    /// When that, or the message itself, is tried again without an operator.
    pub(super) retry_at: Option<Timestamp>,
}

/// An instance that the process has begun, and that has not ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct OpenInstance {
    pub(super) stream: Stream,
    pub(super) version: Version,
    pub(super) since: Timestamp,
    /// What it takes, none if only its own stream tells.
    pub(super) awaits: BTreeSet<String>,
    /// Whether somebody outside can wake it.
    pub(super) can_be_woken: bool,
}

impl Facts {
    /// Where the process is.
    pub(super) fn state(&self) -> ProcessState {
        Brief::of(self).state()
    }

    /// Whether nothing of the process is on its way, in time, or held up: only instances are left, if anything is.
    pub(super) fn is_at_rest(&self) -> bool {
        Brief::of(self).is_at_rest()
    }

    /// Takes in a parked message, with the failed one that it stands behind.
    pub(super) fn is_parked(&mut self, row: Parked, blocker: Option<&Parked>) {
        let retry_at = row.retry_at.or(blocker.and_then(|it| it.retry_at));
        // What waited for its suspended process goes on with it.
        self.is_parked_for_good |= row.reason != ParkedReason::Suspended && retry_at.is_none();
        self.parked_count += 1;
        if self.parked.len() < MOST_PARKED {
            self.parked.push(ParkedFact { row, behind: blocker.map(|it| it.position), retry_at });
        }
    }
}

impl OpenInstance {
    /// The instance whose newest event this is, as far as its category tells.
    pub(super) fn of(newest: &Recorded, awaited: &Awaited) -> Self {
        Self {
            stream: newest.entry.stream.clone(),
            version: newest.version.unwrap_or(Version::NONE),
            since: newest.entry.at,
            awaits: awaited.messages.clone(),
            can_be_woken: !awaited.wakes.is_empty(),
        }
    }
}

/// Whether a message waits for a handler as long as it is behind the checkpoint of its partition.
pub(super) fn has_handler(message: &Recorded, description: &Description) -> bool {
    match message.entry.kind {
        Kind::Command | Kind::Input | Kind::Operation => true,
        Kind::Event | Kind::PublicEvent => description.is_reacted_to(&message.entry.name),
        _ => false,
    }
}

/// The partition that a message waits in, if it is behind the checkpoint.
pub(super) fn waits_in(message: &Recorded, progress: &Progress) -> Option<Partition> {
    let partitions = u16::try_from(progress.checkpoints.len()).unwrap_or(u16::MAX);
    let partition = message.entry.stream.partition(partitions);
    let checkpoint = progress.checkpoints.get(partition.index())?;
    (message.position > *checkpoint).then_some(partition)
}
