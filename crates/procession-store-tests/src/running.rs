//! A runtime on a store, and what can be said of the store afterwards.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use jiff::Timestamp;
use procession::{
    Decider,
    log::{Kind, ProcessId, Recorded},
    replay::Replay,
};
use procession_runtime::{Clock, Limits, Quiet, Runtime, Store};

use crate::{
    batches::{log, second},
    domain::application,
};

/// So small that every limit is met, and a process needs many commits.
pub(crate) fn small_limits() -> Limits {
    let mut limits = Limits::default();
    limits.batch_messages = 2;
    limits.queued_messages = 4;
    limits.cached_states = 2;
    limits.waiting_requests = 4;
    limits
}

/// A runtime with small limits.
pub(crate) async fn start(store: impl Store) -> Runtime {
    Runtime::builder().limits(small_limits()).start(&application(), store).await.unwrap()
}

/// Waits until a process is quiet; none of its messages may be parked.
pub(crate) async fn finish(runtime: &Runtime, process: ProcessId) {
    let quiet = runtime.wait(process).await.unwrap();
    assert_eq!(quiet, Quiet { process, parked: 0 });
}

pub(crate) async fn state<D: Decider>(runtime: &Runtime, id: &str) -> D {
    runtime.reader().instance::<D>(id).await.unwrap().state
}

/// How often each message stands in the log.
pub(crate) fn counts(log: &[Recorded]) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    for it in log {
        *counts.entry(it.entry.name.to_string()).or_default() += 1;
    }
    counts
}

/// What must be true of every store after a runtime has worked on it.
pub(crate) async fn is_sound(store: &(impl Store + ?Sized)) {
    let log = log(store).await;
    log.iter().zip(1..).for_each(|(it, position)| assert_eq!(it.position.0, position));
    causes_lead_back_to_the_first_message(&log);
    replays_to_the_same_decisions(&log);
}

/// Every decision in the log is the one that the handlers make from the same history.
pub(crate) fn replays_to_the_same_decisions(log: &[Recorded]) {
    let application = application();
    let mut replay = Replay::new(application.engine());
    for it in log {
        replay.next(it.clone()).unwrap();
    }
    let decisions = replay.finish().unwrap();
    let caused = log.iter().filter(|it| it.causation.is_some()).count() as u64;
    assert!(decisions <= caused && (decisions > 0) == (caused > 0));
}

pub(crate) fn causes_lead_back_to_the_first_message(log: &[Recorded]) {
    for it in log {
        match it.causation {
            None => {
                assert_eq!(it.process, it.position.into(), "without a cause it begins a process: {it:?}");
                assert!(it.entry.kind.is_command(), "what begins a process came from outside: {it:?}");
            }
            Some(cause) => {
                assert!(cause < it.position, "a cause comes before its effect: {it:?}");
                let cause = &log[cause.0 as usize - 1];
                assert_eq!(
                    cause.process, it.process,
                    "an effect belongs to the process of its cause: {it:?}"
                );
                assert_ne!(cause.entry.kind, Kind::Rejection, "a rejection causes nothing: {it:?}");
            }
        }
    }
}

/// A clock that stands still until it is moved.
#[derive(Clone)]
pub(crate) struct VirtualClock(Arc<Mutex<Timestamp>>);

impl VirtualClock {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Mutex::new(second(0))))
    }

    pub(crate) fn advance(&self, by: Duration) {
        let mut now = self.0.lock().unwrap();
        *now = now.checked_add(by).unwrap();
    }
}

impl Clock for VirtualClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}
