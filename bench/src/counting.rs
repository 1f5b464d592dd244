use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use procession::{
    Store,
    store::{Answer, Batch, Committed, Layer, Layered, Nodes},
};

/// Counts commits on their way to a store.
pub(crate) struct Counting {
    store: Arc<dyn Store>,
    counts: Counts,
}

/// How often was committed, and how much.
#[derive(Clone, Default)]
pub(crate) struct Counts {
    commits: Arc<AtomicU64>,
    rows: Arc<AtomicU64>,
}

impl Counts {
    pub(crate) fn commits(&self) -> u64 {
        self.commits.load(Ordering::Relaxed)
    }

    pub(crate) fn rows(&self) -> u64 {
        self.rows.load(Ordering::Relaxed)
    }

    /// A store whose commits are counted here.
    pub(crate) fn of(&self, store: Arc<dyn Store>) -> Layered<Counting> {
        Layered(Counting { store, counts: self.clone() })
    }
}

impl Layer for Counting {
    fn below(&self) -> &Arc<dyn Store> {
        &self.store
    }

    fn commit(&self, batch: Batch) -> Answer<Committed> {
        self.counts.commits.fetch_add(1, Ordering::Relaxed);
        self.counts.rows.fetch_add(batch.entries.len() as u64, Ordering::Relaxed);
        self.store.commit(batch)
    }

    fn nodes(&self) -> Option<Arc<dyn Nodes>> {
        self.store.nodes()
    }
}
