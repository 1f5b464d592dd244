//! A runtime on a store, and what can be said of the store afterwards.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use procession::{
    Application, Context, Decider, Engine, Output, Stream,
    log::{Kind, Position, ProcessId, Recorded},
    replay::Replay,
};
use procession_runtime::{
    Limits, Quiet, Runtime, Store,
    store::{Parked, ParkedOf},
};

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

/// A runtime with small limits, whose time stands still at a second until the case moves it.
pub(crate) async fn start_at(store: impl Store, at: i64) -> Runtime {
    let builder = Runtime::builder().limits(small_limits()).virtual_time(second(at));
    builder.start(&application(), store).await.unwrap()
}

/// Moves the time of a runtime that was started with [`start_at`].
pub(crate) async fn advance(runtime: &Runtime, seconds: u64) {
    runtime.advance(Duration::from_secs(seconds)).await.unwrap();
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

/// What must be true of every store after a runtime has worked on it, and is at rest.
pub(crate) async fn is_sound(store: &(impl Store + ?Sized)) {
    is_sound_for(&application(), store).await;
}

/// Waits until a runtime is at rest, and then as [`is_sound`].
pub(crate) async fn settles_soundly(runtime: &Runtime) {
    runtime.settled().await.unwrap();
    is_sound(runtime.reader().store().as_ref()).await;
}

/// As [`is_sound`], after the runtime of another application.
pub(crate) async fn is_sound_for(application: &Application, store: &(impl Store + ?Sized)) {
    let (log, parked) = (log(store).await, store.parked(ParkedOf::Everything, usize::MAX).await.unwrap());
    log.iter().zip(1..).for_each(|(it, position)| assert_eq!(it.position.0, position));
    causes_lead_back_to_the_first_message(&log);
    versions_are_those_of_events(&log);
    replays_to_the_same_decisions(application, &log, &parked);
    inputs_are_handled(application.engine(), &log, &parked);
}

/// Every decision in the log is the one that the handlers make from the same history.
fn replays_to_the_same_decisions(application: &Application, log: &[Recorded], parked: &[Parked]) {
    let replay = Replay::new(application.engine());
    let mut replay = parked.iter().fold(replay, |replay, it| replay.without(it.position, &it.handler));
    for it in log {
        replay.next(it.clone()).unwrap();
    }
    let decisions = replay.finish().unwrap();
    let is_decided = |it: &&Recorded| !matches!(it.entry.kind, Kind::Failure | Kind::Operation);
    let caused = log.iter().filter(is_decided).filter(|it| it.causation.is_some()).count() as u64;
    assert!(decisions <= caused && (decisions > 0) == (caused > 0));
}

/// Events have the versions of their stream, one after the other, and nothing else has one.
fn versions_are_those_of_events(log: &[Recorded]) {
    let mut versions: BTreeMap<&Stream, u64> = BTreeMap::new();
    for it in log {
        assert_eq!(it.version.is_some(), it.entry.kind == Kind::Event, "only events have versions: {it:?}");
        if let Some(version) = it.version {
            let last = versions.entry(&it.entry.stream).or_default();
            *last += 1;
            assert_eq!(version.0, *last, "the versions of a stream are dense: {it:?}");
        }
    }
}

/// Each message for a process manager had an effect, stands there as ignored, is parked, or its handler has nothing to say.
fn inputs_are_handled(engine: &Engine, log: &[Recorded], parked: &[Parked]) {
    let mut explained: BTreeSet<Position> = log.iter().filter_map(|it| it.causation).collect();
    explained.extend(parked.iter().map(|it| it.position));
    for input in log.iter().filter(|it| it.entry.kind == Kind::Input && !explained.contains(&it.position)) {
        let stream = || log.iter().filter(|it| it.entry.stream == input.entry.stream);
        // A command that is executed overtakes what is on its way, so the state that the input has met is unknown.
        let is_overtaken =
            stream().any(|it| it.position > input.position && it.entry.kind == Kind::ExecutedCommand);
        if is_overtaken {
            continue;
        }
        let mut state = engine.initial(input.entry.stream.category()).unwrap();
        for event in stream().filter(|it| it.version.is_some() && it.causation < Some(input.position)) {
            engine.evolve(&mut state, &event.entry).unwrap();
        }
        let says = engine.decide(&state, &input.entry, &Context::at(input.entry.at)).unwrap();
        let is_logged = |it: &Output| match it {
            Output::Send { after, .. } => after.is_zero(),
            other => other.message().is_some(),
        };
        assert!(!says.iter().any(is_logged), "it was not handled: {input:?} should give {says:?}");
    }
}

pub(crate) fn causes_lead_back_to_the_first_message(log: &[Recorded]) {
    for it in log {
        match it.causation {
            None => {
                assert_eq!(it.process, it.position.into(), "without a cause it begins a process: {it:?}");
                let comes_from_outside = it.entry.kind.is_command() || it.entry.kind == Kind::Operation;
                assert!(comes_from_outside, "what begins a process came from outside: {it:?}");
            }
            Some(cause) => {
                assert!(cause < it.position, "a cause comes before its effect: {it:?}");
                let cause = &log[cause.0 as usize - 1];
                assert_eq!(
                    cause.process, it.process,
                    "an effect belongs to the process of its cause: {it:?}"
                );
                let causes_nothing = matches!(cause.entry.kind, Kind::Rejection | Kind::Ignored);
                assert!(!causes_nothing, "{:?} causes nothing: {it:?}", cause.entry.kind);
            }
        }
    }
}
