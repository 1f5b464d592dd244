use std::{collections::VecDeque, sync::Arc};

use jiff::Timestamp;
use procession_core::{
    Partition,
    log::{Entry, Kind, Position, ProcessId},
};

use crate::Limits;

/// The messages that wait to be handled, in memory as far as there is room, each partition's in log order.
///
/// Every entry of the log is offered once, in order. What this processor writes is offered as it is written, so that
/// it is never read back; only after a start, or when the backlog has outgrown the memory, the log is read.
pub(super) struct Backlog {
    queues: Vec<VecDeque<Pending>>,
    len: usize,
    /// How many of them are operators' requests, which are taken on their own.
    operations: usize,
    bytes: usize,
    most_messages: usize,
    most_bytes: usize,
    read_through: Position,
    checkpoints: Vec<Position>,
    touched: Vec<bool>,
    next_queue: usize,
}

/// A message that waits to be handled.
pub(super) struct Pending {
    pub(super) position: Position,
    pub(super) process: ProcessId,
    pub(super) causation: Option<Position>,
    pub(super) entry: Arc<Entry>,
}

impl Pending {
    fn is_operation(&self) -> bool {
        self.entry.kind == Kind::Operation
    }
}

/// Idle partitions' checkpoints are written when they lag this far, so that a restart does not read for long.
const LARGEST_IDLE_LAG: u64 = 10_000;

impl Backlog {
    /// A backlog that begins after the partitions' checkpoints.
    pub(super) fn new(checkpoints: Vec<Position>, limits: &Limits) -> Self {
        Self {
            queues: checkpoints.iter().map(|_| VecDeque::new()).collect(),
            len: 0,
            operations: 0,
            bytes: 0,
            most_messages: limits.queued_messages,
            most_bytes: limits.queued_bytes,
            read_through: checkpoints.iter().min().copied().unwrap_or_default(),
            touched: vec![false; checkpoints.len()],
            checkpoints,
            next_queue: 0,
        }
    }

    /// As [`Self::new`], for some partitions only: those of others are taken as handled.
    pub(super) fn of_share(
        mut checkpoints: Vec<Position>,
        owns: impl Fn(Partition) -> bool,
        head: Position,
        limits: &Limits,
    ) -> Self {
        let mut read_through = head;
        for (partition, checkpoint) in (0..).zip(&mut checkpoints) {
            if owns(Partition(partition)) {
                read_through = read_through.min(*checkpoint);
            } else {
                *checkpoint = Position(u64::MAX);
            }
        }
        Self { read_through, ..Self::new(checkpoints, limits) }
    }

