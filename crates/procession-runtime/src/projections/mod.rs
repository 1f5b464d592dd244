//! Keeps read models up: each follows the log by itself, in a task of its own.

mod begin;
mod filling;
mod keeper;
mod node;
mod operations;
mod promote;
mod sweep;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use procession_core::{Engine, log::Position};
use tokio::{sync::watch, task::JoinHandle};

use self::keeper::Keeper;
pub(crate) use self::{begin::leave_behind, node::Node};
use crate::{
    Clock,
    store::{Ownership, Store, StoreError},
};

/// The read models that this runtime keeps up.
pub(crate) struct ReadModels {
    followed: BTreeMap<&'static str, watch::Receiver<Option<Followed>>>,
    tasks: Mutex<Vec<JoinHandle<()>>>,
}

/// How far a read model follows the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Followed {
    /// What is up to there can be read.
    pub(crate) through: Position,
    /// Nothing is left to do up to there; none while there is.
    pub(crate) rests_at: Option<Position>,
}

impl Followed {
    /// The end of all logs: an inline read model is never behind what is durable.
    pub(crate) const EVERYTHING: Position = Position(u64::MAX);
}

/// Read models that were taken over, and do not follow yet.
pub(crate) struct TakenOver(Vec<Keeper>);

impl ReadModels {
    /// Takes the projections of an application over, and begins those that are new. Nobody writes events meanwhile.
    pub(crate) async fn take_over(
        engine: &Engine,
        store: &Arc<dyn Store>,
        clock: &Arc<dyn Clock>,
        owned: &[Ownership],
    ) -> Result<TakenOver, StoreError> {
        let mut keepers = Vec::new();
        for projection in engine.projections() {
            let mut keeper = Keeper::new(Arc::clone(projection), Arc::clone(store), Arc::clone(clock));
            if owned.iter().any(|it| it.partition == keeper.partition()) {
                keeper.acquire().await?;
            }
            keepers.push(keeper);
        }
        Ok(TakenOver(keepers))
    }

    /// For the latest news of one.
    pub(crate) fn followed(&self, projection: &str) -> Option<watch::Receiver<Option<Followed>>> {
        self.followed.get(projection).cloned()
    }

    /// Waits until all rest at a position. Those that somebody else keeps up are not waited for.
    pub(crate) async fn rest_at(&self, position: Position) {
        for followed in self.followed.values() {
            let mut followed = followed.clone();
            let rests = |it: &Followed| it.rests_at.is_some_and(|it| it >= position);
            _ = followed.wait_for(|it| it.as_ref().is_none_or(rests)).await;
        }
    }

    /// Lets go of all. What is not durable is folded again after the next start.
    pub(crate) async fn stop(&self) {
        let tasks = std::mem::take(&mut *self.tasks.lock().unwrap_or_else(PoisonError::into_inner));
        for task in tasks {
            task.abort();
            // It has ended, in whatever way.
            _ = task.await;
        }
    }
}

impl TakenOver {
    /// Lets them follow the log.
    pub(crate) fn follow(self, node: &Node) -> ReadModels {
        let (mut followed, mut tasks) = (BTreeMap::new(), Vec::new());
        for keeper in self.0 {
            followed.insert(keeper.name(), keeper.followed());
            tasks.push(tokio::spawn(keeper.run(node.clone())));
        }
        ReadModels { followed, tasks: Mutex::new(tasks) }
    }
}
