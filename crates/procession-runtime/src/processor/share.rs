//! The partitions that a processor owns, when several nodes share them out.
//!
//! Alone it stands on the exact end of the log: nobody else writes, so it handles what it has just written, and folds the
//! next batch while the store commits the last. Beside others it cannot: a batch goes to wherever the log ends, its messages
//! are read back in the order of the log, and the versions of streams say whether a decision still holds.

use std::collections::{BTreeSet, VecDeque};

use jiff::Timestamp;
use procession_core::{
    Partition, Stream,
    log::{Kind, Position, Recorded},
};

use super::{Processor, batching::Batching, holds::Held, others::Others, read_back::Written};
use crate::{
    Operation, Requested,
    member::Member,
    request::Mode,
    store::{Membership, Ownership, ParkedOf, StoreError, Timer},
};

/// What a processor owns.
pub(crate) struct Share {
    pub(super) owned: Vec<Ownership>,
    partitions: u16,
    pub(super) member: Option<Member>,
    /// Whether other nodes write too.
    pub(super) is_part: bool,
    /// Whether the log may hold something for it that it has not read.
    pub(super) has_news: bool,
    /// What it has written for itself, up to where nobody need read it back.
    pub(super) written: VecDeque<Written>,
    /// What operators have asked for in partitions of others, until that is done there.
    asked_elsewhere: Vec<(Partition, Position)>,
}

impl Share {
    /// All of a store that has one owner.
    pub(crate) fn whole(owned: Vec<Ownership>, partitions: u16) -> Self {
        let asked_elsewhere = Vec::new();
        Self {
            owned,
            partitions,
            member: None,
            is_part: false,
            has_news: false,
            written: VecDeque::new(),
            asked_elsewhere,
        }
    }

    /// What a node is given.
    pub(crate) fn of(member: Member, partitions: u16) -> Self {
        let mut share = Self::whole(Vec::new(), partitions);
        let member = share.member.insert(member);
        let membership = member.membership();
        share.take(membership);
        share
    }

    /// A batch is in the log.
    pub(super) fn wrote(&mut self, written: Written, most: usize) {
        self.written.push_back(written);
        if self.written.iter().map(|it| it.messages.len()).sum::<usize>() > most {
            // It is read back when there is room.
            self.written.clear();
            self.has_news = true;
        }
    }

    /// Begins anew with what the store says.
    pub(super) fn read_anew(&mut self) {
        self.written.clear();
        self.has_news = true;
    }

    fn take(&mut self, membership: Membership) {
        self.is_part = membership.nodes > 1 || membership.owned.len() < usize::from(self.partitions);
        self.owned = membership.owned;
        self.has_news = true;
    }

    pub(crate) fn owned(&self) -> &[Ownership] {
        &self.owned
    }

    /// Whether other nodes own a part, or may write.
    pub(super) fn is_part(&self) -> bool {
        self.is_part
    }

    pub(super) fn owns(&self, stream: &Stream) -> bool {
        !self.is_part || self.owns_partition(stream.partition(self.partitions))
    }

    pub(super) fn owns_partition(&self, partition: Partition) -> bool {
        self.owned.iter().any(|it| it.partition == partition)
    }

    pub(super) fn owned_partitions(&self) -> Vec<Partition> {
        self.owned.iter().map(|it| it.partition).collect()
    }

    /// The log has grown, or a timer may have come.
    pub(super) fn has_grown(&mut self) {
        self.has_news = true;
    }

    /// Whether everything that the log holds for it was read.
    pub(super) fn is_read(&self) -> bool {
        !self.is_part || (!self.has_news && self.written.is_empty())
    }

    /// Whether it is told by the store when the log grows. Who owns nothing need not know.
    pub(super) fn hears_of_growth(&self) -> bool {
        !self.is_part || !self.owned.is_empty()
    }

    /// Ends when the standing of this node may have changed.
    pub(super) async fn news(&mut self) {
        match &mut self.member {
            Some(member) => member.news().await,
            None => std::future::pending().await,
        }
    }

    pub(super) fn take_member(&mut self) -> Option<Member> {
        self.member.take()
    }
}

impl Processor {
    /// Takes over what this node was given, and returns what it should. Nothing is under way when that changes.
    pub(super) async fn keep_share(&mut self) -> Result<(), StoreError> {
        let Some(member) = &mut self.share.member else { return Ok(()) };
        // Should the store have forgotten to tell, nothing waits for longer than for the next heartbeat, not even here where there
        // is always something to do.
        self.share.has_news |= member.has_news();
        let membership = member.membership();
        let is_alone = membership.nodes < 2 && membership.owned.len() == usize::from(self.share.partitions);
        let is_same = self.share.is_part != is_alone
            && membership.owned.len() == self.share.owned.len()
            && membership
                .owned
                .iter()
                .zip(&self.share.owned)
                .all(|(a, b)| (a.partition, a.token) == (b.partition, b.token));
        if is_same && membership.to_return.is_empty() {
            return self.look_elsewhere().await;
        }
        self.finish_in_flight().await?;
        if !membership.to_return.is_empty() && self.stopping.is_none() {
            self.give_back(&membership.to_return).await?;
        }
        self.take_share().await
    }

