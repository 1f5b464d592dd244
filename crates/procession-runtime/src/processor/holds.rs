use std::collections::{BTreeMap, BTreeSet};

use procession_core::log::ProcessId;

use crate::store::{Hold, HoldKind, Parked, ParkedReason};

/// Which processes an operator holds.
#[derive(Default)]
pub(super) struct Holds {
    held: BTreeMap<ProcessId, Held>,
    resuming: BTreeSet<ProcessId>,
}

/// What becomes of the messages of a process that is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Held {
    /// They wait.
    Suspended,
    /// Those that have waited come first, and new ones wait behind them.
    Resuming,
    /// They have no effect.
    Cancelled,
}

impl Holds {
    /// What the store says.
    pub(super) fn of(holds: Vec<(ProcessId, Hold)>) -> Self {
        let mut all = Self::default();
        for (process, hold) in holds {
            all.set(process, hold.kind.into());
        }
        all
    }

    /// A process that is not held, but has messages that wait because it was, is being resumed.
    pub(super) fn learn(&mut self, parked: &Parked) {
        if parked.reason == ParkedReason::Suspended && self.of_process(parked.process).is_none() {
            self.set(parked.process, Held::Resuming);
        }
    }

    pub(super) fn of_process(&self, process: ProcessId) -> Option<Held> {
        if self.held.is_empty() {
            return None;
        }
        self.held.get(&process).copied()
    }

    pub(super) fn set(&mut self, process: ProcessId, held: Held) {
        self.held.insert(process, held);
        if held == Held::Resuming {
            self.resuming.insert(process);
        } else {
            self.resuming.remove(&process);
        }
    }

    pub(super) fn let_go(&mut self, process: ProcessId) {
        self.held.remove(&process);
        self.resuming.remove(&process);
    }

    /// A process whose messages that have waited are to be handled.
    pub(super) fn resuming(&self) -> Option<ProcessId> {
        self.resuming.first().copied()
    }
}

impl From<HoldKind> for Held {
    fn from(kind: HoldKind) -> Self {
        match kind {
            HoldKind::Suspended => Self::Suspended,
            HoldKind::Cancelled => Self::Cancelled,
        }
    }
}
