//! Room: how far processes may still grow.
//!
//! The store knows how large processes are, and refuses a batch that makes one too large. Then the batch is built again with
//! a close look: the size of each of its processes is looked up first, so that only those decisions are refused or parked
//! that have no room. The good case pays nothing for it.

use std::collections::HashMap;

use foldhash::fast::RandomState;
use procession_core::{Failure, Output, log::ProcessId};

use crate::store::{ProcessExtent, ProcessLimits, Store, StoreError};

/// For how many batches it is still worth a close look.
#[derive(Default)]
pub(super) struct CloseLook {
    batches: u32,
    next: u32,
}

/// When one process after the other is too large, not every second batch should be built in vain.
const MOST_BATCHES: u32 = 64;

impl CloseLook {
    /// The store has refused a batch because of the size of a process. The more often, the longer the look.
    pub(super) fn begin(&mut self) {
        self.batches = self.next.max(1);
        self.next = (2 * self.batches).min(MOST_BATCHES);
    }

    /// The room of the next batch, if it is to be looked at.
    pub(super) fn room(&mut self, most: ProcessLimits) -> Option<Room> {
        if let Some(batches) = self.batches.checked_sub(1) {
            self.batches = batches;
            return Some(Room { most, sizes: HashMap::default() });
        }
        self.next = self.next.saturating_sub(1);
        None
    }
}

/// The processes of a batch that is looked at, and their sizes with what the batch adds.
pub(super) struct Room {
    most: ProcessLimits,
    sizes: HashMap<ProcessId, Size, RandomState>,
}

#[derive(Clone, Copy, Default)]
struct Size {
    messages: u64,
    timers: u64,
}

impl Room {
    /// Looks up processes that are not known yet.
    pub(super) async fn look_up(
        &mut self,
        processes: impl Iterator<Item = ProcessId>,
        store: &dyn Store,
    ) -> Result<(), StoreError> {
        for process in processes {
            if self.sizes.contains_key(&process) {
                continue;
            }
            let found = store.process(process).await?;
            let size = found
                .map_or(Size::default(), |ProcessExtent { messages, timers, .. }| Size { messages, timers });
            self.sizes.insert(process, size);
        }
        Ok(())
    }

    pub(super) fn add_message(&mut self, process: ProcessId) {
        self.sizes.entry(process).or_default().messages += 1;
    }

    /// What is taken back again counts until the next batch.
    pub(super) fn add_timer(&mut self, process: ProcessId) {
        self.sizes.entry(process).or_default().timers += 1;
    }

    /// Whether a process has room for one more command from outside.
    pub(super) fn check_command(&self, process: ProcessId) -> Result<(), Failure> {
        let (size, limit) = (self.sizes.get(&process).map_or(0, |it| it.messages) + 1, self.most.messages);
        if size > limit { Err(Failure::ProcessTooLong { size, limit }) } else { Ok(()) }
    }

    /// Whether a process has room for what a decision emits; none is a process that a command would begin.
    pub(super) fn check(&self, process: Option<ProcessId>, outputs: &[Output]) -> Result<(), Failure> {
        let begun_by_a_command = Size { messages: 1, timers: 0 };
        let known = process.and_then(|it| self.sizes.get(&it).copied());
        let before = if process.is_some() { known.unwrap_or_default() } else { begun_by_a_command };
        self.check_after(before, outputs)
    }

    /// Whether a process has room for what a call of an effect sends, and for the entry that says what came of the call.
    pub(super) fn check_beside_a_result(
        &self,
        process: ProcessId,
        outputs: &[Output],
    ) -> Result<(), Failure> {
        let Size { messages, timers } = self.sizes.get(&process).copied().unwrap_or_default();
        self.check_after(Size { messages: messages + 1, timers }, outputs)
    }

    fn check_after(&self, before: Size, outputs: &[Output]) -> Result<(), Failure> {
        let (mut messages, mut timers) = (0, 0);
        for it in outputs {
            match it {
                Output::Send { after, .. } if !after.is_zero() => timers += 1,
                // That a message had no effect causes nothing, so it may always be said. A call is bounded by its result.
                Output::Ignore(_)
                | Output::Cancel(_)
                | Output::Call { .. }
                | Output::TakeBackCalls { .. } => {}
                _ => messages += 1,
            }
        }
        let (size, limit) = (before.messages + messages, self.most.messages);
        if messages > 0 && size > limit {
            return Err(Failure::ProcessTooLong { size, limit });
        }
        let (size, limit) = (before.timers + timers, self.most.timers);
        if timers > 0 && size > limit {
            return Err(Failure::TooManyTimers { size, limit });
        }
        Ok(())
    }
}
