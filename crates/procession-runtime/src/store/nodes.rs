//! Several runtimes on one store: who lives, and who owns what.

use std::{collections::BTreeMap, fmt, time::Duration};

use jiff::Timestamp;
use procession_core::{
    Partition,
    log::{Kind, Position, ProcessId, Recorded},
};

use super::{Answer, Ownership, Progress, Timer};

/// What a store offers when several runtimes may work on it at once, each on its share of the partitions.
///
/// A node lives as long as it sends heartbeats before its lease runs out; the store's own clock says when that is. The
/// partitions of a node that does not live any more are free, and a partition has one owner at a time: who takes a free one
/// raises its fencing token, so that whatever its last owner still sends is refused.
pub trait Nodes: Send + Sync + 'static {
    /// Renews the lease of a node, or takes it in. Partitions that it returns are free from then on. It is given free
    /// partitions up to its share.
    fn beat(&self, heartbeat: Heartbeat) -> Answer<Membership>;

    /// Lets a node go. Its partitions are free at once.
    fn leave(&self, node: NodeId) -> Answer<()>;

    /// The nodes that live, in the order in which they came.
    fn list(&self) -> Answer<Vec<Node>>;

    /// What the log holds for some partitions after a position, up to another one or to its end, up to `limit` entries, in log
    /// order. What operators have asked for in other partitions is among it, because it concerns everybody.
    fn read_share(
        &self,
        partitions: Vec<Partition>,
        after: Position,
        through: Option<Position>,
        limit: usize,
    ) -> Answer<ShareOfLog>;

    /// How far the log and its handling are, and how each of these processes stands, with the timers that are due by a time, all at
    /// one moment. A store that reads them one after the other misses what becomes something else meanwhile: the end of a call
    /// becomes a message.
    fn standing(&self, processes: Vec<ProcessId>, due_by: Timestamp) -> Answer<Standing>;

    /// Of some processes, the newest entries after a position, up to another one: of each partition and each kind and name of
    /// message the newest.
    fn newest(&self, processes: Vec<ProcessId>, after: Position, through: Position) -> Answer<Vec<Newest>>;

    /// Up to `limit` timers that are due and whose commands belong to these partitions, in the order of their due times and of asking.
    fn due_timers(&self, partitions: Vec<Partition>, now: Timestamp, limit: usize) -> Answer<Vec<Timer>>;
}

/// Names one life of a node: a number that is drawn when it starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(
    /// At most 63 bits, so that every database can hold it.
    pub u64,
);

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// A sign of life.
#[derive(Clone, Debug)]
pub struct Heartbeat {
    /// Who sends it.
    pub node: NodeId,
    /// What people call it.
    pub name: String,
    /// For how long it is to be taken as living.
    pub lease: Duration,
    /// Partitions that it owns no longer: nothing of them is under way there.
    pub returned: Vec<Partition>,
}

/// What a node is told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Membership {
    /// What it owns.
    pub owned: Vec<Ownership>,
    /// What it should return, so that others get their share.
    pub to_return: Vec<Partition>,
    /// How many nodes live, itself among them.
    pub nodes: usize,
}

/// A node that lives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Its id.
    pub id: NodeId,
    /// What people call it.
    pub name: String,
    /// When it came, by the store's clock.
    pub since: Timestamp,
    /// How long ago it has sent the last sign of life.
    pub silent_for: Duration,
    /// For how long it is taken as living without another one.
    pub lease_left: Duration,
    /// What it owns.
    pub partitions: Vec<Partition>,
}

/// The part of the log that belongs to some partitions.
#[derive(Clone, Debug)]
pub struct ShareOfLog {
    /// The entries, in log order.
    pub entries: Vec<Recorded>,
    /// Up to where there are no others: the end of what was asked for, or the last of these entries.
    pub through: Position,
    /// When the next timer of these partitions is due; told only when the end of the log was asked for.
    pub next_due: Option<Timestamp>,
}

/// How far everything is at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The log and its handling.
    pub progress: Progress,
    /// The processes that were asked for, in their order.
    pub processes: Vec<ProcessStanding>,
}

/// How a process stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProcessStanding {
    /// Its newest entry; the log's start if there is no such process.
    pub last: Position,
    /// Kind and name of that entry, if the partition of its stream is not handled up to there. One that is not in the log any
    /// more was handled.
    pub unhandled: Option<(Kind, Box<str>)>,
    /// Whether a call of an effect is open.
    pub has_open_call: bool,
    /// Whether one of its timers is due by the time that was asked for.
    pub has_due_timer: bool,
    /// How many of its messages are parked.
    pub parked: u64,
}

/// The newest entry of a kind and name that a process has in a partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Newest {
    /// The process.
    pub process: ProcessId,
    /// The partition of its stream.
    pub partition: Partition,
    /// What it is.
    pub kind: Kind,
    /// What its message is called.
    pub name: Box<str>,
    /// Where it stands.
    pub position: Position,
}

/// A node as it is seen when partitions are shared out.
#[derive(Clone, Copy, Debug)]
pub struct Sharer {
    /// The node.
    pub node: NodeId,
    /// Whether it has lived long enough for others to make room for it. One that dies at every start gets nothing of theirs.
    pub is_settled: bool,
    /// Whether it was heard in the last three of its heartbeats, and has not lost its connection. Nothing is kept free for one that may be dead.
    pub is_heard: bool,
}

