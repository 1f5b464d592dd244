use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use procession_core::log::{Position, ProcessId};

use super::{InspectError, Inspector, Sweep};
use crate::store::{Archived, ProcessExtent, Store, StoreError};

const ROWS_PER_READ: usize = 2048;

/// All pieces of processes that are archived, in the order of the processes and of their entries.
///
/// # Errors
/// When the store fails.
pub async fn archived(store: &dyn Store) -> Result<Vec<Archived>, StoreError> {
    let (mut all, mut after) = (Vec::new(), (ProcessId(0), Position::START));
    loop {
        let pieces = store.archived(after, ROWS_PER_READ).await?;
        let is_last = pieces.len() < ROWS_PER_READ;
        after = pieces.last().map_or(after, |it| (it.process, it.first));
        all.extend(pieces);
        if is_last {
            return Ok(all);
        }
    }
}

/// The pieces of one process that are archived, in the order of its entries.
///
/// # Errors
/// When the store fails.
pub async fn archived_of(store: &dyn Store, process: ProcessId) -> Result<Vec<Archived>, StoreError> {
    let (mut all, mut after) = (Vec::new(), Position::START);
    loop {
        let mut pieces = store.archived((process, after), ROWS_PER_READ).await?;
        pieces.retain(|it| it.process == process);
        let is_last = pieces.len() < ROWS_PER_READ;
        after = pieces.last().map_or(after, |it| it.first);
        all.extend(pieces);
        if is_last {
            return Ok(all);
        }
    }
}

impl Inspector {
    /// Up to `limit` processes that may be archived, oldest first, each with its newest entry: they have ended, all that they
    /// have recorded is older than a time, everybody has seen it, and some of it may not be archived yet.
    ///
    /// # Errors
    /// When the store fails, or the application has not said what it is made of.
    pub async fn ended_before(
        &self,
        time: Timestamp,
        limit: usize,
    ) -> Result<Vec<ProcessExtent>, InspectError> {
        if self.description().is_none() {
            return Err(InspectError::Undescribed);
        }
        let sweep = self.sweep().await?;
        let read_models = self.store.projections().await?.generations;
        let read = read_models.iter().filter(|it| it.state.is_read()).map(|it| it.checkpoint);
        let handled = sweep.progress.checkpoints.iter().copied().chain(read).min().unwrap_or_default();
        let mut up_to: BTreeMap<ProcessId, Position> = BTreeMap::new();
        for it in archived(&*self.store).await? {
            up_to.insert(it.process, it.last);
        }
        let (mut ended, mut before) = (Vec::new(), None);
        loop {
            let extents = self.store.processes(before, ROWS_PER_READ).await?;
            let is_last = extents.len() < ROWS_PER_READ;
            before = extents.last().map(|it| it.process).or(before);
            let mut found: Vec<ProcessExtent> = extents
                .into_iter()
                .filter(|it| it.last <= handled && sweep.has_seen_the_end_of(it))
                .filter(|it| up_to.get(&it.process).is_none_or(|up_to| it.last > *up_to))
                .collect();
            self.retain_older(&mut found, time).await?;
            ended.extend(found);
            if is_last {
                break;
            }
        }
        ended.reverse();
        ended.truncate(limit);
        Ok(ended)
    }

    async fn retain_older(&self, found: &mut Vec<ProcessExtent>, time: Timestamp) -> Result<(), StoreError> {
        let newest = self.store.read_entries(found.iter().map(|it| it.last).collect()).await?;
        let older = newest.into_iter().filter(|it| it.entry.at < time).map(|it| it.process);
        let older: BTreeSet<ProcessId> = older.collect();
        found.retain(|it| older.contains(&it.process));
        Ok(())
    }
}

impl Sweep {
    /// Whether nothing of a process is open, held or before a handler, and it ends before the log does.
    fn has_seen_the_end_of(&self, it: &ProcessExtent) -> bool {
        !self.knows(it.process) && it.timers == 0 && it.last < self.progress.head
    }
}
