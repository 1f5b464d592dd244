use metrics::Unit;

use super::of_effects::{
    ATTEMPT_SECONDS, ATTEMPTS_FAILED, ATTEMPTS_STARTED, BREAKER_OPEN, CALLS_GIVEN_UP, CALLS_PARKED,
    CALLS_SUCCEEDED, CALLS_UNDER_WAY, CALLS_WAITING,
};

/// One metric: its name, and what it means.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Metric {
    /// Its name, the same in every system of metrics.
    pub name: &'static str,
    /// What it does.
    pub kind: MetricKind,
    /// What it counts in.
    pub unit: Unit,
    /// What tells its series apart.
    pub labels: &'static [&'static str],
    /// What it means, in one sentence.
    pub says: &'static str,
}

/// What a metric does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum MetricKind {
    /// It only rises, and begins at 0 when the program does.
    Counter,
    /// It rises and falls.
    Gauge,
    /// It counts values by their size, best in these buckets (their upper bounds).
    Histogram(&'static [f64]),
}

const SECONDS_OF_A_COMMIT: &[f64] =
    &[0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];
/// From a millisecond to thirty days: a process may be either.
const SECONDS_OF_A_LIFE: &[f64] = &[
    0.001,
    0.005,
    0.025,
    0.1,
    0.5,
    1.0,
    5.0,
    15.0,
    60.0,
    300.0,
    900.0,
    3_600.0,
    21_600.0,
    86_400.0,
    604_800.0,
    2_592_000.0,
];
const COUNTS: &[f64] = &[1.0, 4.0, 16.0, 64.0, 256.0, 1_024.0, 4_096.0, 16_384.0];
const BYTES: &[f64] = &[256.0, 1_024.0, 4_096.0, 16_384.0, 65_536.0, 262_144.0, 1_048_576.0, 4_194_304.0];

pub(super) const fn counter(
    name: &'static str,
    labels: &'static [&'static str],
    says: &'static str,
) -> Metric {
    Metric { name, kind: MetricKind::Counter, unit: Unit::Count, labels, says }
}

pub(super) const fn gauge(
    name: &'static str,
    unit: Unit,
    labels: &'static [&'static str],
    says: &'static str,
) -> Metric {
    Metric { name, kind: MetricKind::Gauge, unit, labels, says }
}

pub(super) const fn histogram(
    name: &'static str,
    unit: Unit,
    buckets: &'static [f64],
    labels: &'static [&'static str],
    says: &'static str,
) -> Metric {
    Metric { name, kind: MetricKind::Histogram(buckets), unit, labels, says }
}

pub(super) const HANDLED: Metric = counter(
    "procession_messages_handled_total",
    &["store", "kind"],
    "Messages that their handlers were asked to handle, by the kind of the message",
);
pub(super) const REJECTED: Metric = counter(
    "procession_messages_rejected_total",
    &["store", "category"],
    "Commands to which a decider said no, by its category",
);
pub(super) const IGNORED: Metric = counter(
    "procession_messages_ignored_total",
    &["store", "category"],
    "Messages that came too early or too late for a process manager, by its category",
);
pub(super) const PARKED: Metric = counter(
    "procession_messages_parked_total",
    &["store", "handler", "because"],
    "Messages that were parked: because their handler failed (failure), or behind one that is parked (behind)",
);
pub(super) const RETRIED: Metric = counter(
    "procession_handler_retries_total",
    &["store", "handler"],
    "Messages that were handed to their handler again after it had failed, by its retries or by an operator",
);
pub(super) const WRITTEN: Metric =
    counter("procession_entries_written_total", &["store", "kind"], "Entries that were added to the log");
pub(super) const TIMERS_SET: Metric =
    counter("procession_timers_set_total", &["store"], "Commands that were put aside until they are due");
pub(super) const TIMERS_FIRED: Metric =
    counter("procession_timers_fired_total", &["store"], "Commands that became due and went into the log");