    /// Begins with what this node owns now.
    async fn take_share(&mut self) -> Result<(), StoreError> {
        let Some(member) = &mut self.share.member else { return Ok(()) };
        let membership = member.membership();
        tracing::info!(
            store = self.store.name(),
            partitions = membership.owned.len(),
            nodes = membership.nodes,
            "this node owns other partitions now"
        );
        self.share.take(membership);
        self.synchronize().await
    }

    /// Notes how far they are handled, so that their next owner begins there, and lets them go.
    async fn give_back(&mut self, partitions: &[Partition]) -> Result<(), StoreError> {
        let batching = Batching::after(self.head, self.now());
        self.submit(batching, true);
        if self.finish_in_flight().await?
            && let Some(member) = &mut self.share.member
        {
            member.give_back(partitions.to_vec()).await;
        }
        Ok(())
    }

    /// Somebody else owns a partition that this node has taken for its own: it asks what is its own now.
    pub(super) async fn ask_for_share(&mut self) -> Result<bool, StoreError> {
        let Some(member) = &mut self.share.member else { return Ok(false) };
        member.give_back(Vec::new()).await;
        let membership = member.membership();
        self.share.take(membership);
        Ok(true)
    }

    /// What an operator has asked for in another partition. Its owner does it; here, its process is held from now on.
    pub(super) fn heed(&mut self, recorded: &Recorded) {
        let (entry, at) = (&recorded.entry, recorded.position);
        if entry.kind != Kind::Operation {
            return;
        }
        self.share.asked_elsewhere.push((entry.stream.partition(self.share.partitions), at));
        // What cannot be read has no effect, and its owner says so.
        let Ok(Some(Requested { operation, .. })) = Requested::read(entry) else { return };
        match operation {
            Operation::SuspendProcess(process) if self.holds.of_process(process) != Some(Held::Cancelled) => {
                self.holds.set(process, Held::Suspended);
            }
            Operation::ResumeProcess(process) if self.holds.of_process(process) == Some(Held::Suspended) => {
                self.holds.set(process, Held::Resuming);
            }
            Operation::CancelProcess(process) => self.holds.set(process, Held::Cancelled),
            _ => {}
        }
    }

    /// When what was asked for elsewhere is done, begins with what the store says of it.
    async fn look_elsewhere(&mut self) -> Result<(), StoreError> {
        if self.share.asked_elsewhere.is_empty() {
            return Ok(());
        }
        let checkpoints = self.store.progress().await?.checkpoints;
        let is_done = |(partition, at): &(Partition, Position)| {
            checkpoints.get(partition.index()).is_none_or(|checkpoint| checkpoint >= at)
        };
        let done = self.share.asked_elsewhere.extract_if(.., |it| is_done(it)).count();
        if done == 0 {
            return Ok(());
        }
        self.finish_in_flight().await?;
        self.synchronize().await
    }

    /// Forgets who waits here for what other nodes do too. They look for themselves.
    pub(super) fn send_away(&mut self) {
        if self.share.is_part {
            self.quiet.forget_who_waits();
            self.replies = super::Replies::default();
        }
        self.shared.store(self.share.is_part, std::sync::atomic::Ordering::Release);
        self.others = Others::default();
    }

    /// Timers that are due, of the partitions of this node.
    pub(super) async fn due_timers(&mut self, now: Timestamp) -> Result<Vec<Timer>, StoreError> {
        let limit = self.limits.batch_messages;
        let Some(member) = self.share.member.as_ref().filter(|_| self.share.is_part) else {
            return self.store.due_timers(now, limit).await;
        };
        let mut timers = member.nodes().due_timers(self.share.owned_partitions(), now, limit).await?;
        // One that was asked for after what was read comes when that is read.
        timers.retain(|it| it.causation <= self.head && it.process.began_at() <= self.head);
        Ok(timers)
    }

    /// Commands may answer messages that another node has written, and that were not read here.
    pub(super) async fn look_for_causes(&mut self) -> Result<(), StoreError> {
        let newest = self.requests.iter().filter_map(|it| it.cause).map(|(position, _)| position).max();
        if self.share.is_part && newest.is_some_and(|it| it > self.head) {
            self.head = self.store.progress().await?.head.max(self.head);
        }
        Ok(())
    }

    /// The states of instances that other nodes own are read anew for every batch, and are refused when a message for them is
    /// parked there.
    pub(super) async fn look_at_others(&mut self) -> Result<BTreeSet<Stream>, StoreError> {
        let mut blocked = BTreeSet::new();
        if !self.share.is_part {
            return Ok(blocked);
        }
        let executed = self.requests.iter().filter(|it| matches!(it.mode, Mode::Execute { .. }));
        let streams = executed.map(|it| &it.entry.stream).filter(|it| !self.share.owns(it));
        let streams: BTreeSet<Stream> = streams.cloned().collect();
        streams.iter().for_each(|it| self.states.remove(it));
        if streams.is_empty() || self.store.parked(ParkedOf::Everything, 1).await?.is_empty() {
            return Ok(blocked);
        }
        for stream in streams {
            let of = ParkedOf::Stream { handler: stream.category().into(), stream: stream.clone() };
            if !self.store.parked(of, 1).await?.is_empty() {
                blocked.insert(stream);
            }
        }
        Ok(blocked)
    }
}
