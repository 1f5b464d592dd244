use std::collections::BTreeSet;

use procession_core::{Partition, log::Position};
use tokio::sync::{mpsc, watch};

use crate::{
    request::Call,
    store::{Store, StoreError},
};

/// What a keeper knows of the node that it runs on.
#[derive(Clone)]
pub(crate) struct Node {
    /// The newest durable position, as the processor knows it.
    pub(crate) log: watch::Receiver<Position>,
    /// What the processor owns.
    pub(crate) owned: watch::Receiver<BTreeSet<Partition>>,
    pub(crate) processor: mpsc::WeakSender<Call>,
    /// Whether other nodes may write too, so that the processor does not know all.
    pub(crate) is_one_of_many: bool,
}

impl Node {
    /// Whether the processor has ended.
    pub(super) fn has_ended(&self) -> bool {
        self.log.has_changed().is_err()
    }

    pub(super) fn is_ours(&self, partition: Partition) -> bool {
        self.owned.borrow().contains(&partition)
    }

    /// Waits until this node owns a partition; false when it will never own it.
    pub(super) async fn is_ours_in_the_end(&mut self, partition: Partition) -> bool {
        !self.has_ended() && self.owned.wait_for(|it| it.contains(&partition)).await.is_ok()
    }

    pub(super) async fn head(&mut self, store: &dyn Store) -> Result<Position, StoreError> {
        if self.is_one_of_many {
            return Ok(store.progress().await?.head);
        }
        Ok(*self.log.borrow_and_update())
    }

    /// Ends when the log may reach beyond a position, or this node may own something else.
    pub(super) async fn grown(&mut self, beyond: Position, store: &dyn Store) -> Result<(), StoreError> {
        tokio::select! {
            biased;
            // Who listens sees that the processor has ended.
            _ = self.log.changed() => Ok(()),
            _ = self.owned.changed() => Ok(()),
            grown = store.grown(beyond), if self.is_one_of_many => grown,
        }
    }
}
