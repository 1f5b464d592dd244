use std::time::Duration;

use crate::Retries;

/// How an effect is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct EffectPolicy {
    /// How often, and for how long. Without a choice: 20 attempts, with pauses of up to a minute.
    pub retries: Retries,
    /// How long one attempt may take. Without a choice: 30 seconds.
    pub timeout: Duration,
    /// Calls under way at the same time. Without a choice: 16.
    pub calls_at_once: u32,
    /// Calls that begin in a second; none for any number.
    pub calls_per_second: Option<u32>,
    /// When calls pause because the target is down.
    pub circuit_breaker: CircuitBreaker,
}

impl Default for EffectPolicy {
    fn default() -> Self {
        Self {
            retries: Retries::up_to(20),
            timeout: Duration::from_secs(30),
            calls_at_once: 16,
            calls_per_second: None,
            circuit_breaker: CircuitBreaker::default(),
        }
    }
}

/// When all calls of an effect pause, because its target is down: after some failures in a row no call begins for a while,
/// and then one, to look. Only when that one succeeds the others go on.
///
/// What pauses uses up no attempts. The look is an attempt of the call that looks: of those that are due, the one that has
/// failed least often. So an outage takes one attempt in each pause from all calls together, and a call that always fails is
/// given up also when it is the only one.
///
/// The idea is the circuit breaker of Nygard's *Release It!*.
///
/// ```
/// # extern crate procession_core as procession;
/// use std::time::Duration;
/// use procession::CircuitBreaker;
///
/// let watchful = CircuitBreaker::default().failures(3).first_pause(Duration::from_millis(200));
/// assert_eq!(watchful.longest_pause, Duration::from_secs(30));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CircuitBreaker {
    /// Failures in a row, of any calls, that open it. Without a choice: 5.
    pub failures: u32,
    /// How long nobody calls, at first. It doubles whenever the look fails. Without a choice: a second.
    pub first_pause: Duration,
    /// How long nobody calls, at most. Without a choice: 30 seconds.
    pub longest_pause: Duration,
}

impl Default for CircuitBreaker {
    fn default() -> Self {
        Self { failures: 5, first_pause: Duration::from_secs(1), longest_pause: Duration::from_secs(30) }
    }
}

impl CircuitBreaker {
    /// It never opens.
    #[must_use]
    pub fn never() -> Self {
        Self { failures: u32::MAX, ..Self::default() }
    }

    /// Opens after so many failures in a row: at least one.
    #[must_use]
    pub const fn failures(self, failures: u32) -> Self {
        Self { failures: if failures == 0 { 1 } else { failures }, ..self }
    }

    /// How long nobody calls, at first.
    #[must_use]
    pub const fn first_pause(self, first_pause: Duration) -> Self {
        Self { first_pause, ..self }
    }

    /// How long nobody calls, at most.
    #[must_use]
    pub const fn longest_pause(self, longest_pause: Duration) -> Self {
        Self { longest_pause, ..self }
    }

    /// How long nobody calls after it has opened, and so many looks have failed.
    #[must_use]
    pub fn pause(&self, failed_looks: u32) -> Duration {
        self.first_pause.saturating_mul(2_u32.saturating_pow(failed_looks.min(31))).min(self.longest_pause)
    }
}
