//! Waiting for what other nodes do: read off the store, because no node sees everything that happens.

use std::collections::BTreeMap;

use procession_core::log::{Position, ProcessId, Recorded};
use tokio::time::Instant;

use crate::{
    Quiet, ReplyError, Runtime, StoreError, WaitError,
    lookout::{LONGEST_PAUSE, QuietAt, WaitsFor, Watch, is_handled},
    processor::waits_for_somebody,
};

/// Entries that are read at once.
const ENTRIES_PER_READ: usize = 1024;
/// A look takes in what is no farther from the end of the log. Of a process that goes farther back, its own entries are read.
const NEAR: u64 = 10_000;

impl Runtime {
    pub(crate) async fn wait_over_nodes(&self, process: ProcessId) -> Result<Quiet, WaitError> {
        let since = Instant::now();
        let mut watch = self.watch_patiently(process, WaitsFor::Quiet).await?;
        loop {
            if let Some(QuietAt { parked, .. }) = watch.quiet().filter(|it| it.at > since) {
                return Ok(Quiet { process, parked });
            }
            if watch.is_unknown() {
                return Err(WaitError::UnknownProcess(process));
            }
            if self.processor_has_ended() {
                return Err(WaitError::Stopped);
            }
            self.next_look(&mut watch).await?;
        }
    }

    pub(crate) async fn first_over_nodes(
        &self,
        process: ProcessId,
        awaited: &[&'static str],
    ) -> Result<Recorded, ReplyError> {
        let mut watch = self.watch_patiently(process, WaitsFor::Events).await?;
        let mut after = Position::START;
        loop {
            let read = self.recorded_after(process, awaited, &mut after).await;
            match self.unless_away(read).await? {
                Some(Some(found)) => return Ok(found),
                Some(None) => {}
                None => continue,
            }
            while !watch.has_event_after(after, awaited) {
                if watch.is_unknown() {
                    return Err(ReplyError::UnknownProcess(process));
                }
                if self.processor_has_ended() {
                    return Err(ReplyError::Stopped);
                }
                self.next_look(&mut watch).await?;
            }
        }
    }

    /// Nothing while the database is away for a moment, and then it is to be asked again: who waits has said for how long.
    async fn unless_away<T>(&self, read: Result<T, StoreError>) -> Result<Option<T>, StoreError> {
        match read {
            Err(StoreError::Transient(_)) if !self.processor_has_ended() => {
                tokio::time::sleep(LONGEST_PAUSE).await;
                Ok(None)
            }
            read => read.map(Some),
        }
    }

    async fn next_look(&self, watch: &mut Watch<'_>) -> Result<(), StoreError> {
        watch.next_look(self.reader().engine(), &**self.store(), || self.now()).await
    }

    async fn watch_patiently(
        &self,
        process: ProcessId,
        waits_for: WaitsFor,
    ) -> Result<Watch<'_>, StoreError> {
        loop {
            let watch = self.watch(process, waits_for).await;
            if let Some(watch) = self.unless_away(watch).await? {
                return Ok(watch);
            }
        }
    }

    /// Begins to watch a process.
    async fn watch(&self, process: ProcessId, waits_for: WaitsFor) -> Result<Watch<'_>, StoreError> {
        let before = Position(process.began_at().0.saturating_sub(1));
        let newest = *self.committed().borrow();
        if newest.0.saturating_sub(before.0) <= NEAR {
            return Ok(self.lookout().watch(process, waits_for, before, BTreeMap::new()));
        }
        let progress = self.store().progress().await?;
        // What comes before all checkpoints is handled.
        let mut after = progress.checkpoints.iter().min().copied().unwrap_or_default().max(before);
        let mut unhandled = BTreeMap::new();
        loop {
            let entries = self.store().read_process(process, after, ENTRIES_PER_READ).await?;
            let engine = self.reader().engine();
            let waits = |it: &&Recorded| waits_for_somebody(engine, it.entry.kind, &it.entry.name);
            for it in entries.iter().filter(waits) {
                let partition = it.entry.stream.partition(self.store().partitions());
                if !is_handled(&progress, partition, it.position) {
                    unhandled.insert(partition, it.position);
                }
            }
            after = entries.last().map_or(after, |it| it.position);
            if entries.len() < ENTRIES_PER_READ {
                return Ok(self.lookout().watch(process, waits_for, after.max(progress.head), unhandled));
            }
        }
    }
}
