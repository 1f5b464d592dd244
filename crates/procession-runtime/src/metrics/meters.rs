use std::{collections::BTreeMap, time::Duration};

use metrics::{Counter, Histogram, SharedString};
use procession_core::{Engine, log::Kind};

use super::list::{
    BATCH_BYTES, BATCH_ENTRIES, BATCH_MESSAGES, COMMIT, CONFLICTS, DURATION, HANDLED, IGNORED, PARKED,
    REJECTED, RETRIED, STORE_FAILURES, TIMERS_FIRED, TIMERS_SET, WRITTEN,
};
use super::of_effects::{EffectCounts, EffectMeters};
use crate::StoreError;

/// The counters and histograms of one runtime, found once: adding to them is an atomic addition.
pub(crate) struct Meters {
    store: SharedString,
    handled: [Counter; KINDS.len()],
    written: [Counter; KINDS.len()],
    timers_set: Counter,
    timers_fired: Counter,
    conflicts: Counter,
    transient_failures: Counter,
    permanent_failures: Counter,
    batch_messages: Histogram,
    batch_entries: Histogram,
    batch_bytes: Histogram,
    commit: Histogram,
    /// By handler.
    effects: BTreeMap<String, EffectMeters>,
}

/// The kinds of entries as labels, in the order of [`kind_index`].
pub(crate) const KINDS: [&str; 10] = [
    "event",
    "command",
    "executed_command",
    "rejection",
    "input",
    "ignored",
    "public_event",
    "failure",
    "operation",
    "effect_result",
];

pub(crate) fn kind_index(kind: Kind) -> usize {
    match kind {
        Kind::Event => 0,
        Kind::Command => 1,
        Kind::ExecutedCommand => 2,
        Kind::Rejection => 3,
        Kind::Input => 4,
        Kind::Ignored => 5,
        Kind::PublicEvent => 6,
        Kind::Failure => 7,
        Kind::Operation => 8,
        Kind::EffectResult => 9,
    }
}

impl Meters {
    pub(crate) fn of(store: String, engine: &Engine) -> Self {
        let store = SharedString::from_shared(store.into());
        let by_kind =
            |name| KINDS.map(|kind| ::metrics::counter!(name, "store" => store.clone(), "kind" => kind));
        let counter = |name| ::metrics::counter!(name, "store" => store.clone());
        let failures =
            |kind| ::metrics::counter!(STORE_FAILURES.name, "store" => store.clone(), "kind" => kind);
        let histogram = |name| ::metrics::histogram!(name, "store" => store.clone());
        Self {
            handled: by_kind(HANDLED.name),
            written: by_kind(WRITTEN.name),
            timers_set: counter(TIMERS_SET.name),
            timers_fired: counter(TIMERS_FIRED.name),
            conflicts: counter(CONFLICTS.name),
            transient_failures: failures("transient"),
            permanent_failures: failures("permanent"),
            batch_messages: histogram(BATCH_MESSAGES.name),
            batch_entries: histogram(BATCH_ENTRIES.name),
            batch_bytes: histogram(BATCH_BYTES.name),
            commit: histogram(COMMIT.name),
            effects: engine
                .effects()
                .map(|(handler, effect)| (handler.to_owned(), EffectMeters::of(&store, effect.name())))
                .collect(),
            store,
        }
    }

    pub(crate) fn handled(&self, by_kind: &[u64; KINDS.len()]) {
        add(&self.handled, by_kind);
        self.batch_messages.record(sum(by_kind));
    }

    pub(crate) fn written(&self, by_kind: &[u64; KINDS.len()], bytes: u64) {
        add(&self.written, by_kind);
        self.batch_entries.record(sum(by_kind));
        self.batch_bytes.record(bytes as f64);
    }

    pub(crate) fn committed(&self, after: Duration) {
        self.commit.record(after);
    }

    pub(crate) fn timers(&self, set: u64, fired: u64) {
        self.timers_set.increment(set);
        self.timers_fired.increment(fired);
    }

    pub(crate) fn rejected(&self, by_category: &BTreeMap<String, u64>) {
        self.add_by_category(REJECTED.name, by_category);
    }

    pub(crate) fn ignored(&self, by_category: &BTreeMap<String, u64>) {
        self.add_by_category(IGNORED.name, by_category);
    }

    fn add_by_category(&self, name: &'static str, by_category: &BTreeMap<String, u64>) {
        for (category, count) in by_category {
            let category = category.clone();
            ::metrics::counter!(name, "store" => self.store.clone(), "category" => category)
                .increment(*count);
        }
    }

    pub(crate) fn parked(&self, handler: &str, because: &'static str, count: u64) {
        let (store, handler) = (self.store.clone(), handler.to_owned());
        ::metrics::counter!(PARKED.name, "store" => store, "handler" => handler, "because" => because)
            .increment(count);
    }

    pub(crate) fn retried(&self, handler: &str, count: u64) {
        let (store, handler) = (self.store.clone(), handler.to_owned());
        ::metrics::counter!(RETRIED.name, "store" => store, "handler" => handler).increment(count);
    }

    /// An attempt to make a call of an effect begins.
    pub(crate) fn attempt_started(&self, handler: &str) {
        if let Some(effect) = self.effects.get(handler) {
            effect.attempts_started.increment(1);
        }
    }

    pub(crate) fn of_effect(&self, handler: &str, counts: &EffectCounts) {
        if let Some(effect) = self.effects.get(handler) {
            effect.count(counts);
        }
    }

    pub(crate) fn ended(&self, category: &str, end: &'static str, lives: &[Duration]) {
        let (store, category) = (self.store.clone(), category.to_owned());
        let durations =
            ::metrics::histogram!(DURATION.name, "store" => store, "category" => category, "end" => end);
        lives.iter().for_each(|it| durations.record(*it));
    }

    pub(crate) fn failed(&self, error: &StoreError) {
        match error {
            StoreError::Conflict(_) => self.conflicts.increment(1),
            StoreError::Transient(_) => self.transient_failures.increment(1),
            StoreError::Permanent(_) | StoreError::TooLarge { .. } | StoreError::ProcessTooLarge { .. } => {
                self.permanent_failures.increment(1)
            }
            // Somebody has asked twice, and the store has said so.
            StoreError::Duplicate { .. } => {}
        }
    }
}

fn add(counters: &[Counter], counts: &[u64]) {
    for (counter, count) in counters.iter().zip(counts).filter(|(_, count)| **count > 0) {
        counter.increment(*count);
    }
}

fn sum(counts: &[u64]) -> f64 {
    counts.iter().sum::<u64>() as f64
}
