use std::{
    sync::atomic::{AtomicBool, AtomicI64, AtomicU64, AtomicUsize, Ordering::Relaxed},
    time::{Duration, Instant},
};

use jiff::Timestamp;
use procession_core::log::Position;

use crate::metrics::EffectStanding;

/// How a processor is, written by it with every batch, and read by whoever wants to know.
///
/// Each value stands for itself; nobody may rely on two of them being of the same moment.
pub(crate) struct Vitals {
    origin: Instant,
    /// When it began to ask handlers, unless it asks none.
    handling: Since,
    /// When the store got the oldest batch that it has not answered.
    committing: Since,
    /// When the store began to fail.
    failing: Since,
    stopping: AtomicBool,
    head: AtomicU64,
    lags: Box<[AtomicU64]>,
    oldest_message: Moment,
    next_due: Moment,
    backlog: AtomicUsize,
    requests: AtomicUsize,
    cached_states: AtomicUsize,
    parked: AtomicU64,
    effects: Box<[EffectVitals]>,
}

/// How the calls of one effect stand.
struct EffectVitals {
    name: &'static str,
    under_way: AtomicU64,
    waiting: AtomicU64,
    is_breaker_open: AtomicBool,
}

/// What a processor says of itself when it has a moment.
pub(crate) struct Snapshot<L> {
    pub(crate) head: Position,
    pub(crate) lags: L,
    pub(crate) oldest_message: Option<Timestamp>,
    pub(crate) next_due: Option<Timestamp>,
    pub(crate) backlog: usize,
    pub(crate) requests: usize,
    pub(crate) cached_states: usize,
}

impl Vitals {
    pub(crate) fn new(partitions: u16, effects: impl Iterator<Item = &'static str>) -> Self {
        Self {
            origin: Instant::now(),
            handling: Since::default(),
            committing: Since::default(),
            failing: Since::default(),
            stopping: AtomicBool::new(false),
            head: AtomicU64::new(0),
            lags: (0..partitions).map(|_| AtomicU64::new(0)).collect(),
            oldest_message: Moment::default(),
            next_due: Moment::default(),
            backlog: AtomicUsize::new(0),
            requests: AtomicUsize::new(0),
            cached_states: AtomicUsize::new(0),
            parked: AtomicU64::new(0),
            effects: effects.map(EffectVitals::of).collect(),
        }
    }

    /// Handlers are asked from now on.
    pub(crate) fn handling(&self) {
        self.handling.set(Some(Instant::now()), self.origin);
    }

    /// They have answered.
    pub(crate) fn handled(&self) {
        self.handling.set(None, self.origin);
    }

    pub(crate) fn committing_since(&self, since: Option<Instant>) {
        self.committing.set(since, self.origin);
    }

    pub(crate) fn store_fails(&self) {
        if self.failing.elapsed(self.origin).is_none() {
            self.failing.set(Some(Instant::now()), self.origin);
        }
    }

    pub(crate) fn store_works(&self) {
        self.failing.set(None, self.origin);
    }

    pub(crate) fn stop(&self) {
        self.stopping.store(true, Relaxed);
    }

    pub(crate) fn set_parked(&self, count: u64) {
        self.parked.store(count, Relaxed);
    }

    pub(crate) fn publish(&self, snapshot: Snapshot<impl Iterator<Item = u64>>) {
        let Snapshot { head, lags, oldest_message, next_due, backlog, requests, cached_states } = snapshot;
        self.head.store(head.0, Relaxed);
        for (published, lag) in self.lags.iter().zip(lags) {
            published.store(lag, Relaxed);
        }
        self.oldest_message.set(oldest_message);
        self.next_due.set(next_due);
        self.backlog.store(backlog, Relaxed);
        self.requests.store(requests, Relaxed);
        self.cached_states.store(cached_states, Relaxed);
    }

