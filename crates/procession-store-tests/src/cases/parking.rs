//! What a handler that fails holds up, and what it does not.

use procession::{
    Message, Stream,
    log::{Entry, Kind, Recorded},
};
use procession_runtime::{
    ExecuteError, Quiet, RequestError, Runtime, Store,
    store::{Expected, NewEntry, Parked},
};

use crate::{
    Settings, StoreUnderTest,
    batches::{batch, log, second},
    domain::{How, Machine, OpenAccount, RunMachine, Siren},
    faulty::FaultyStore,
    running::{causes_lead_back_to_the_first_message, start, state},
};

async fn run(runtime: &Runtime, machine: &str, number: u32, how: How) -> Quiet {
    let run = RunMachine { machine: machine.into(), number, how };
    let sent = runtime.send(run).await.unwrap();
    runtime.wait(sent.process).await.unwrap()
}

fn causes(parked: &[Parked]) -> Vec<(&str, Option<&str>)> {
    parked.iter().map(|it| (&*it.handler, it.cause.as_deref())).collect()
}

/// Everything that was recorded or sent because of these messages, beside that their handlers have failed.
fn effects(log: &[Recorded], of: &[Parked]) -> usize {
    let log = log.iter().filter(|it| it.entry.kind != Kind::Failure);
    log.filter(|it| of.iter().any(|parked| it.causation == Some(parked.position))).count()
}

pub async fn promise_4_a_failing_decider_delays_only_its_own_stream<U: StoreUnderTest>() {
    let (place, store) = U::create(Settings::default()).await;
    let runtime = start(store.clone()).await;

    assert_eq!(run(&runtime, "a", 1, How::Well).await.parked, 0);
    assert_eq!(run(&runtime, "a", 2, How::PanicInHandle).await.parked, 1);
    assert_eq!(run(&runtime, "a", 3, How::Well).await.parked, 1, "it waits behind the one that failed");
    assert_eq!(run(&runtime, "b", 4, How::Well).await.parked, 0, "another stream of the same handler");
    runtime.execute(OpenAccount { account: "1".into() }).await.unwrap();

    let parked = runtime.reader().parked().await.unwrap();
    let panicked = "the handler panicked: handle broke on 2";
    assert_eq!(causes(&parked), [("machine", Some(panicked)), ("machine", None)]);
    assert!(parked[0].position < parked[1].position);
    assert_eq!(state::<Machine>(&runtime, "a").await.runs, [1]);
    assert_eq!(state::<Machine>(&runtime, "b").await.runs, [4]);
    assert_eq!(effects(&log(&store).await, &parked), 0);
    runtime.stop().await.unwrap();

    // Nothing of it is lost or forgotten over a restart.
    let store = place.reopen().await;
    let runtime = start(store.clone()).await;
    assert_eq!(runtime.reader().parked().await.unwrap(), parked);
    assert_eq!(run(&runtime, "a", 5, How::Well).await.parked, 1);
    let parked = runtime.reader().parked().await.unwrap();
    assert_eq!(parked.iter().map(|it| it.cause.is_some()).collect::<Vec<_>>(), [true, false, false]);
    assert_eq!(state::<Machine>(&runtime, "a").await.runs, [1]);
    causes_lead_back_to_the_first_message(&log(&store).await);
}

pub async fn promise_4_a_failing_saga_delays_neither_other_sagas_nor_other_streams<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    let runtime = start(store.clone()).await;
    for (machine, number, how) in [
        ("a", 1, How::Well),
        ("a", 2, How::PanicInSaga),
        ("b", 3, How::Well),
        ("a", 4, How::Well),
        ("b", 5, How::Well),
        ("a", 6, How::PanicInSaga),
    ] {
        run(&runtime, machine, number, how).await;
    }

    let sounded = async |siren: &str| state::<Siren>(&runtime, siren).await.sounded;
    assert_eq!(sounded("sturdy a").await, [1, 2, 4, 6]);
    assert_eq!(sounded("fragile a").await, [1]);
    assert_eq!(sounded("sturdy b").await, [3, 5]);
    assert_eq!(sounded("fragile b").await, [3, 5]);
    assert_eq!(state::<Machine>(&runtime, "a").await.runs, [1, 2, 4, 6], "the decider goes on");
    let parked = runtime.reader().parked().await.unwrap();
    let panicked = "the handler panicked: saga broke on 2";
    assert_eq!(
        causes(&parked),
        [("saga fragile", Some(panicked)), ("saga fragile", None), ("saga fragile", None)]
    );
    assert!(parked.is_sorted_by_key(|it| it.position));
    let machine = Stream::new("machine", "a").unwrap();
    assert!(parked.iter().all(|it| it.stream == machine));
}

