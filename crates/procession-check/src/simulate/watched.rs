use std::{
    pin::pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::Notify;

/// A value that others wait for. Clones are the same value.
///
/// Those who wait are woken in the order in which they have begun to: Tokio's own `watch` leaves that to chance, and the same
/// seed would not give the same log.
pub(crate) struct Watched<T> {
    value: Arc<Mutex<T>>,
    changed: Arc<Notify>,
}

impl<T> Clone for Watched<T> {
    fn clone(&self) -> Self {
        Self { value: Arc::clone(&self.value), changed: Arc::clone(&self.changed) }
    }
}

impl<T: Clone> Watched<T> {
    pub(crate) fn new(value: T) -> Self {
        Self { value: Arc::new(Mutex::new(value)), changed: Arc::default() }
    }

    pub(crate) fn get(&self) -> T {
        self.lock().clone()
    }

    pub(crate) fn change(&self, change: impl FnOnce(&mut T)) {
        change(&mut self.lock());
        self.changed.notify_waiters();
    }

    pub(crate) fn set(&self, value: T) {
        self.change(|it| *it = value);
    }

    /// Waits until it is so.
    pub(crate) async fn wait_for(&self, is_so: impl Fn(&T) -> bool) -> T {
        loop {
            let mut changed = pin!(self.changed.notified());
            // From here on a change is noticed.
            changed.as_mut().enable();
            let value = self.get();
            if is_so(&value) {
                return value;
            }
            changed.await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, T> {
        self.value.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
