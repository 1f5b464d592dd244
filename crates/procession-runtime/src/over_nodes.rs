//! Waiting for what other nodes do: read off the store, because no node sees everything that happens.

use std::time::Duration;

use procession_core::{
    Handlers,
    log::{Kind, Position, ProcessId, Recorded},
};

use crate::{
    Quiet, ReplyError, Runtime, StoreError, WaitError,
    store::{ParkedOf, TimersOf},
};

/// Entries that are read at once.
const ENTRIES_PER_READ: usize = 1024;
/// Longer processes are looked at less often.
const SHORTEST_PAUSE: Duration = Duration::from_millis(2);
const LONGEST_PAUSE: Duration = Duration::from_millis(50);

/// The pause before the store is looked at again.
struct Pause(Duration);

impl Pause {
    async fn wait(&mut self) {
        tokio::time::sleep(self.0).await;
        self.0 = (self.0 * 3 / 2).min(LONGEST_PAUSE);
    }
}

impl Runtime {
    pub(crate) async fn wait_over_nodes(&self, process: ProcessId) -> Result<Quiet, WaitError> {
        let mut pause = Pause(SHORTEST_PAUSE);
        loop {
            match self.is_quiet(process).await {
                Ok(true) => break,
                Ok(false) | Err(StoreError::Transient(_)) if self.processor_has_ended() => {
                    return Err(WaitError::Stopped);
                }
                Ok(false) | Err(StoreError::Transient(_)) => pause.wait().await,
                Err(error) => return Err(error.into()),
            }
        }
        let parked = self.store().parked(ParkedOf::Process(process), usize::MAX).await?.len() as u64;
        Ok(Quiet { process, parked })
    }

    /// Whether nothing of a process is on the way, on any node.
    async fn is_quiet(&self, process: ProcessId) -> Result<bool, StoreError> {
        // First the checkpoints: what comes after them is seen, and only makes the answer a no.
        let checkpoints = self.store().progress().await?.checkpoints;
        let engine = self.reader().engine();
        let partitions = self.store().partitions();
        let is_handled = |it: &Recorded| {
            let has_handlers = it.entry.kind == Kind::Operation
                || !matches!(engine.handlers_of(&it.entry), Handlers::Nobody);
            let checkpoint = checkpoints.get(it.entry.stream.partition(partitions).index());
            !has_handlers || checkpoint.is_some_and(|checkpoint| it.position <= *checkpoint)
        };
        let mut after = checkpoints.iter().min().copied().unwrap_or_default();
        loop {
            let entries = self.store().read_process(process, after, ENTRIES_PER_READ).await?;
            if !entries.iter().all(is_handled) {
                return Ok(false);
            }
            match entries.last() {
                Some(last) if entries.len() == ENTRIES_PER_READ => after = last.position,
                _ => break,
            }
        }
        if self.store().calls().await?.iter().any(|it| it.process == process) {
            return Ok(false);
        }
        let first = self.store().timers(TimersOf::Process(process), 1).await?;
        Ok(first.first().is_none_or(|it| it.due > self.now()))
    }

    pub(crate) async fn first_over_nodes(
        &self,
        process: ProcessId,
        awaited: &[&'static str],
    ) -> Result<Recorded, ReplyError> {
        let (mut pause, mut seen) = (Pause(SHORTEST_PAUSE), Position::START);
        loop {
            if self.processor_has_ended() {
                return Err(ReplyError::Stopped);
            }
            let extent = self.store().process(process).await?;
            let last = extent.map_or(Position::START, |it| it.last);
            if last > seen
                && let Some(found) = self.recorded_before(process, awaited).await?
            {
                return Ok(found);
            }
            seen = last;
            pause.wait().await;
        }
    }
}