pub async fn a_panic_in_evolve_parks_the_message_and_leaves_nothing_half_done<U: StoreUnderTest>() {
    let (place, store) = U::create(Settings::default()).await;
    let runtime = start(store.clone()).await;
    run(&runtime, "a", 1, How::Well).await;

    assert_eq!(run(&runtime, "a", 2, How::PanicInEvolve).await.parked, 1);

    let parked = runtime.reader().parked().await.unwrap();
    assert_eq!(causes(&parked), [("machine", Some("the handler panicked: evolve broke"))]);
    assert_eq!(effects(&log(&store).await, &parked), 0, "the good event before the bad one is gone too");
    assert_eq!(state::<Machine>(&runtime, "a").await.runs, [1]);
    assert_eq!(run(&runtime, "b", 3, How::Well).await.parked, 0);
    runtime.stop().await.unwrap();
    let runtime = start(place.reopen().await).await;
    assert_eq!(state::<Machine>(&runtime, "a").await.runs, [1]);
}

pub async fn an_executed_command_whose_handler_fails_is_not_taken_and_blocks_nobody<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    let runtime = start(store.clone()).await;
    let run = |number, how| RunMachine { machine: "a".into(), number, how };
    runtime.execute(run(1, How::Well)).await.unwrap();
    let before = log(&store).await.len();

    for how in [How::PanicInHandle, How::PanicInEvolve] {
        let failed = runtime.execute(run(2, how)).await.unwrap_err();
        assert!(matches!(&failed, ExecuteError::NotTaken(RequestError::Failed { .. })), "{failed:?}");
        assert!(failed.to_string().contains("panicked"), "{failed}");
    }

    let recorded = log(&store).await.iter().skip(before).filter(|it| &*it.entry.name == "RunMachine").count();
    assert_eq!(recorded, 0);
    runtime.execute(run(3, How::Well)).await.unwrap();
    assert_eq!(state::<Machine>(&runtime, "a").await.runs, [1, 3]);
    assert_eq!(runtime.reader().parked().await.unwrap(), []);
}

pub async fn an_executed_command_does_not_overtake_a_parked_one<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    let runtime = start(store.clone()).await;
    run(&runtime, "a", 1, How::PanicInHandle).await;

    let refused = runtime.execute(RunMachine { machine: "a".into(), number: 2, how: How::Well }).await;

    let stream = Stream::new("machine", "a").unwrap();
    assert_eq!(refused, Err(ExecuteError::NotTaken(RequestError::Blocked { stream })));
}

pub async fn waiting_ends_when_the_last_message_is_parked<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    let runtime = start(store).await;
    let machines: Vec<_> = (0..20)
        .map(|it| {
            let runtime = runtime.clone();
            let how = if it % 2 == 0 { How::PanicInHandle } else { How::PanicInSaga };
            tokio::spawn(async move { run(&runtime, &format!("{it}"), it, how).await })
        })
        .collect();

    for machine in machines {
        assert_eq!(machine.await.unwrap().parked, 1);
    }
}

pub async fn a_start_reads_what_is_parked_in_pages_and_knows_all_of_it<U: StoreUnderTest>() {
    // given many messages that wait behind one that failed, and after them one that failed elsewhere
    let (place, store) = U::create(Settings::default()).await;
    let runtime = start(store.clone()).await;
    run(&runtime, "a", 0, How::PanicInHandle).await;
    runtime.stop().await.unwrap();
    let store = place.reopen().await;
    let waiting = (1..=BEHIND).map(|number| RunMachine { machine: "a".into(), number, how: How::Well });
    let last = RunMachine { machine: "z".into(), number: 0, how: How::PanicInHandle };
    store.commit(batch(waiting.chain([last]).map(sent))).await.unwrap();
    let runtime = start(store).await;
    runtime.settled().await.unwrap();
    let parked = runtime.health().await.parked;
    assert_eq!(parked, u64::from(BEHIND) + 2);
    runtime.stop().await.unwrap();

    // when the runtime is started again
    let reading = FaultyStore::sound(place.reopen().await);
    let runtime = start(reading.clone()).await;

    // then it has never asked for all of them at once
    assert!(reading.largest_page() < BEHIND as usize, "{}", reading.largest_page());
    // and knows each stream that waits, and how many messages do
    for machine in ["a", "z"] {
        let run = RunMachine { machine: machine.into(), number: 9, how: How::Well };
        let refused = runtime.execute(run).await;
        assert!(
            matches!(refused, Err(ExecuteError::NotTaken(RequestError::Blocked { .. }))),
            "{machine}: {refused:?}"
        );
    }
    assert_eq!(runtime.health().await.parked, parked);
}

/// More than a page of any size that makes sense.
const BEHIND: u32 = 5000;

/// A command as somebody has sent it.
fn sent(command: RunMachine) -> NewEntry {
    let stream = Stream::new("machine", &*command.machine).unwrap();
    let entry = Entry::new(Kind::Command, stream, command.encode().unwrap(), second(0));
    NewEntry {
        entry: entry.into(),
        process: None,
        causation: None,
        expected: Expected::Any,
        idempotency_key: None,
    }
}
