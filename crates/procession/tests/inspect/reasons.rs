use std::sync::Arc;

use procession::{
    Decider, MemoryStore, Message, Runtime, Stream,
    inspect::{Description, Inspector, OpenBreaker, ProcessState, WaitsFor},
    log::{Entry, Kind, Position, ProcessId},
    store::{
        Batch, Delivery, EffectCall, Expected, Hold, HoldKind, NewEntry, Parked, ParkedOf, ParkedReason,
        Reference, Store,
    },
};

use crate::rental::{
    Bicycle, Lock, Pay, Rent, RentalBegan, START, Till, rent, rentals, rentals_with_a_provider, running,
    standing,
};

fn stream<D: Decider>(id: &str) -> Stream {
    Stream::new(D::CATEGORY, id).unwrap()
}

/// Puts a command into the log as a part of a process, for the runtime that is started next.
async fn append(store: &MemoryStore, stream: Stream, command: &impl Message, process: ProcessId) -> Position {
    let entry = Entry::new(Kind::Command, stream, command.encode().unwrap(), START);
    let entry = NewEntry {
        entry: Arc::new(entry),
        process: Some(Reference::Position(process.began_at())),
        causation: Some(Reference::Position(process.began_at())),
        expected: Expected::Any,
        idempotency_key: None,
    };
    store.commit(Batch { entries: vec![entry], ..Batch::default() }).await.unwrap().after.plus(1)
}

#[tokio::test]
async fn the_application_describes_itself_and_only_when_it_has_changed() {
    // given a runtime that was started
    let (runtime, store) = running(&rentals(true)).await;
    runtime.stop().await.unwrap();

    // then its description stands beside the log
    let note = store.note(Description::NOTE.into()).await.unwrap().unwrap();
    let description = Description::read(&note).unwrap();
    assert_eq!(description, Description::of(&rentals(true)));
    assert_eq!(description.life("rental").unwrap().ends_with, ["RentalEnded"]);

    // and another one when the application has changed
    Runtime::start(&rentals(false), store.clone()).await.unwrap().stop().await.unwrap();
    let changed = store.note(Description::NOTE.into()).await.unwrap().unwrap();
    assert_eq!(Description::read(&changed).unwrap(), Description::of(&rentals(false)));
    assert_ne!(note, changed);
}

#[tokio::test]
async fn a_process_whose_instance_has_ended_has_ended() {
    let (runtime, store) = running(&rentals(true)).await;
    let process = rent(&runtime, "a").await;
    let rented = runtime.reader().history(process, Position::START).await.unwrap().remove(0);
    runtime.execute(Pay { rental: "a".into() }).caused_by(&rented).await.unwrap();
    runtime.settled().await.unwrap();

    let standing = standing(&store, process).await;

    assert_eq!((standing.state, &*standing.name, standing.waits_for), (ProcessState::Ended, "Rent", vec![]));
}

#[tokio::test]
async fn a_process_waits_for_somebody_outside() {
    let (runtime, store) = running(&rentals(true)).await;
    let process = rent(&runtime, "a").await;

    let standing = standing(&store, process).await;

    assert_eq!(standing.state, ProcessState::Waiting);
    let [WaitsFor::Outside { instance, awaits, from, wakes, since }] = &*standing.waits_for else {
        panic!("{standing:?}")
    };
    assert_eq!((instance.to_string(), *since), ("rental/a".into(), START));
    assert_eq!(
        (&**awaits, &**from),
        (&["Locked".into(), "Paid".into()][..], &["bicycle".into(), "till".into()][..])
    );
    assert_eq!(*wakes, ["Pay"], "it has not sent that, and nobody else in the application does");
}

#[tokio::test]
async fn a_process_is_stuck_that_nothing_will_ever_wake() {
    // given a rental that can only be ended by a lock that it would have to ask for itself
    let (runtime, store) = running(&rentals(false)).await;
    let process = rent(&runtime, "a").await;

    let standing = standing(&store, process).await;

    assert_eq!(standing.state, ProcessState::Stuck);
    let [WaitsFor::Nothing { instance, awaits, .. }] = &*standing.waits_for else { panic!("{standing:?}") };
    assert_eq!((instance.to_string(), &**awaits), ("rental/a".into(), &["Locked".into()][..]));
}

