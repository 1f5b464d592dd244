use std::{
    future::pending,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use procession_core::log::Position;
use procession_runtime::{
    Store, StoreError,
    store::{Answer, Batch, Committed, Layer},
};
use tokio::sync::{mpsc, oneshot};

use super::{
    Chance, Faults,
    disk::{Disk, now},
    watched::Watched,
};

/// What stands between one runtime and the disk. Calls and answers are slow, are refused, stop coming while the runtime is
/// frozen, and for ever when its process has died.
///
/// What the disk does with a call happens in one instant between two of these moments. So a batch is on its way when the
/// process dies and is lost, or is durable and nobody hears of it.
#[derive(Clone)]
pub(crate) struct Wire {
    disk: Disk,
    life: Life,
    is_frozen: Watched<bool>,
    commits: mpsc::UnboundedSender<(Batch, oneshot::Sender<Result<Committed, StoreError>>)>,
}

/// The life of a process, as long as it lasts.
#[derive(Clone)]
pub(crate) struct Life {
    shared: Arc<Mutex<Shared>>,
    is_over: Watched<bool>,
}

struct Shared {
    chance: Chance,
    faults: Faults,
    /// How many more moments the process lives.
    left: u64,
    /// How often a call was refused.
    refused: u64,
}

impl Life {
    /// A life with these faults, which is over after so many moments: a call of the store has two, or three.
    pub(crate) fn new(chance: Chance, faults: Faults, moments: u64) -> Self {
        let shared = Shared { chance, faults, left: moments, refused: 0 };
        Self { shared: Arc::new(Mutex::new(shared)), is_over: Watched::new(false) }
    }

    /// Ends when the process dies.
    pub(crate) async fn is_over(&self) {
        self.is_over.wait_for(|it| *it).await;
    }

    pub(crate) fn refused(&self) -> u64 {
        self.shared().refused
    }

    fn shared(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A moment at which the process may die. A part of the calls takes its time.
    async fn moment(&self) {
        let pause = {
            let mut shared = self.shared();
            shared.left = shared.left.saturating_sub(1);
            if shared.left == 0 {
                self.is_over.set(true);
            }
            let (slowness, longest) = (shared.faults.slowness, shared.faults.longest_call);
            let is_slow = slowness > 0.0 && shared.chance.happens(slowness);
            is_slow.then(|| shared.chance.pause(longest))
        };
        if self.is_over.get() {
            pending::<()>().await;
        }
        if let Some(pause) = pause.filter(|it| *it > Duration::ZERO) {
            tokio::time::sleep(pause).await;
        }
    }

    fn refuses(&self) -> bool {
        let mut shared = self.shared();
        let refusals = shared.faults.refusals;
        let refuses = refusals > 0.0 && shared.chance.happens(refusals);
        shared.refused += u64::from(refuses);
        refuses
    }
}

impl Wire {
    /// The wire of a runtime in a life. Only right within the Tokio runtime of that life.
    pub(crate) fn new(disk: Disk, life: Life) -> Self {
        let (commits, handed_over) = mpsc::unbounded_channel();
        let wire = Self { disk, life, is_frozen: Watched::new(false), commits };
        tokio::spawn(carry(wire.clone(), handed_over));
        wire
    }

    pub(crate) fn freeze(&self, is_frozen: bool) {
        self.is_frozen.set(is_frozen);
    }

    /// The way there. What is refused has no effect.
    async fn there(&self) -> Result<(), StoreError> {
        self.life.moment().await;
        self.thawed().await;
        if self.life.refuses() {
            return Err(StoreError::Transient("the store is away for a moment".into()));
        }
        Ok(())
    }

    async fn back(&self) {
        self.life.moment().await;
        self.thawed().await;
    }

    async fn thawed(&self) {
        self.is_frozen.wait_for(|it| !*it).await;
    }
}

/// Carries batches to the disk in the order in which they were handed over, whether or not somebody waits for the answers.
async fn carry(
    wire: Wire,
    mut handed_over: mpsc::UnboundedReceiver<(Batch, oneshot::Sender<Result<Committed, StoreError>>)>,
) {
    while let Some((batch, answer)) = handed_over.recv().await {
        let there = wire.there().await;
        let committed = there.and_then(|()| wire.disk.commit(batch));
        wire.back().await;
        // Who has gone away does not want to know.
        _ = answer.send(committed);
    }
}

impl Layer for Wire {
    fn below(&self) -> &Arc<dyn Store> {
        self.disk.store()
    }

    fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&dyn Store) -> Answer<T> + Send + 'static,
    ) -> Answer<T> {
        let wire = self.clone();
        Box::pin(async move {
            wire.there().await?;
            let answer = now(read(&**wire.disk.store()));
            wire.back().await;
            answer
        })
    }

    fn commit(&self, batch: Batch) -> Answer<Committed> {
        let (reply, answer) = oneshot::channel();
        let is_handed_over = self.commits.send((batch, reply)).is_ok();
        Box::pin(async move {
            match answer.await {
                Ok(answer) if is_handed_over => answer,
                _ => pending().await,
            }
        })
    }

    fn grown(&self, beyond: Position) -> Answer<()> {
        let wire = self.clone();
        Box::pin(async move {
            wire.disk.grown(beyond).await;
            wire.there().await
        })
    }

    /// The disk outlives the process.
    fn close(&self) -> Answer<()> {
        Box::pin(async { Ok(()) })
    }
}
