//! What is counted of a batch, and what a processor tells of itself. It is told when the batch is durable, and per batch.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use jiff::Timestamp;
use procession_core::{
    InstanceState, Lifecycle, Stream, Version,
    log::{Entry, Kind, Position},
};

use super::Processor;
use crate::{
    metrics::{EffectCounts, KINDS, Meters, kind_index},
    store::{Batch, ParkedReason, StoreError},
    vitals::Snapshot,
};

/// What a batch has done, if it becomes durable.
pub(super) struct Tally {
    submitted: Instant,
    handled: [u64; KINDS.len()],
    written: [u64; KINDS.len()],
    bytes: u64,
    rejected: BTreeMap<String, u64>,
    ignored: BTreeMap<String, u64>,
    parked: BTreeMap<(String, &'static str), u64>,
    retried: BTreeMap<String, u64>,
    effects: BTreeMap<String, EffectCounts>,
    timers_set: u64,
    timers_fired: u64,
    ended: BTreeMap<(String, &'static str), Vec<Duration>>,
    /// Everything up to here is handled with it.
    handled_through: Position,
}

/// That an instance has ended.
pub(super) struct Ended {
    end: &'static str,
    lived: Duration,
}

impl Ended {
    /// What a step that found an instance at a version has made of it.
    pub(super) fn after(state: &mut InstanceState, before: Version, now: Timestamp) -> Option<Self> {
        if state.version() == before {
            return None;
        }
        let began = state.began_by(now);
        let Lifecycle::Ended(end) = state.lifecycle() else { return None };
        Some(Self { end, lived: Duration::try_from(now.duration_since(began)).unwrap_or_default() })
    }
}

impl Default for Tally {
    fn default() -> Self {
        Self {
            submitted: Instant::now(),
            handled: Default::default(),
            written: Default::default(),
            bytes: 0,
            rejected: BTreeMap::new(),
            ignored: BTreeMap::new(),
            parked: BTreeMap::new(),
            retried: BTreeMap::new(),
            effects: BTreeMap::new(),
            timers_set: 0,
            timers_fired: 0,
            ended: BTreeMap::new(),
            handled_through: Position::START,
        }
    }
}

impl Tally {
    pub(super) fn handled(&mut self, kind: Kind) {
        self.handled[kind_index(kind)] += 1;
    }

    pub(super) fn written(&mut self, entry: &Entry) {
        self.written[kind_index(entry.kind)] += 1;
        match entry.kind {
            Kind::ExecutedCommand => self.handled(Kind::ExecutedCommand),
            Kind::Rejection => count(&mut self.rejected, entry.stream.category()),
            Kind::Ignored => count(&mut self.ignored, entry.stream.category()),
            _ => {}
        }
    }

    pub(super) fn ended(&mut self, stream: &Stream, ended: Option<Ended>) {
        if let Some(Ended { end, lived }) = ended {
            self.ended.entry((stream.category().to_owned(), end)).or_default().push(lived);
        }
    }

    /// A message is handed to a handler again that has failed.
    pub(super) fn retried(&mut self, handler: &str) {
        count(&mut self.retried, handler);
    }

    /// What is counted of the calls of an effect.
    pub(super) fn of_effect(&mut self, handler: &str) -> &mut EffectCounts {
        self.effects.entry(handler.to_owned()).or_default()
    }

    /// Counts what stands in the batch as a whole.
    fn close(&mut self, batch: &Batch, bytes: usize, handled_through: Position) {
        self.submitted = Instant::now();
        self.bytes = bytes as u64;
        self.timers_set = batch.timers.len() as u64;
        self.timers_fired = batch.fired.len() as u64;
        self.handled_through = handled_through;
        for it in &batch.parked {
            let because = match it.reason {
                ParkedReason::Failed => "failure",
                ParkedReason::Behind => "behind",
                ParkedReason::Suspended => "suspended",
            };
            *self.parked.entry((it.handler.clone().into_owned(), because)).or_default() += 1;
        }
    }

    fn tell(self, meters: &Meters) {
        meters.committed(self.submitted.elapsed());
        meters.handled(&self.handled);
        meters.written(&self.written, self.bytes);
        meters.timers(self.timers_set, self.timers_fired);
        meters.rejected(&self.rejected);
        meters.ignored(&self.ignored);
        for ((handler, because), count) in &self.parked {
            meters.parked(handler, because, *count);
        }
        for (handler, count) in &self.retried {
            meters.retried(handler, *count);
        }
        for (handler, counts) in &self.effects {
            meters.of_effect(handler, counts);
        }
        for ((category, end), lives) in &self.ended {
            meters.ended(category, end, lives);
        }
    }
}

fn count(counts: &mut BTreeMap<String, u64>, category: &str) {
    match counts.get_mut(category) {
        Some(count) => *count += 1,
        None => _ = counts.insert(category.to_owned(), 1),
    }
}

impl Processor {
    /// A batch goes to the store.
    pub(super) fn measure(&mut self, tally: &mut Tally, batch: &Batch, bytes: usize) {
        tally.close(batch, bytes, self.backlog.taken_through().min().unwrap_or_default());
    }

    /// A batch is with the store.
    pub(super) fn submitted(&self) {
        self.vitals.committing_since(self.in_flight.front().map(|it| it.tally.submitted));
        self.publish();
    }

    /// A batch has become durable.
    pub(super) fn became_durable(&self, tally: Tally) {
        self.vitals.store_works();
        self.vitals.committing_since(self.in_flight.front().map(|it| it.tally.submitted));
        self.vitals.set_parked(self.quiet.all_parked());
        self.handled_through(tally.handled_through);
        tally.tell(&self.meters);
    }

    /// A batch did not become durable, or something could not be read.
    pub(super) fn failed(&self, error: &StoreError) {
        self.meters.failed(error);
        if matches!(error, StoreError::Transient(_)) {
            self.vitals.store_fails();
        }
    }

    /// The processor waits until there is something to do.
    pub(super) fn rests(&self) {
        if self.in_flight.is_empty() {
            // If the store still fails, nobody notices: nothing is asked of it.
            self.vitals.store_works();
            self.handled_through(self.backlog.taken_through().min().unwrap_or_default());
            self.publish();
            if self.share.is_part() && self.share.is_read() && self.backlog.is_empty() {
                self.lookout.hurry();
            }
        }
    }

    fn handled_through(&self, position: Position) {
        self.handled.send_if_modified(|it| {
            let moves = *it < position;
            *it = position.max(*it);
            moves
        });
    }

    fn publish(&self) {
        let head = self.head;
        self.vitals.publish(Snapshot {
            head,
            lags: self.backlog.taken_through().map(|it| head.0.saturating_sub(it.0)),
            oldest_message: self.backlog.oldest(),
            next_due: self.next_due,
            backlog: self.backlog.len(),
            requests: self.requests.len(),
            cached_states: self.states.len(),
        });
        self.vitals.publish_effects(self.engine.effects().map(|(handler, _)| self.effects.standing(handler)));
    }
}