/// What a node may take, and what it should return.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Allotment {
    /// Free partitions for it.
    pub to_claim: Vec<Partition>,
    /// Partitions of its own that are more than its share.
    pub to_return: Vec<Partition>,
}

/// Shares partitions out: every store asks this one function. `owners` has the owner of each partition; none is free.
///
/// All get the same number, give or take one. Those that have most keep one more, so that no partition moves without need.
#[must_use]
pub fn allot(sharers: &[Sharer], owners: &[Option<NodeId>], node: NodeId) -> Allotment {
    let shared_out = |counts: &dyn Fn(&Sharer) -> bool| -> usize {
        let mut owned: BTreeMap<NodeId, usize> =
            sharers.iter().filter(|it| it.node == node || counts(it)).map(|it| (it.node, 0)).collect();
        for owner in owners.iter().flatten() {
            if let Some(count) = owned.get_mut(owner) {
                *count += 1;
            }
        }
        let mut by_count: Vec<(NodeId, usize)> = owned.into_iter().collect();
        by_count.sort_by_key(|(id, count)| (std::cmp::Reverse(*count), *id));
        let rank = by_count.iter().position(|(id, _)| *id == node).unwrap_or_default();
        let (each, more) = (owners.len() / by_count.len().max(1), owners.len() % by_count.len().max(1));
        each + usize::from(rank < more)
    };
    let of_node = || owners.iter().zip(0..).filter(|(owner, _)| **owner == Some(node));
    let owned = of_node().count();
    let free = owners.iter().zip(0..).filter(|(owner, _)| owner.is_none());
    let room = shared_out(&|it| it.is_heard).saturating_sub(owned);
    let keeps = shared_out(&|it| it.is_heard && it.is_settled);
    Allotment {
        to_claim: free.take(room).map(|(_, partition)| Partition(partition)).collect(),
        to_return: of_node().skip(keeps).map(|(_, partition)| Partition(partition)).collect(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sharers(count: u64) -> Vec<Sharer> {
        (0..count).map(|id| Sharer { node: NodeId(id), is_settled: true, is_heard: true }).collect()
    }

    /// Everybody does what it is told, in turn, until nobody is told anything.
    fn settle(sharers: &[Sharer], owners: &mut [Option<NodeId>]) -> usize {
        let mut moved = 0;
        for _ in 0..4 * sharers.len() {
            for it in sharers {
                let Allotment { to_claim, to_return } = allot(sharers, owners, it.node);
                moved += to_return.len();
                to_claim.iter().for_each(|partition| owners[partition.index()] = Some(it.node));
                to_return.iter().for_each(|partition| owners[partition.index()] = None);
            }
        }
        moved
    }

    fn counts(sharers: &[Sharer], owners: &[Option<NodeId>]) -> Vec<usize> {
        let count = |node| owners.iter().filter(|it| **it == Some(node)).count();
        sharers.iter().map(|it| count(it.node)).collect()
    }

    #[test]
    fn a_node_alone_gets_everything() {
        let given = allot(&sharers(1), &[None; 4], NodeId(0));
        assert_eq!(given.to_claim.len(), 4);
    }

    #[test]
    fn a_node_that_has_just_come_gets_what_is_free_and_nobody_makes_room_for_it() {
        let mut all = sharers(2);
        all[1].is_settled = false;
        let owners = [Some(NodeId(0)), Some(NodeId(0)), Some(NodeId(0)), None];

        assert_eq!(allot(&all, &owners, NodeId(0)).to_return, []);
        assert_eq!(allot(&all, &owners, NodeId(1)).to_claim, [Partition(3)]);
    }

    #[test]
    fn nothing_is_kept_free_nor_given_up_for_a_node_that_may_be_dead() {
        let mut all = sharers(2);
        all[1].is_heard = false;
        let owners = [Some(NodeId(0)), Some(NodeId(0)), None, None];

        let given = allot(&all, &owners, NodeId(0));

        assert_eq!(given, Allotment { to_claim: vec![Partition(2), Partition(3)], to_return: vec![] });
        assert_eq!(allot(&all, &[Some(NodeId(0)); 4], NodeId(0)).to_return, []);
    }

    #[test]
    fn no_more_moves_than_must_when_a_node_comes() {
        let mut owners = vec![Some(NodeId(0)); 16];
        settle(&sharers(2), &mut owners);
        assert_eq!(settle(&sharers(3), &mut owners), 5, "a third gets a third");
        assert_eq!(counts(&sharers(3), &owners), [6, 5, 5]);
    }

    proptest! {
        #[test]
        fn everybody_ends_with_the_same_give_or_take_one(
            nodes in 1..7_u64,
            owners in proptest::collection::vec(proptest::option::of(0..9_u64), 1..40),
        ) {
            let all = sharers(nodes);
            // What belongs to a node that is gone is free.
            let mut owners: Vec<_> =
                owners.into_iter().map(|it| it.filter(|id| *id < nodes).map(NodeId)).collect();

            settle(&all, &mut owners);

            let counts = counts(&all, &owners);
            prop_assert!(owners.iter().all(Option::is_some));
            prop_assert!(counts.iter().max().unwrap() - counts.iter().min().unwrap() <= 1, "{counts:?}");
            prop_assert_eq!(settle(&all, &mut owners), 0, "it is at rest");
        }
    }
}
