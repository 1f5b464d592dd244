//! Read back: beside other nodes, what a node has written is handled in the order of the log, its own messages from memory and
//! those of others from the store.

use std::sync::Arc;

use procession_core::log::{Entry, Position, Recorded};

use super::{Processor, backlog::Pending};
use crate::store::{Batch, Reference, StoreError};

/// What a node has written for itself in one batch.
pub(super) struct Written {
    pub(super) after: Position,
    pub(super) head: Position,
    pub(super) messages: Vec<WrittenMessage>,
}

/// A message that a node has written for itself, as it refers to others in its batch.
pub(super) struct WrittenMessage {
    pub(super) index: u64,
    pub(super) process: Option<Reference>,
    pub(super) causation: Option<Reference>,
    pub(super) entry: Arc<Entry>,
}

/// Entries of a share that are read at once.
const ENTRIES_PER_READ: usize = 4096;

impl Processor {
    /// Takes in what the log holds for the partitions of this node: what it has written itself, and what others have.
    pub(super) async fn read_share(&mut self) -> Result<(), StoreError> {
        while !self.share.is_read() && self.backlog.is_low() && !self.share.owned.is_empty() {
            match self.share.written.pop_front() {
                Some(written) if written.after <= self.backlog.read_through() => self.read_back(written),
                Some(written) => {
                    // Others have written before it.
                    let through = written.after;
                    self.share.written.push_front(written);
                    self.read_others(Some(through)).await?;
                }
                None => {
                    let is_all = self.read_others(None).await?;
                    self.share.has_news = !is_all;
                }
            }
        }
        Ok(())
    }

    /// Offers what this node has written for itself.
    fn read_back(&mut self, written: Written) {
        let after = written.after;
        for it in written.messages {
            let position = after.plus(it.index + 1);
            if position > self.backlog.read_through() {
                let process = it.process.map_or(position, |it| it.resolve(after)).into();
                let causation = it.causation.map(|it| it.resolve(after));
                self.take_in(Pending { position, process, causation, entry: it.entry });
            }
        }
        self.backlog.read_to(written.head);
    }

    /// Reads up to a position, or to the end. Returns whether that is reached.
    async fn read_others(&mut self, through: Option<Position>) -> Result<bool, StoreError> {
        let Some(nodes) = self.share.member.as_ref().map(|it| it.nodes().clone()) else { return Ok(true) };
        let (partitions, after) = (self.share.owned_partitions(), self.backlog.read_through());
        let read = nodes.read_share(partitions, after, through, ENTRIES_PER_READ).await?;
        let is_all = read.entries.len() < ENTRIES_PER_READ;
        for it in read.entries {
            self.read_one(it, is_all);
        }
        self.backlog.read_to(read.through);
        self.head = self.head.max(read.through);
        if through.is_none() {
            self.next_due = read.next_due;
        }
        Ok(is_all)
    }

    /// `is_newest` when it was read together with all that follow it.
    fn read_one(&mut self, recorded: Recorded, is_newest: bool) {
        if !self.share.owns(&recorded.entry.stream) {
            return self.heed(&recorded);
        }
        if recorded.version.is_some() {
            // Another node has executed a command for it. A state that is folded while the log goes on far ahead would be decided
            // on too early, again and again.
            if is_newest {
                self.states.follow(&recorded, &self.engine);
            } else {
                self.states.forget_before(&recorded);
            }
        }
        let Recorded { position, process, causation, entry, .. } = recorded;
        self.take_in(Pending { position, process, causation, entry });
    }

    fn take_in(&mut self, pending: Pending) {
        let (has_handlers, process) = (self.has_handlers(&pending.entry), pending.process);
        self.traces.offered(&pending);
        if self.backlog.offer_later(pending, has_handlers) {
            self.quiet.begun(process);
        }
    }

    /// What a batch holds for this node itself.
    pub(super) fn written_for_itself(&self, batch: &Batch) -> Vec<WrittenMessage> {
        if !self.share.is_part {
            return Vec::new();
        }
        let is_own = |it: &Entry| self.share.owns(&it.stream) && self.has_handlers(it);
        let entries = (0..).zip(&batch.entries).filter(|(_, it)| is_own(&it.entry));
        let messages = entries.map(|(index, it)| WrittenMessage {
            index,
            process: it.process,
            causation: it.causation,
            entry: Arc::clone(&it.entry),
        });
        messages.collect()
    }
}