    /// How the calls of each effect stand, in the order of the effects.
    pub(crate) fn publish_effects(&self, standings: impl Iterator<Item = EffectStanding>) {
        for (published, standing) in self.effects.iter().zip(standings) {
            published.under_way.store(standing.under_way, Relaxed);
            published.waiting.store(standing.waiting, Relaxed);
            published.is_breaker_open.store(standing.is_breaker_open, Relaxed);
        }
    }

    /// How the calls of each effect stand.
    pub(crate) fn effects(&self) -> impl Iterator<Item = (&'static str, EffectStanding)> {
        self.effects.iter().map(|it| {
            let standing = EffectStanding {
                under_way: it.under_way.load(Relaxed),
                waiting: it.waiting.load(Relaxed),
                is_breaker_open: it.is_breaker_open.load(Relaxed),
            };
            (it.name, standing)
        })
    }

    /// How long the handlers of one batch have been busy; none while none is asked.
    pub(crate) fn handling_for(&self) -> Option<Duration> {
        self.handling.elapsed(self.origin)
    }

    pub(crate) fn committing_for(&self) -> Option<Duration> {
        self.committing.elapsed(self.origin)
    }

    pub(crate) fn recovering_for(&self) -> Option<Duration> {
        self.failing.elapsed(self.origin)
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.stopping.load(Relaxed)
    }

    pub(crate) fn head(&self) -> Position {
        Position(self.head.load(Relaxed))
    }

    pub(crate) fn partitions(&self) -> usize {
        self.lags.len()
    }

    /// How far the oldest message of each partition lies behind the head.
    pub(crate) fn lags(&self) -> impl Iterator<Item = u64> {
        self.lags.iter().map(|it| it.load(Relaxed))
    }

    pub(crate) fn oldest_message_age(&self, now: Timestamp) -> Option<Duration> {
        self.oldest_message.age(now)
    }

    pub(crate) fn timer_lateness(&self, now: Timestamp) -> Option<Duration> {
        self.next_due.age(now)
    }

    pub(crate) fn backlog(&self) -> usize {
        self.backlog.load(Relaxed)
    }

    pub(crate) fn requests(&self) -> usize {
        self.requests.load(Relaxed)
    }

    pub(crate) fn cached_states(&self) -> usize {
        self.cached_states.load(Relaxed)
    }

    pub(crate) fn parked(&self) -> u64 {
        self.parked.load(Relaxed)
    }
}

impl EffectVitals {
    fn of(name: &'static str) -> Self {
        Self {
            name,
            under_way: AtomicU64::new(0),
            waiting: AtomicU64::new(0),
            is_breaker_open: AtomicBool::new(false),
        }
    }
}

/// Since when something has been so; 0 when it is not.
#[derive(Default)]
struct Since(AtomicU64);

impl Since {
    fn set(&self, since: Option<Instant>, origin: Instant) {
        let micros = since.map_or(0, |it| 1 + it.saturating_duration_since(origin).as_micros() as u64);
        self.0.store(micros, Relaxed);
    }

    fn elapsed(&self, origin: Instant) -> Option<Duration> {
        let since = self.0.load(Relaxed).checked_sub(1)?;
        Some(origin.elapsed().saturating_sub(Duration::from_micros(since)))
    }
}

/// A time of the runtime's clock, in microseconds; the largest number when there is none.
struct Moment(AtomicI64);

impl Default for Moment {
    fn default() -> Self {
        Self(AtomicI64::new(i64::MAX))
    }
}

impl Moment {
    fn set(&self, time: Option<Timestamp>) {
        self.0.store(time.map_or(i64::MAX, |it| it.as_microsecond()), Relaxed);
    }

    /// How long it has passed; none if it has not.
    fn age(&self, now: Timestamp) -> Option<Duration> {
        let micros = now.as_microsecond().checked_sub(self.0.load(Relaxed))?;
        u64::try_from(micros).ok().map(Duration::from_micros)
    }
}
