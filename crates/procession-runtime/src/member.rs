//! A runtime as one of several nodes: it says that it lives, and learns what it owns.

use std::{
    hash::{BuildHasher as _, Hasher as _, RandomState},
    sync::Arc,
    time::Duration,
};

use procession_core::Partition;
use tokio::{
    sync::{mpsc, watch},
    task::JoinHandle,
    time::{Instant, MissedTickBehavior},
};

use crate::{
    StoreError,
    store::{Heartbeat, Membership, NodeId, Nodes},
};

/// How a node calls itself, and for how long it is taken as living without a sign of life.
#[derive(Clone, Debug)]
pub(crate) struct NodeSettings {
    pub(crate) name: Option<String>,
    pub(crate) lease: Duration,
}

/// Ten seconds are longer than a machine that lives is silent, and short enough to wait for one that does not.
pub(crate) const LEASE: Duration = Duration::from_secs(10);
/// Shorter ones would be lost by a pause that every machine makes.
const SHORTEST_LEASE: Duration = Duration::from_millis(200);
/// Several may be late before the lease is lost.
const HEARTBEATS_PER_LEASE: u32 = 10;

impl Default for NodeSettings {
    fn default() -> Self {
        Self { name: None, lease: LEASE }
    }
}

/// What a node knows of its standing.
#[derive(Clone, Debug)]
struct Standing {
    membership: Membership,
    /// Up to when nobody else takes what it owns, by the clock of this machine.
    holds_until: Instant,
}

/// A node among others. When it is dropped it says nothing any more, and its lease runs out.
pub(crate) struct Member {
    node: NodeId,
    nodes: Arc<dyn Nodes>,
    standing: watch::Receiver<Standing>,
    requests: mpsc::UnboundedSender<Vec<Partition>>,
    heart: JoinHandle<()>,
}

impl Drop for Member {
    fn drop(&mut self) {
        self.heart.abort();
    }
}

struct Heart {
    nodes: Arc<dyn Nodes>,
    node: NodeId,
    name: String,
    lease: Duration,
    standing: watch::Sender<Standing>,
    requests: mpsc::UnboundedReceiver<Vec<Partition>>,
}

impl Member {
    /// Joins the nodes of a store.
    pub(crate) async fn join(nodes: Arc<dyn Nodes>, settings: NodeSettings) -> Result<Self, StoreError> {
        let node = NodeId(RandomState::new().build_hasher().finish() >> 1);
        let name = settings.name.unwrap_or_else(|| format!("pid {}", std::process::id()));
        let lease = settings.lease.max(SHORTEST_LEASE);
        let unknown = Standing { membership: Membership::default(), holds_until: Instant::now() };
        let (standing, watched) = watch::channel(unknown);
        let (requests, taken) = mpsc::unbounded_channel();
        let mut heart = Heart { nodes: Arc::clone(&nodes), node, name, lease, standing, requests: taken };
        heart.beat(Vec::new()).await?;
        let heart = tokio::spawn(heart.run());
        Ok(Self { node, nodes, standing: watched, requests, heart })
    }

    pub(crate) fn nodes(&self) -> &Arc<dyn Nodes> {
        &self.nodes
    }

    /// Whether it was told something since [`membership`](Self::membership) was asked for.
    pub(crate) fn has_news(&self) -> bool {
        self.standing.has_changed().unwrap_or_default()
    }

    /// What it owns now. Nothing, when it has not been heard for so long that others may own it.
    pub(crate) fn membership(&mut self) -> Membership {
        let standing = self.standing.borrow_and_update();
        if Instant::now() < standing.holds_until {
            standing.membership.clone()
        } else {
            Membership { nodes: standing.membership.nodes.max(2), ..Membership::default() }
        }
    }

    /// Ends when it is told something, or when what it knows is too old.
    pub(crate) async fn news(&mut self) {
        let until = self.standing.borrow().holds_until;
        let is_late = Instant::now() >= until;
        tokio::select! {
            biased;
            changed = self.standing.changed() => {
                if changed.is_err() {
                    std::future::pending().await
                }
            }
            () = tokio::time::sleep_until(until), if !is_late => {}
        }
    }

    /// Returns partitions, of which nothing may be under way, and waits for what it is told then. Without any it only asks.
    pub(crate) async fn give_back(&mut self, partitions: Vec<Partition>) {
        self.standing.mark_unchanged();
        // Who hears nothing more has ended, and then nothing changes.
        if self.requests.send(partitions).is_ok() {
            _ = self.standing.changed().await;
            self.standing.mark_changed();
        }
    }

    /// Lets everything go.
    pub(crate) async fn leave(self) -> Result<(), StoreError> {
        self.heart.abort();
        self.nodes.leave(self.node).await
    }
}

impl Heart {
    async fn run(mut self) {
        let mut beats = tokio::time::interval(self.lease / HEARTBEATS_PER_LEASE);
        beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let returned = tokio::select! {
                biased;
                request = self.requests.recv() => match request {
                    Some(partitions) => partitions,
                    None => return,
                },
                _ = beats.tick() => Vec::new(),
            };
            if let Err(error) = self.beat(returned).await {
                tracing::warn!(node = %self.node, %error, "this node could not say that it lives; trying again");
                // Whoever waits for an answer looks at what it still holds.
                self.standing.send_modify(|_| {});
            }
        }
    }

    async fn beat(&mut self, returned: Vec<Partition>) -> Result<(), StoreError> {
        // The store counts from when it hears the beat, which is later.
        let holds_until = Instant::now() + self.lease;
        let (node, name, lease) = (self.node, self.name.clone(), self.lease);
        let heartbeat = Heartbeat { node, name, lease, returned: returned.clone() };
        match tokio::time::timeout(self.lease, self.nodes.beat(heartbeat)).await {
            Ok(Ok(membership)) => {
                self.standing.send_replace(Standing { membership, holds_until });
                Ok(())
            }
            failed => {
                // What was given back is not this node's any more, whether or not that was heard.
                self.standing.send_modify(|it| {
                    it.membership.owned.retain(|it| !returned.contains(&it.partition));
                });
                failed
                    .unwrap_or_else(|_| Err(StoreError::Transient("the store does not answer".into())))
                    .map(drop)
            }
        }
    }
}
