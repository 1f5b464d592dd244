use std::collections::{BTreeMap, BTreeSet};

use procession_core::{Stream, log::ProcessId};

use super::{ProcessState, facts::Facts};
use crate::store::{HoldKind, Parked, ParkedReason};

/// What is open of one process, in a few bytes: enough to say where it is.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Brief {
    hold: Option<HoldKind>,
    is_pending: bool,
    /// Something is parked, called, or waits for its time.
    will_be_woken: bool,
    is_parked_for_good: bool,
    has_instance: bool,
    can_be_woken: bool,
    /// Whether its own log tells what an instance waits for.
    has_steps: bool,
}

impl Brief {
    pub(super) fn of(facts: &Facts) -> Self {
        Self {
            hold: facts.hold.map(|it| it.kind),
            is_pending: facts.pending.is_some(),
            will_be_woken: facts.timer.is_some() || !facts.calls.is_empty() || !facts.parked.is_empty(),
            is_parked_for_good: facts.is_parked_for_good,
            has_instance: !facts.instances.is_empty(),
            can_be_woken: facts.instances.iter().any(|it| it.can_be_woken),
            has_steps: false,
        }
    }

    pub(super) fn will_be_woken(&mut self) {
        self.will_be_woken = true;
    }

    pub(super) fn is_parked_for_good(&mut self) {
        self.is_parked_for_good = true;
    }

    pub(super) fn is_held(&mut self, kind: HoldKind) {
        self.hold = Some(kind);
    }

    pub(super) fn is_pending(&mut self) {
        self.is_pending = true;
    }

    pub(super) fn has_instance(&mut self, can_be_woken: bool, has_steps: bool) {
        self.has_instance = true;
        self.has_steps |= has_steps;
        self.can_be_woken |= can_be_woken;
    }

    pub(super) fn has_steps(self) -> bool {
        self.has_steps
    }

    /// Whether nothing of the process is on its way, in time, or held up: only instances are left, if anything is.
    pub(super) fn is_at_rest(self) -> bool {
        !self.is_pending && !self.will_be_woken && self.hold.is_none()
    }

    /// Where the process is.
    pub(super) fn state(self) -> ProcessState {
        match self.hold {
            Some(HoldKind::Cancelled) => return ProcessState::Ended,
            Some(HoldKind::Suspended) => return ProcessState::Suspended,
            None => {}
        }
        if self.is_parked_for_good {
            ProcessState::Stuck
        } else if self.is_pending {
            ProcessState::Running
        } else if self.will_be_woken || self.can_be_woken {
            ProcessState::Waiting
        } else if self.has_instance {
            ProcessState::Stuck
        } else {
            ProcessState::Ended
        }
    }
}

/// Which processes wait for an operator, told from all parked messages in the order of the log.
#[derive(Default)]
pub(super) struct Blockers {
    streams: BTreeMap<String, BTreeMap<Stream, Blocker>>,
    for_good: Vec<ProcessId>,
}

/// What holds up a stream for a handler.
enum Blocker {
    TriedAgain,
    ForGood,
    /// The message that has failed comes later; these processes wait behind it.
    Unknown(BTreeSet<ProcessId>),
}

impl Blockers {
    pub(super) fn learn(&mut self, row: Parked) {
        if row.reason == ParkedReason::Suspended {
            // It goes on with its process.
            return;
        }
        let process = row.process;
        if !self.streams.contains_key(&*row.handler) {
            self.streams.insert(row.handler.to_string(), BTreeMap::new());
        }
        let Some(streams) = self.streams.get_mut(&*row.handler) else { return };
        let blocker = streams.entry(row.stream).or_insert_with(|| Blocker::Unknown(BTreeSet::new()));
        let is_for_good = row.retry_at.is_none();
        if row.reason == ParkedReason::Failed {
            if let Blocker::Unknown(waiting) = blocker {
                self.for_good.extend(std::mem::take(waiting).into_iter().filter(|_| is_for_good));
                *blocker = if is_for_good { Blocker::ForGood } else { Blocker::TriedAgain };
            }
            self.for_good.extend(is_for_good.then_some(process));
        } else if is_for_good {
            match blocker {
                Blocker::TriedAgain => {}
                Blocker::ForGood => self.for_good.push(process),
                Blocker::Unknown(waiting) => _ = waiting.insert(process),
            }
        }
    }

    /// Takes those that are known to wait by now.
    pub(super) fn take_known(&mut self) -> Vec<ProcessId> {
        std::mem::take(&mut self.for_good)
    }

    /// Those that are left when all messages are learnt: nothing has failed that they wait behind.
    pub(super) fn rest(self) -> impl Iterator<Item = ProcessId> {
        let blockers = self.streams.into_values().flat_map(BTreeMap::into_values);
        let rest = blockers.filter_map(|it| match it {
            Blocker::Unknown(waiting) => Some(waiting),
            Blocker::TriedAgain | Blocker::ForGood => None,
        });
        rest.flatten()
    }
}
