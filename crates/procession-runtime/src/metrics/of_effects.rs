//! What is counted of the calls of effects, each effect for itself.

use std::time::Duration;

use metrics::{Counter, Gauge, Histogram, SharedString, Unit};

use super::list::{Metric, counter, gauge, histogram};

const LABELS: &[&str] = &["store", "effect"];

/// From a millisecond to the minute that hardly any call may take.
const SECONDS_OF_AN_ATTEMPT: &[f64] =
    &[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0];

pub(super) const ATTEMPTS_STARTED: Metric = counter(
    "procession_effect_attempts_started_total",
    LABELS,
    "Attempts to make a call of an effect that have begun, those among them that look whether the target is back",
);
pub(super) const ATTEMPTS_FAILED: Metric = counter(
    "procession_effect_attempts_failed_total",
    LABELS,
    "Attempts that did not do what they were to do: an error, a refusal, no answer in time, or a panic",
);
pub(super) const CALLS_SUCCEEDED: Metric = counter(
    "procession_effect_calls_succeeded_total",
    LABELS,
    "Calls that did what they were to do, and whose result is recorded",
);
pub(super) const CALLS_GIVEN_UP: Metric = counter(
    "procession_effect_calls_given_up_total",
    LABELS,
    "Calls that were given up: the target has refused, or the attempts or the time are used up",
);
pub(super) const CALLS_PARKED: Metric = counter(
    "procession_effect_calls_parked_total",
    LABELS,
    "Calls that were parked, those among them that were given up without saying what follows",
);
pub(super) const ATTEMPT_SECONDS: Metric = histogram(
    "procession_effect_attempt_seconds",
    Unit::Seconds,
    SECONDS_OF_AN_ATTEMPT,
    LABELS,
    "How long an attempt has taken, whatever came of it",
);
pub(super) const CALLS_UNDER_WAY: Metric =
    gauge("procession_effect_calls_under_way", Unit::Count, LABELS, "Calls that are with their target now");
pub(super) const CALLS_WAITING: Metric = gauge(
    "procession_effect_calls_waiting",
    Unit::Count,
    LABELS,
    "Calls that wait for their turn, for their next attempt, or for the circuit breaker",
);
pub(super) const BREAKER_OPEN: Metric = gauge(
    "procession_effect_circuit_breaker_open",
    Unit::Count,
    LABELS,
    "1 while the circuit breaker is open and nobody calls, otherwise 0",
);

/// What the attempts of one effect have come to in a batch.
#[derive(Default)]
pub(crate) struct EffectCounts {
    pub(crate) attempts_failed: u64,
    pub(crate) calls_succeeded: u64,
    pub(crate) calls_given_up: u64,
    pub(crate) calls_parked: u64,
    pub(crate) took: Vec<Duration>,
}

/// The counters of one effect.
pub(super) struct EffectMeters {
    pub(super) attempts_started: Counter,
    attempts_failed: Counter,
    calls_succeeded: Counter,
    calls_given_up: Counter,
    calls_parked: Counter,
    attempt_seconds: Histogram,
}

impl EffectMeters {
    pub(super) fn of(store: &SharedString, effect: &'static str) -> Self {
        let counter = |it: Metric| ::metrics::counter!(it.name, "store" => store.clone(), "effect" => effect);
        Self {
            attempts_started: counter(ATTEMPTS_STARTED),
            attempts_failed: counter(ATTEMPTS_FAILED),
            calls_succeeded: counter(CALLS_SUCCEEDED),
            calls_given_up: counter(CALLS_GIVEN_UP),
            calls_parked: counter(CALLS_PARKED),
            attempt_seconds: ::metrics::histogram!(ATTEMPT_SECONDS.name, "store" => store.clone(), "effect" => effect),
        }
    }

    pub(super) fn count(&self, counts: &EffectCounts) {
        self.attempts_failed.increment(counts.attempts_failed);
        self.calls_succeeded.increment(counts.calls_succeeded);
        self.calls_given_up.increment(counts.calls_given_up);
        self.calls_parked.increment(counts.calls_parked);
        counts.took.iter().for_each(|it| self.attempt_seconds.record(*it));
    }
}

/// The gauges of one effect.
pub(super) struct EffectGauges {
    under_way: Gauge,
    waiting: Gauge,
    breaker_open: Gauge,
}

/// How the calls of one effect stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct EffectStanding {
    pub(crate) under_way: u64,
    pub(crate) waiting: u64,
    pub(crate) is_breaker_open: bool,
}

impl EffectGauges {
    pub(super) fn of(store: &SharedString, effect: &'static str) -> Self {
        let gauge = |it: Metric| ::metrics::gauge!(it.name, "store" => store.clone(), "effect" => effect);
        Self {
            under_way: gauge(CALLS_UNDER_WAY),
            waiting: gauge(CALLS_WAITING),
            breaker_open: gauge(BREAKER_OPEN),
        }
    }

    pub(super) fn set(&self, standing: EffectStanding) {
        self.under_way.set(standing.under_way as f64);
        self.waiting.set(standing.waiting as f64);
        self.breaker_open.set(f64::from(u8::from(standing.is_breaker_open)));
    }
}
