//! A node on a bad line.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use jiff::Timestamp;
use procession::{
    Partition,
    log::{Position, ProcessId},
};
use procession_runtime::{
    Store, StoreError,
    store::{
        Answer, Batch, Committed, Heartbeat, Layer, Membership, Newest, Node, NodeId, Nodes, ShareOfLog,
        Standing, Timer,
    },
};
use tokio::sync::watch;

/// What becomes of heartbeats and commits. Clones are the same line.
#[derive(Clone, Default)]
pub(crate) struct Line {
    is_cut: Arc<AtomicBool>,
    delay_next: Arc<Mutex<Duration>>,
    holds_commits: watch::Sender<bool>,
}

impl Line {
    pub(crate) fn cut(&self, is_cut: bool) {
        self.is_cut.store(is_cut, Ordering::SeqCst);
    }

    /// Commits are on their way until they are let through.
    pub(crate) fn hold_commits(&self, holds: bool) {
        self.holds_commits.send_replace(holds);
    }

    /// The next heartbeat is late.
    pub(crate) fn delay_next(&self, by: Duration) {
        *self.delay_next.lock().unwrap() = by;
    }
}

/// A store at the other end of a [`Line`].
pub(crate) struct CutOff {
    below: Arc<dyn Store>,
    line: Line,
}

impl CutOff {
    pub(crate) fn new(store: impl Store, line: Line) -> Self {
        Self { below: Arc::new(store), line }
    }
}

impl Layer for CutOff {
    fn below(&self) -> &Arc<dyn Store> {
        &self.below
    }

    fn commit(&self, batch: Batch) -> Answer<Committed> {
        let (mut held, below) = (self.line.holds_commits.subscribe(), Arc::clone(&self.below));
        Box::pin(async move {
            held.wait_for(|holds| !holds).await.unwrap();
            below.commit(batch).await
        })
    }

    fn nodes(&self) -> Option<Arc<dyn Nodes>> {
        let nodes = self.below.nodes()?;
        Some(Arc::new(Heard { nodes, line: self.line.clone() }))
    }
}

struct Heard {
    nodes: Arc<dyn Nodes>,
    line: Line,
}

impl Nodes for Heard {
    fn beat(&self, heartbeat: Heartbeat) -> Answer<Membership> {
        let (nodes, line) = (Arc::clone(&self.nodes), self.line.clone());
        Box::pin(async move {
            let delay = std::mem::take(&mut *line.delay_next.lock().unwrap());
            tokio::time::sleep(delay).await;
            if line.is_cut.load(Ordering::SeqCst) {
                return Err(StoreError::Transient("the line is cut".into()));
            }
            nodes.beat(heartbeat).await
        })
    }

    fn leave(&self, node: NodeId) -> Answer<()> {
        self.nodes.leave(node)
    }

    fn list(&self) -> Answer<Vec<Node>> {
        self.nodes.list()
    }

    fn read_share(
        &self,
        partitions: Vec<Partition>,
        after: Position,
        through: Option<Position>,
        limit: usize,
    ) -> Answer<ShareOfLog> {
        self.nodes.read_share(partitions, after, through, limit)
    }

    fn standing(&self, processes: Vec<ProcessId>, due_by: Timestamp) -> Answer<Standing> {
        self.nodes.standing(processes, due_by)
    }

    fn newest(&self, processes: Vec<ProcessId>, after: Position, through: Position) -> Answer<Vec<Newest>> {
        self.nodes.newest(processes, after, through)
    }

    fn due_timers(&self, partitions: Vec<Partition>, now: Timestamp, limit: usize) -> Answer<Vec<Timer>> {
        self.nodes.due_timers(partitions, now, limit)
    }
}
