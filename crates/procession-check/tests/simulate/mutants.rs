use std::{
    collections::BTreeSet,
    future::ready,
    sync::{Arc, Mutex},
};

use procession_core::{Partition, log::Position};
use procession_runtime::{
    MemoryStore, Store, StoreError,
    store::{Answer, Batch, Committed, Layer, Layered, Ownership, TimerId},
};

/// A promise that a store breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mutant {
    None,
    AcknowledgesBeforeItWrites,
    ForgetsIdempotencyKeys,
    ForgetsCheckpoints,
    LosesTimers,
    FiresATimerTwice,
    LosesTombstones,
    LosesParkedMessages,
    LosesCalls,
    ForgetsThatCallsAreOver,
    LetsAnybodyWrite,
    WritesARefusedBatch,
}

impl Mutant {
    pub(crate) const ALL: [Self; 11] = [
        Self::AcknowledgesBeforeItWrites,
        Self::ForgetsIdempotencyKeys,
        Self::ForgetsCheckpoints,
        Self::LosesTimers,
        Self::FiresATimerTwice,
        Self::LosesTombstones,
        Self::LosesParkedMessages,
        Self::LosesCalls,
        Self::ForgetsThatCallsAreOver,
        Self::LetsAnybodyWrite,
        Self::WritesARefusedBatch,
    ];
}

/// A store in memory that breaks one promise.
pub(crate) struct Mutated {
    store: Arc<dyn Store>,
    mutant: Mutant,
    memory: Mutex<Memory>,
}

#[derive(Default)]
struct Memory {
    /// What was acknowledged, and is not written.
    unwritten: Option<Batch>,
    fired: BTreeSet<TimerId>,
    token: u64,
}

impl Mutated {
    pub(crate) fn store(mutant: Mutant) -> Layered<Self> {
        Layered(Self { store: Arc::new(MemoryStore::new()), mutant, memory: Mutex::default() })
    }

    fn mutate(&self, batch: &mut Batch) {
        let mut memory = self.memory.lock().unwrap();
        match self.mutant {
            Mutant::None | Mutant::AcknowledgesBeforeItWrites | Mutant::WritesARefusedBatch => {}
            Mutant::ForgetsIdempotencyKeys => {
                batch.entries.iter_mut().for_each(|it| it.idempotency_key = None);
            }
            Mutant::ForgetsCheckpoints => {
                let start = Position::START;
                batch.checkpoints.iter_mut().for_each(|it| (it.from, it.to) = (start, start));
            }
            Mutant::LosesTimers => batch.timers.clear(),
            Mutant::FiresATimerTwice => batch.fired.retain(|it| !memory.fired.insert(*it)),
            Mutant::LosesTombstones => batch.cancelled.clear(),
            Mutant::LosesParkedMessages => batch.parked.clear(),
            Mutant::LosesCalls => batch.calls.clear(),
            Mutant::ForgetsThatCallsAreOver => batch.closed_calls.clear(),
            Mutant::LetsAnybodyWrite => {
                batch.after = None;
                batch.checkpoints.iter_mut().for_each(|it| it.token = memory.token);
            }
        }
    }

    fn write(&self, batch: Option<Batch>) {
        if let Some(batch) = batch {
            // It has said that it is durable; whoever hears of a conflict now?
            drop(self.store.commit(batch));
        }
    }

    /// Acknowledges a batch, and keeps it in memory until something else is asked for.
    fn acknowledge(&self, batch: Batch) -> Answer<Committed> {
        let before = self.memory.lock().unwrap().unwritten.take();
        self.write(before);
        match batch.after {
            Some(after) => {
                self.memory.lock().unwrap().unwritten = Some(batch);
                Box::pin(ready(Ok(Committed { after })))
            }
            None => self.store.commit(batch),
        }
    }
}

impl Layer for Mutated {
    fn below(&self) -> &Arc<dyn Store> {
        &self.store
    }

    fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&dyn Store) -> Answer<T> + Send + 'static,
    ) -> Answer<T> {
        let unwritten = self.memory.lock().unwrap().unwritten.take();
        self.write(unwritten);
        read(&*self.store)
    }

    fn commit(&self, mut batch: Batch) -> Answer<Committed> {
        self.mutate(&mut batch);
        match self.mutant {
            Mutant::AcknowledgesBeforeItWrites => self.acknowledge(batch),
            Mutant::WritesARefusedBatch => {
                let again = Batch { after: None, checkpoints: Vec::new(), ..batch.clone() };
                let (store, committed) = (Arc::clone(&self.store), self.store.commit(batch));
                Box::pin(async move {
                    let committed = committed.await;
                    if let Err(StoreError::Conflict(_)) = &committed {
                        drop(store.commit(again));
                    }
                    committed
                })
            }
            _ => self.store.commit(batch),
        }
    }

    /// Whoever starts finds what is written, and nothing else.
    fn acquire(&self, partitions: Vec<Partition>) -> Answer<Vec<Ownership>> {
        let mut memory = self.memory.lock().unwrap();
        memory.unwritten = None;
        memory.token += 1;
        self.store.acquire(partitions)
    }
}
