//! Nodes on the store in memory: the rules, without a database.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use jiff::Timestamp;
use procession_core::{
    Partition, Stream,
    log::{Kind, Position, ProcessId, Recorded},
};
use tokio::time::Instant;

use super::{
    Answer, MemoryStore, Ownership, Progress, Timer,
    memory::{Inner, answer},
    nodes::{
        Heartbeat, Membership, Newest, Node, NodeId, Nodes, ProcessStanding, ShareOfLog, Sharer, Standing,
        allot,
    },
};

/// Who lives, and who owns what.
#[derive(Default)]
pub(super) struct Members {
    living: BTreeMap<NodeId, Member>,
    /// By partition; none are free, and those beyond the end too.
    owners: Vec<Option<NodeId>>,
}

struct Member {
    name: String,
    came: Instant,
    since: Timestamp,
    last_beat: Instant,
    lease: Duration,
}

impl Member {
    fn lease_left(&self, now: Instant) -> Duration {
        self.lease.saturating_sub(now.duration_since(self.last_beat))
    }
}

impl Members {
    /// Frees what belongs to those who do not live any more.
    fn bury(&mut self, now: Instant) {
        self.living.retain(|_, it| !it.lease_left(now).is_zero());
        let living = &self.living;
        self.owners.iter_mut().for_each(|owner| *owner = owner.filter(|it| living.contains_key(it)));
    }

    fn free(&mut self, node: NodeId, partitions: &[Partition]) {
        for partition in partitions {
            if let Some(owner) = self.owners.get_mut(partition.index()).filter(|it| **it == Some(node)) {
                *owner = None;
            }
        }
    }

    fn sharers(&self, now: Instant) -> Vec<Sharer> {
        let sharer = |(node, it): (&NodeId, &Member)| Sharer {
            node: *node,
            is_settled: now.duration_since(it.came) >= it.lease / 4,
            is_heard: now.duration_since(it.last_beat) < it.lease * 3 / 10,
        };
        self.living.iter().map(sharer).collect()
    }
}

impl Inner {
    fn beat(&mut self, heartbeat: Heartbeat) -> Membership {
        let (now, node) = (Instant::now(), heartbeat.node);
        self.members.owners.resize(self.checkpoints.len(), None);
        self.members.bury(now);
        let Heartbeat { name, lease, .. } = heartbeat;
        let new = || Member { name, came: now, since: Timestamp::now(), last_beat: now, lease };
        let member = self.members.living.entry(node).or_insert_with(new);
        (member.last_beat, member.lease) = (now, lease);
        self.members.free(node, &heartbeat.returned);
        let allotment = allot(&self.members.sharers(now), &self.members.owners, node);
        for partition in allotment.to_claim {
            self.members.owners[partition.index()] = Some(node);
            self.checkpoints[partition.index()].0 += 1;
        }
        Membership {
            owned: self.owned(node),
            to_return: allotment.to_return,
            nodes: self.members.living.len(),
        }
    }

    fn owned(&self, node: NodeId) -> Vec<Ownership> {
        let partitions = self.members.owners.iter().zip(&self.checkpoints).zip(0..);
        let owned = partitions.filter(|((owner, _), _)| **owner == Some(node));
        let owned = owned.map(|((_, (token, checkpoint)), partition)| Ownership {
            partition: Partition(partition),
            token: *token,
            checkpoint: *checkpoint,
        });
        owned.collect()
    }

    fn list(&mut self) -> Vec<Node> {
        let now = Instant::now();
        self.members.bury(now);
        let mut nodes: Vec<Node> = self
            .members
            .living
            .iter()
            .map(|(id, it)| Node {
                id: *id,
                name: it.name.clone(),
                since: it.since,
                silent_for: now.duration_since(it.last_beat),
                lease_left: it.lease_left(now),
                partitions: self.owned(*id).iter().map(|it| it.partition).collect(),
            })
            .collect();
        nodes.sort_by_key(|it| (it.since, it.id));
        nodes
    }
}

impl Nodes for MemoryStore {
    fn beat(&self, heartbeat: Heartbeat) -> Answer<Membership> {
        answer(Ok(self.inner().beat(heartbeat)))
    }

