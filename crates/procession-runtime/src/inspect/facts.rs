use std::collections::BTreeSet;

use jiff::Timestamp;
use procession_core::{
    Partition, Stream, Version,
    log::{Kind, Position, Recorded},
};

use super::{Description, ProcessState};
use crate::store::{EffectCall, Hold, HoldKind, Parked, ParkedReason, Progress, Timer};

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
    pub(super) parked: Vec<ParkedFact>,
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
        match self.hold.map(|it| it.kind) {
            Some(HoldKind::Cancelled) => return ProcessState::Ended,
            Some(HoldKind::Suspended) => return ProcessState::Suspended,
            None => {}
        }
        let will_be_woken = self.timer.is_some() || !self.calls.is_empty() || !self.parked.is_empty();
        if self.parked.iter().any(ParkedFact::is_for_good) {
            ProcessState::Stuck
        } else if self.pending.is_some() {
            ProcessState::Running
        } else if will_be_woken || self.instances.iter().any(|it| it.can_be_woken) {
            ProcessState::Waiting
        } else if self.instances.is_empty() {
            ProcessState::Ended
        } else {
            ProcessState::Stuck
        }
    }

    /// Whether nothing of the process is on its way, in time, or held up: only instances are left, if anything is.
    pub(super) fn is_at_rest(&self) -> bool {
        let Self { pending, timer, calls, parked, hold, .. } = self;
        pending.is_none() && timer.is_none() && calls.is_empty() && parked.is_empty() && hold.is_none()
    }
}

impl ParkedFact {
    /// Whether only an operator can let it go on. What waited for its suspended process goes on with it.
    fn is_for_good(&self) -> bool {
        self.row.reason != ParkedReason::Suspended && self.retry_at.is_none()
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

/// With what each parked message stands behind. `rows` are all of the streams concerned, in the order of the log.
pub(super) fn judged(rows: &[Parked], all: &[Parked]) -> Vec<ParkedFact> {
    let mut first: std::collections::BTreeMap<(&str, &Stream), &Parked> = std::collections::BTreeMap::new();
    for it in all.iter().filter(|it| it.reason == ParkedReason::Failed) {
        first.entry((&it.handler, &it.stream)).or_insert(it);
    }
    let judge = |row: &Parked| {
        let blocker = first.get(&(&*row.handler, &row.stream)).filter(|_| row.reason == ParkedReason::Behind);
        ParkedFact {
            row: row.clone(),
            behind: blocker.map(|it| it.position),
            retry_at: row.retry_at.or(blocker.and_then(|it| it.retry_at)),
        }
    };
    rows.iter().map(judge).collect()
}