#[tokio::test]
async fn a_process_waits_for_a_timer() {
    let (runtime, store) = running(&rentals(false)).await;
    let process = rent(&runtime, "reminded").await;

    let standing = standing(&store, process).await;

    assert_eq!(standing.state, ProcessState::Waiting);
    let WaitsFor::Timer { message, to, due, more, .. } = &standing.waits_for[0] else {
        panic!("{standing:?}")
    };
    assert_eq!((&**message, to.to_string(), *more), ("Remind", "rental/reminded".into(), 0));
    assert_eq!(due.as_second(), 3600);
}

#[tokio::test]
async fn a_message_that_only_an_operator_can_retry_makes_its_process_stuck() {
    let (runtime, store) = running(&rentals(true)).await;
    let process = rent(&runtime, "broken").await;
    runtime.stop().await.unwrap();
    let lock = append(&store, stream::<Bicycle>("broken"), &Lock { rental: "broken".into() }, process).await;
    let behind = append(&store, stream::<Bicycle>("broken"), &Lock { rental: "other".into() }, process).await;
    let runtime = Runtime::builder().virtual_time(START).start(&rentals(true), store.clone()).await.unwrap();
    runtime.settled().await.unwrap();

    let standing = standing(&store, process).await;

    assert_eq!(standing.state, ProcessState::Stuck);
    let WaitsFor::Parked { message, position, handler, cause, retry_at, behind: None, .. } =
        &standing.waits_for[0]
    else {
        panic!("{standing:?}")
    };
    assert_eq!((&**message, *position, &**handler, *retry_at), ("Lock", lock, "bicycle", None));
    assert!(cause.as_ref().unwrap().contains("does not close"), "{cause:?}");
    let WaitsFor::Parked { position, behind: first, reason, .. } = &standing.waits_for[1] else {
        panic!("{standing:?}")
    };
    assert_eq!((*position, *first, *reason), (behind, Some(lock), ParkedReason::Behind));
}

#[tokio::test]
async fn a_message_that_is_tried_again_by_itself_leaves_its_process_waiting() {
    let (runtime, store) = running(&rentals(true)).await;
    let process = rent(&runtime, "a").await;
    runtime.stop().await.unwrap();
    let position = append(&store, stream::<Bicycle>("a"), &Lock { rental: "broken".into() }, process).await;
    let runtime = Runtime::builder().virtual_time(START).start(&rentals(true), store.clone()).await.unwrap();
    runtime.settled().await.unwrap();
    runtime.stop().await.unwrap();
    let parked = store.parked(ParkedOf::Process(process), 1).await.unwrap().remove(0);
    let retry_at = Some(START + std::time::Duration::from_secs(60));
    let parked = vec![Parked { retry_at, ..parked }];
    store.commit(Batch { parked, ..Batch::default() }).await.unwrap();

    let standing = standing(&store, process).await;

    assert_eq!(standing.state, ProcessState::Waiting);
    let WaitsFor::Parked { position: parked, retry_at: at, .. } = &standing.waits_for[0] else {
        panic!("{standing:?}")
    };
    assert_eq!((*parked, *at), (position, retry_at));
}

#[tokio::test]
async fn a_process_runs_whose_message_is_before_its_handler() {
    // given a command in the log, and no runtime that handles it
    let (runtime, store) = running(&rentals(true)).await;
    let process = rent(&runtime, "a").await;
    runtime.stop().await.unwrap();
    let position = append(&store, stream::<Till>("a"), &Pay { rental: "a".into() }, process).await;

    let standing = standing(&store, process).await;

    assert_eq!(standing.state, ProcessState::Running);
    let WaitsFor::Handler { message, position: first, stream, lag, more, .. } = &standing.waits_for[0] else {
        panic!("{standing:?}")
    };
    assert_eq!(
        (&**message, *first, stream.to_string(), *lag, *more),
        ("Pay", position, "till/a".into(), 1, 0)
    );
}

