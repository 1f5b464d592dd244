use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;

/// Where the runtime reads the time. Handlers never do: it is given to them.
pub trait Clock: Send + Sync + 'static {
    /// The time now.
    fn now(&self) -> Timestamp;
}

/// The clock of the machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

/// A clock that stands still until it is moved. Clones are the same clock.
///
/// [`RuntimeBuilder::virtual_time`](crate::RuntimeBuilder::virtual_time) starts a runtime on one, and
/// [`Runtime::advance`](crate::Runtime::advance) moves it from timer to timer.
#[derive(Clone, Debug)]
pub struct VirtualClock(Arc<Mutex<Timestamp>>);

impl VirtualClock {
    /// A clock that stands at a time.
    #[must_use]
    pub fn at(now: Timestamp) -> Self {
        Self(Arc::new(Mutex::new(now)))
    }

    /// Moves it to a time. It never goes back.
    ///
    /// A runtime that sleeps is not woken by it: [`Runtime::advance`](crate::Runtime::advance) moves the clock and wakes it.
    pub fn move_to(&self, time: Timestamp) {
        let mut now = self.lock();
        *now = time.max(*now);
    }

    fn lock(&self) -> MutexGuard<'_, Timestamp> {
        // A time is whole, whatever happened to who has set it.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clock for VirtualClock {
    fn now(&self) -> Timestamp {
        *self.lock()
    }
}
