use std::{
    pin::pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Wake, Waker},
    thread::{self, Thread},
};

use procession_core::log::Position;
use procession_runtime::{
    Store, StoreError,
    store::{Answer, Batch, Committed},
};

use super::{timers::Timers, watched::Watched};

/// The real store. It outlives every life of the process, and answers at once: how long that takes is for the wire to say, so
/// that threads of the store make no difference.
#[derive(Clone)]
pub(crate) struct Disk {
    store: Arc<dyn Store>,
    head: Watched<Position>,
    timers: Arc<Mutex<Timers>>,
}

impl Disk {
    pub(crate) fn new(store: Arc<dyn Store>) -> Self {
        Self { store, head: Watched::new(Position::START), timers: Arc::default() }
    }

    pub(crate) fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    pub(crate) fn commit(&self, batch: Batch) -> Result<Committed, StoreError> {
        let (entries, written) = (batch.entries.len() as u64, batch.clone());
        let committed = now(self.store.commit(batch))?;
        self.timers().committed(&written, committed.after);
        self.head.set(committed.after.plus(entries));
        Ok(committed)
    }

    /// What must not have happened, as far as it can be seen from the batches.
    pub(crate) fn broken(&self) -> Option<String> {
        self.timers().fired_twice()
    }

    fn timers(&self) -> MutexGuard<'_, Timers> {
        self.timers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends when the log reaches beyond a position.
    pub(crate) async fn grown(&self, beyond: Position) {
        self.head.wait_for(|it| *it > beyond).await;
    }
}

/// Waits for an answer with the whole thread, so that nothing else happens meanwhile.
pub(crate) fn now<T>(answer: Answer<T>) -> Result<T, StoreError> {
    let mut answer = pin!(tokio::task::unconstrained(answer));
    let waker = Waker::from(Arc::new(Parked(thread::current())));
    let mut context = Context::from_waker(&waker);
    loop {
        match answer.as_mut().poll(&mut context) {
            Poll::Ready(answer) => return answer,
            Poll::Pending => thread::park(),
        }
    }
}

struct Parked(Thread);

impl Wake for Parked {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}