    /// Up to where a partition is handled.
    pub(super) fn checkpoint(&self, partition: Partition) -> Option<Position> {
        self.checkpoints.get(partition.index()).copied()
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Of each partition, up to where every message was taken.
    pub(super) fn taken_through(&self) -> impl Iterator<Item = Position> {
        self.queues
            .iter()
            .map(|it| it.front().map_or(self.read_through, |next| Position(next.position.0 - 1)))
    }

    /// When the oldest message that waits here was recorded.
    pub(super) fn oldest(&self) -> Option<Timestamp> {
        let oldest = self.queues.iter().filter_map(VecDeque::front).min_by_key(|it| it.position)?;
        Some(oldest.entry.at)
    }

    /// Up to where the log was offered.
    pub(super) fn read_through(&self) -> Position {
        self.read_through
    }

    /// Whether there is room for a read of the log.
    pub(super) fn is_low(&self) -> bool {
        self.len <= self.most_messages / 2 && self.bytes <= self.most_bytes / 2
    }

    /// Offers the entry at `position`. Returns whether it waits here now.
    ///
    /// An entry that is not the next one, or that has no room, is left for a later read of the log.
    pub(super) fn offer(&mut self, pending: Pending, has_handlers: bool) -> bool {
        let is_full = self.len >= self.most_messages || self.bytes >= self.most_bytes;
        if pending.position.0 != self.read_through.0 + 1 || (has_handlers && is_full) {
            return false;
        }
        self.offer_later(pending, has_handlers)
    }

    /// As [`Self::offer`], for an entry before which nothing is left out that concerns anybody here. It always has room.
    pub(super) fn offer_later(&mut self, pending: Pending, has_handlers: bool) -> bool {
        self.read_through = pending.position;
        let partition = pending.entry.stream.partition(self.queues.len() as u16).index();
        let handled =
            self.checkpoints.get(partition).is_none_or(|checkpoint| pending.position <= *checkpoint);
        if !has_handlers || handled {
            return false;
        }
        if let Some(queue) = self.queues.get_mut(partition) {
            self.operations += usize::from(pending.is_operation());
            self.len += 1;
            self.bytes += pending.entry.payload.len();
            queue.push_back(pending);
        }
        true
    }

    /// Up to this position there is nothing else.
    pub(super) fn read_to(&mut self, position: Position) {
        self.read_through = position.max(self.read_through);
    }

    /// Takes up to `most` messages: of each partition the oldest ones, and of all partitions the same share.
    pub(super) fn take(&mut self, most: usize) -> Vec<Pending> {
        let mut taken = Vec::with_capacity(most.min(self.len));
        while taken.len() < most && self.len > 0 {
            let waiting = self.queues.iter().filter(|it| !it.is_empty()).count().max(1);
            let share = ((most - taken.len()) / waiting).max(1);
            let before = taken.len();
            for _ in 0..self.queues.len() {
                let index = self.next_queue;
                self.next_queue = (self.next_queue + 1) % self.queues.len();
                let room = share.min(most - taken.len());
                let Some(queue) = self.queues.get_mut(index) else { continue };
                let mut count = room.min(queue.len());
                if self.operations > 0 {
                    count = queue.iter().take(count).take_while(|it| !it.is_operation()).count();
                }
                for pending in queue.drain(..count) {
                    self.bytes -= pending.entry.payload.len();
                    taken.push(pending);
                }
                self.len -= count;
                if let Some(touched) = self.touched.get_mut(index) {
                    *touched |= count > 0;
                }
            }
            if taken.len() == before {
                // All that is left waits behind an operation.
                break;
            }
        }
        taken
    }

    /// Whether the next message of a partition is an operator's request.
    pub(super) fn operation_is_next(&self) -> bool {
        self.operations > 0 && self.queues.iter().filter_map(VecDeque::front).any(Pending::is_operation)
    }

    /// Takes up to `most` operators' requests whose turn has come, in log order.
    pub(super) fn take_operations(&mut self, most: usize) -> Vec<Pending> {
        let mut taken = Vec::new();
        for (queue, touched) in self.queues.iter_mut().zip(&mut self.touched) {
            while self.operations > 0 && taken.len() < most {
                let Some(operation) = queue.pop_front_if(|it| it.is_operation()) else { break };
                self.bytes -= operation.entry.payload.len();
                taken.push(operation);
                (self.len, self.operations, *touched) = (self.len - 1, self.operations - 1, true);
            }
        }
        taken.sort_by_key(|it| it.position);
        taken
    }

    /// Puts those back that were taken last and are not handled yet, given in the order in which they were taken.
    pub(super) fn put_back(&mut self, untouched: impl DoubleEndedIterator<Item = Pending>) {
        for pending in untouched.rev() {
            let partition = pending.entry.stream.partition(self.queues.len() as u16).index();
            if let Some(queue) = self.queues.get_mut(partition) {
                self.len += 1;
                self.bytes += pending.entry.payload.len();
                queue.push_front(pending);
            }
        }
    }

    /// How many entries at most are not handled yet, of a log that ends at `head`.
    pub(super) fn unhandled(&self, head: Position) -> u64 {
        self.len as u64 + head.0.saturating_sub(self.read_through.0)
    }

    /// Notes that a partition without messages is to be handled up to here, if there is one whose checkpoint lags.
    pub(super) fn touch_one(&mut self) {
        let read_through = self.read_through;
        let lags = |(queue, checkpoint): (&VecDeque<Pending>, &Position)| {
            queue.is_empty() && *checkpoint < read_through
        };
        let lagging = self.queues.iter().zip(&self.checkpoints).position(lags);
        if let Some(touched) = lagging.and_then(|it| self.touched.get_mut(it)) {
            *touched = true;
        }
    }

    /// The checkpoints that are to be written now, as (partition, from, to): everything taken so far is handled.
    pub(super) fn moves(&mut self, all: bool) -> Vec<(Partition, Position, Position)> {
        let read_through = self.read_through;
        let partitions = self.queues.iter().zip(&mut self.checkpoints).zip(&mut self.touched);
        let moves = partitions.zip(0..).filter_map(|(((queue, checkpoint), touched), partition)| {
            let from = *checkpoint;
            let to = queue.front().map_or(read_through, |next| Position(next.position.0 - 1)).max(from);
            let lag = to.0 - from.0;
            if lag == 0 || !(all || *touched || lag >= LARGEST_IDLE_LAG) {
                return None;
            }
            (*checkpoint, *touched) = (to, false);
            Some((Partition(partition), from, to))
        });
        moves.collect()
    }
}