pub(super) const CONFLICTS: Metric = counter(
    "procession_conflicts_total",
    &["store"],
    "Batches that were run again, because somebody else had written to the log",
);
pub(super) const STORE_FAILURES: Metric = counter(
    "procession_store_failures_total",
    &["store", "kind"],
    "Calls that the store could not answer: transient ones are tried again, permanent ones stop the processor",
);
pub(super) const BATCH_MESSAGES: Metric = histogram(
    "procession_batch_messages",
    Unit::Count,
    COUNTS,
    &["store"],
    "Messages that one commit handled",
);
pub(super) const BATCH_ENTRIES: Metric = histogram(
    "procession_batch_entries",
    Unit::Count,
    COUNTS,
    &["store"],
    "Entries that one commit added to the log",
);
pub(super) const BATCH_BYTES: Metric = histogram(
    "procession_batch_bytes",
    Unit::Bytes,
    BYTES,
    &["store"],
    "Payloads that one commit wrote, to the log and as timers",
);
pub(super) const COMMIT: Metric = histogram(
    "procession_commit_seconds",
    Unit::Seconds,
    SECONDS_OF_A_COMMIT,
    &["store"],
    "From handing a batch to the store until it is durable, with the batches before it",
);
pub(super) const DURATION: Metric = histogram(
    "procession_instance_duration_seconds",
    Unit::Seconds,
    SECONDS_OF_A_LIFE,
    &["store", "category", "end"],
    "From the first event of an instance to the one that ended it, by its category and that event",
);
pub(super) const HEAD: Metric =
    gauge("procession_log_head", Unit::Count, &["store"], "The newest position of the log");
pub(super) const LAG: Metric = gauge(
    "procession_lag_entries",
    Unit::Count,
    &["store", "partition"],
    "How far the oldest message that waits lies behind the head of the log; 0 when nothing waits",
);
pub(super) const OLDEST: Metric = gauge(
    "procession_oldest_message_seconds",
    Unit::Seconds,
    &["store"],
    "How long ago the oldest message that waits was recorded; 0 when nothing waits",
);
pub(super) const BACKLOG: Metric = gauge(
    "procession_backlog_messages",
    Unit::Count,
    &["store"],
    "Messages that wait in memory; what does not fit waits in the log only, and is seen as lag",
);
pub(super) const REQUESTS: Metric = gauge(
    "procession_requests_waiting",
    Unit::Count,
    &["store"],
    "What clients have asked for and is not begun",
);
pub(super) const STATES: Metric =
    gauge("procession_cached_states", Unit::Count, &["store"], "States of instances that are held in memory");
pub(super) const PARKED_NOW: Metric = gauge(
    "procession_parked_messages",
    Unit::Count,
    &["store"],
    "Messages that are parked now, and wait for somebody to look at them",
);
pub(super) const LATENESS: Metric = gauge(
    "procession_timer_lateness_seconds",
    Unit::Seconds,
    &["store"],
    "How long the next timer is due already; 0 when none is",
);
pub(super) const COMMITTING: Metric = gauge(
    "procession_commit_waiting_seconds",
    Unit::Seconds,
    &["store"],
    "How long the store has been busy with the oldest batch that it has not answered; 0 when it has answered all",
);
pub(super) const RECOVERING: Metric = gauge(
    "procession_recovering_seconds",
    Unit::Seconds,
    &["store"],
    "How long the processor has been trying to reach its store; 0 when it reaches it",
);
pub(super) const LIVE: Metric = gauge(
    "procession_live",
    Unit::Count,
    &["store"],
    "1 while the processor runs and its handlers return, otherwise 0",
);
pub(super) const STARTED: Metric = gauge(
    "procession_started_seconds",
    Unit::Seconds,
    &["store"],
    "When the runtime started, in seconds since 1970",
);

/// Every metric, in the order of the documentation.
pub const ALL: &[Metric] = &[
    HANDLED,
    REJECTED,
    IGNORED,
    PARKED,
    RETRIED,
    WRITTEN,
    TIMERS_SET,
    TIMERS_FIRED,
    CONFLICTS,
    STORE_FAILURES,
    BATCH_MESSAGES,
    BATCH_ENTRIES,
    BATCH_BYTES,
    COMMIT,
    DURATION,
    HEAD,
    LAG,
    OLDEST,
    BACKLOG,
    REQUESTS,
    STATES,
    PARKED_NOW,
    LATENESS,
    COMMITTING,
    RECOVERING,
    LIVE,
    STARTED,
    ATTEMPTS_STARTED,
    ATTEMPTS_FAILED,
    CALLS_SUCCEEDED,
    CALLS_GIVEN_UP,
    CALLS_PARKED,
    ATTEMPT_SECONDS,
    CALLS_UNDER_WAY,
    CALLS_WAITING,
    BREAKER_OPEN,
];