    fn leave(&self, node: NodeId) -> Answer<()> {
        let mut inner = self.inner();
        inner.members.living.remove(&node);
        inner.members.bury(Instant::now());
        answer(Ok(()))
    }

    fn list(&self) -> Answer<Vec<Node>> {
        answer(Ok(self.inner().list()))
    }

    fn read_share(
        &self,
        partitions: Vec<Partition>,
        after: Position,
        through: Option<Position>,
        limit: usize,
    ) -> Answer<ShareOfLog> {
        let inner = self.inner();
        let is_meant =
            |stream: &Stream| partitions.contains(&stream.partition(inner.checkpoints.len() as u16));
        let first = usize::try_from(after.0).unwrap_or(usize::MAX);
        let through = through.unwrap_or_else(|| inner.head());
        let share = inner.log.iter().skip(first).flatten().take_while(|it| it.position <= through);
        let share = share.filter(|it| it.entry.kind == Kind::Operation || is_meant(&it.entry.stream));
        let entries: Vec<_> = share.take(limit).cloned().collect();
        let is_all = entries.len() < limit;
        let last = entries.last().map(|it| it.position).filter(|_| !is_all);
        let next_due = inner.timers.in_order().find(|it| is_meant(&it.to)).map(|it| it.due);
        answer(Ok(ShareOfLog { entries, through: last.unwrap_or(through), next_due }))
    }

    fn standing(&self, processes: Vec<ProcessId>, due_by: Timestamp) -> Answer<Standing> {
        let inner = self.inner();
        let checkpoints = inner.checkpoints.iter().map(|(_, checkpoint)| *checkpoint).collect();
        let progress = Progress { head: inner.head(), checkpoints };
        let due: BTreeSet<ProcessId> =
            inner.timers.in_order().take_while(|it| it.due <= due_by).map(|it| it.process).collect();
        let standing = |process: &ProcessId| {
            let index = inner.processes.get(process).and_then(|it| it.last()).copied();
            let last = index.map_or(Position::START, |it| Position(it as u64 + 1));
            let entry = index.and_then(|it| inner.log.get(it)?.as_ref());
            let is_unhandled = |it: &&Recorded| {
                let partition = it.entry.stream.partition(inner.checkpoints.len() as u16);
                inner.checkpoints[partition.index()].1 < it.position
            };
            let unhandled = entry.filter(is_unhandled);
            ProcessStanding {
                last,
                unhandled: unhandled.map(|it| (it.entry.kind, it.entry.name.as_ref().into())),
                has_open_call: inner.calls.values().any(|it| it.process == *process),
                has_due_timer: due.contains(process),
                parked: inner.parked.values().filter(|it| it.process == *process).count() as u64,
            }
        };
        answer(Ok(Standing { progress, processes: processes.iter().map(standing).collect() }))
    }

    fn newest(&self, processes: Vec<ProcessId>, after: Position, through: Position) -> Answer<Vec<Newest>> {
        let inner = self.inner();
        let first = usize::try_from(after.0).unwrap_or(usize::MAX);
        let entries = inner.log.iter().skip(first).flatten().take_while(|it| it.position <= through);
        let newest = entries.filter(|it| processes.contains(&it.process)).map(|it| {
            let partition = it.entry.stream.partition(inner.checkpoints.len() as u16);
            ((it.process, partition, it.entry.kind, it.entry.name.as_ref()), it.position)
        });
        let newest: BTreeMap<_, Position> = newest.collect();
        let newest = newest.into_iter().map(|((process, partition, kind, name), position)| Newest {
            process,
            partition,
            kind,
            name: name.into(),
            position,
        });
        answer(Ok(newest.collect()))
    }

    fn due_timers(&self, partitions: Vec<Partition>, now: Timestamp, limit: usize) -> Answer<Vec<Timer>> {
        let inner = self.inner();
        let is_meant = |it: &&Timer| partitions.contains(&it.to.partition(inner.checkpoints.len() as u16));
        let due = inner.timers.in_order().take_while(|it| it.due <= now).filter(is_meant);
        answer(Ok(due.take(limit).cloned().collect()))
    }
}
