use std::time::Duration;

use jiff::Timestamp;
use procession_runtime::Clock;
use tokio::time::Instant;

/// The time of a simulation: what has passed in the life of a process, by Tokio's paused time, after all lives before it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SimulatedClock {
    began_at: Timestamp,
    began: Instant,
}

impl SimulatedClock {
    /// Begins a life. Only right within the Tokio runtime of that life.
    pub(crate) fn began_at(began_at: Timestamp) -> Self {
        Self { began_at, began: Instant::now() }
    }

    /// Waits until a time, and a moment longer, because Tokio counts in milliseconds.
    pub(crate) async fn reaches(&self, time: Timestamp) {
        let pause = Duration::try_from(time.duration_since(self.now())).unwrap_or(Duration::ZERO);
        tokio::time::sleep(pause + Duration::from_millis(1)).await;
    }
}

impl Clock for SimulatedClock {
    fn now(&self) -> Timestamp {
        self.began_at.checked_add(self.began.elapsed()).unwrap_or(Timestamp::MAX)
    }
}