#[tokio::test]
async fn a_process_waits_for_an_effect() {
    let (runtime, store) = running(&rentals(false)).await;
    let process = rent(&runtime, "a").await;
    runtime.stop().await.unwrap();
    let began = runtime_event(&store, process, RentalBegan::NAME).await;
    let call = EffectCall {
        delivery: Delivery { position: began, handler: "effect charge".into() },
        stream: Stream::new("rental", "a").unwrap(),
        process,
        attempts: 2,
        due: START,
        cause: Some("the provider is away".into()),
        at: START,
    };
    store.commit(Batch { calls: vec![call], ..Batch::default() }).await.unwrap();

    let standing = standing(&store, process).await;

    assert_eq!(standing.state, ProcessState::Waiting);
    let WaitsFor::Effect { effect, message, attempt, cause, .. } = &standing.waits_for[0] else {
        panic!("{standing:?}")
    };
    assert_eq!((&**effect, &**message, *attempt), ("charge", RentalBegan::NAME, 3));
    assert_eq!(cause.as_deref(), Some("the provider is away"));
}

#[tokio::test]
async fn an_open_call_is_what_wakes_an_instance_and_says_that_its_target_is_down() {
    let (runtime, store) = running(&rentals_with_a_provider()).await;
    let process = runtime.execute(Rent { rental: "a".into() }).await.unwrap().process;
    runtime.settled().await.unwrap();

    let standing = standing(&store, process).await;

    assert_eq!(standing.state, ProcessState::Waiting);
    let [WaitsFor::Effect { effect, wakes, breaker, .. }] = &*standing.waits_for else {
        panic!("{standing:?}")
    };
    assert_eq!((&**effect, &**wakes), ("charge", &["rental/a".to_owned()][..]));
    let next_look = START + std::time::Duration::from_secs(1);
    assert_eq!(*breaker, Some(OpenBreaker { open_since: START, next_look, failed_looks: 0 }));
}

async fn runtime_event(store: &MemoryStore, process: ProcessId, name: &str) -> Position {
    let entries = store.read_process(process, Position::START, 100).await.unwrap();
    entries.into_iter().find(|it| it.entry.name == name).unwrap().position
}

#[tokio::test]
async fn an_operator_holds_a_process() {
    for (kind, state) in
        [(HoldKind::Suspended, ProcessState::Suspended), (HoldKind::Cancelled, ProcessState::Ended)]
    {
        let (runtime, store) = running(&rentals(true)).await;
        let process = rent(&runtime, "a").await;
        runtime.stop().await.unwrap();
        let hold = Hold { kind, operation: process.began_at() };
        store.commit(Batch { holds: vec![(process, Some(hold))], ..Batch::default() }).await.unwrap();

        let standing = standing(&store, process).await;

        assert_eq!(standing.state, state);
        let WaitsFor::Operator { kind: held, .. } = &standing.waits_for[0] else { panic!("{standing:?}") };
        assert_eq!(*held, kind);
    }
}

#[tokio::test]
async fn a_store_that_no_application_has_described_is_inspected_all_the_same() {
    let store = MemoryStore::new();
    let at = Position(1);
    let entry =
        Entry::new(Kind::Command, stream::<Till>("a"), Pay { rental: "a".into() }.encode().unwrap(), START);
    let entry = NewEntry {
        entry: Arc::new(entry),
        process: None,
        causation: None,
        expected: Expected::Any,
        idempotency_key: None,
    };
    store.commit(Batch { entries: vec![entry], ..Batch::default() }).await.unwrap();

    let inspector = Inspector::of(Arc::new(store)).await.unwrap();

    assert_eq!(inspector.description(), None);
    assert_eq!(inspector.process(ProcessId(at.0)).await.unwrap().unwrap().state, ProcessState::Running);
    assert_eq!(inspector.process(ProcessId(7)).await.unwrap(), None);
}
