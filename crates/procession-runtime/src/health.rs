use std::time::Duration;

use procession_core::Partition;
use tokio::time::timeout;

use crate::{Runtime, StoreError};

/// How a runtime is: whether it lives, and whether it can be asked for something.
///
/// A program that is not **live** has to be started again. One that is not **ready** will be, or says what it needs; starting
/// it again does not help.
///
/// ```
/// use procession_core::{Application, Module, doc::CleanRoom};
/// use procession_runtime::{MemoryStore, Runtime};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let hotel = Application::assemble([Module::named("rooms").handles::<CleanRoom>()])?;
/// let runtime = Runtime::start(&hotel, MemoryStore::new()).await?;
///
/// let health = runtime.health().await;
/// assert!(health.is_live() && health.is_ready());
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Health {
    /// Why it does not live.
    pub dead: Option<Death>,
    /// Why it is not ready, all reasons.
    pub unready: Vec<Unready>,
    /// The largest lag of its partitions, in positions of the log.
    pub lag: u64,
    /// How many messages are parked. They do not make it unready: others go on.
    pub parked: u64,
}

/// Why a runtime must be started again.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Death {
    /// Its processor has ended.
    #[error("the processor has stopped{}", .reason.as_ref().map(|it| format!(": {it}")).unwrap_or_default())]
    Stopped {
        /// What the store said; none if it was asked to stop.
        reason: Option<StoreError>,
    },
    /// A handler does not return, or the machine does not give the processor its turn.
    #[error("the handlers of one batch have been busy for {busy:?}; one of them may never return")]
    Stalled {
        /// For how long.
        busy: Duration,
    },
}

/// Why a runtime should not be asked for anything now.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unready {
    /// It does not live.
    #[error(transparent)]
    Dead(#[from] Death),
    /// It is being stopped.
    #[error("the runtime is stopping")]
    Stopping,
    /// The store fails, and is tried again.
    #[error("the store has failed for {failing:?} and is tried again; look at its disk")]
    Recovering {
        /// For how long.
        failing: Duration,
    },
    /// The store could not be read.
    #[error("the store cannot be read: {0}")]
    Unreadable(StoreError),
    /// The store does not answer.
    #[error("the store has not answered for {waiting:?}")]
    Silent {
        /// For how long.
        waiting: Duration,
    },
    /// There is more to do than may be.
    #[error("partition {partition} is {lag} positions behind the head of the log; at most {most} are fine")]
    Lagging {
        /// The partition that is the farthest behind.
        partition: Partition,
        /// How far.
        lag: u64,
        /// How far it may be.
        most: u64,
    },
}

/// What still counts as healthy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct HealthBounds {
    /// How long the handlers of one batch may be busy. They take milliseconds. 30 seconds.
    pub longest_turn: Duration,
    /// How long the store may take for an answer. 5 seconds.
    pub slowest_answer: Duration,
    /// How far a partition may be behind the head of the log, in positions. 1,000,000: clients are answered before a backlog,
    /// so only one that hardly shrinks is a reason to ask somebody else.
    pub largest_lag: u64,
}

impl Default for HealthBounds {
    fn default() -> Self {
        Self {
            longest_turn: Duration::from_secs(30),
            slowest_answer: Duration::from_secs(5),
            largest_lag: 1_000_000,
        }
    }
}

impl Health {
    /// Whether it lives.
    #[must_use]
    pub fn is_live(&self) -> bool {
        self.dead.is_none()
    }

    /// Whether it can be asked for something.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.unready.is_empty()
    }
}

impl Runtime {
    /// How it is, by the usual bounds. It answers within seconds, also when the store does not.
    pub async fn health(&self) -> Health {
        self.health_within(HealthBounds::default()).await
    }

    /// How it is, by other bounds.
    pub async fn health_within(&self, bounds: HealthBounds) -> Health {
        let store = timeout(bounds.slowest_answer, self.store().progress()).await;
        let vitals = self.vitals();
        let dead = self.death(bounds);
        let mut unready: Vec<Unready> = dead.clone().into_iter().map(Unready::Dead).collect();
        if vitals.is_stopping() {
            unready.push(Unready::Stopping);
        }
        unready.extend(vitals.recovering_for().map(|failing| Unready::Recovering { failing }));
        let committing = vitals.committing_for().filter(|it| *it > bounds.slowest_answer);
        match (store, committing) {
            (Ok(Err(error)), _) => unready.push(Unready::Unreadable(error)),
            (Err(_), _) => unready.push(Unready::Silent { waiting: bounds.slowest_answer }),
            (Ok(Ok(_)), Some(waiting)) => unready.push(Unready::Silent { waiting }),
            (Ok(Ok(_)), None) => {}
        }
        let (lag, partition) = vitals.lags().zip((0..).map(Partition)).max().unwrap_or((0, Partition(0)));
        if lag > bounds.largest_lag {
            unready.push(Unready::Lagging { partition, lag, most: bounds.largest_lag });
        }
        Health { dead, unready, lag, parked: vitals.parked() }
    }

    fn death(&self, bounds: HealthBounds) -> Option<Death> {
        if self.processor_has_ended() {
            return Some(Death::Stopped { reason: self.failure() });
        }
        let busy = self.vitals().handling_for().filter(|it| *it > bounds.longest_turn)?;
        Some(Death::Stalled { busy })
    }
}
