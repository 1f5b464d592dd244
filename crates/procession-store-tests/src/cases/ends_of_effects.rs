//! How calls of effects end: within the limits, and when the runtime stops.

use std::{collections::BTreeSet, time::Duration};

use procession::{
    CircuitBreaker, Failure, Retries,
    log::{Kind, ProcessId},
};
use procession_runtime::{Limits, Operation, RequestError, Runtime, Store};

use crate::{
    Settings, StoreUnderTest,
    batches::{log, second},
    domain::{Letter, PostOffice, PostOfficeAnswer as Answer, WriteLetter, letters, letters_with},
    faulty::{Fault, FaultyStore},
    running::{counts, finish, is_sound_for, small_limits, state},
};

async fn start(office: &PostOffice, store: impl Store, grace: Duration) -> Runtime {
    let builder = Runtime::builder().limits(small_limits()).grace(grace).virtual_time(second(0));
    builder.start(&letters(office), store).await.unwrap()
}

async fn within(limits: Limits, office: &PostOffice, store: impl Store) -> Runtime {
    Runtime::builder().limits(limits).start(&letters(office), store).await.unwrap()
}

async fn write(runtime: &Runtime, letter: &str) -> ProcessId {
    runtime.send(WriteLetter { letter: letter.into() }).await.unwrap().process
}

async fn visits(office: &PostOffice, visits: usize) {
    while office.visits().len() < visits {
        tokio::task::yield_now().await;
    }
}

/// Waits until the runtime has begun to stop.
async fn takes_nothing_more(runtime: &Runtime) {
    let send = || runtime.send(WriteLetter { letter: "last".into() });
    while !matches!(send().await, Err(RequestError::Stopped(_))) {
        tokio::task::yield_now().await;
    }
}

async fn posted(runtime: &Runtime, letter: &str) -> u32 {
    state::<Letter>(runtime, letter).await.posted
}

/// Never reached.
const LONG: Duration = Duration::from_secs(1000);

pub async fn a_call_under_way_is_waited_for_when_the_runtime_stops<U: StoreUnderTest>() {
    let (place, store) = U::create(Settings::default()).await;
    let office = PostOffice::default();
    office.answers("a", &[Answer::Later]);
    let runtime = start(&office, store, LONG).await;
    for _ in 0..2 {
        write(&runtime, "a").await;
    }
    visits(&office, 1).await;

    let stopping = tokio::spawn(runtime.clone().stop());
    takes_nothing_more(&runtime).await;
    assert!(!stopping.is_finished(), "it waits");
    office.serve();
    stopping.await.unwrap().unwrap();

    let store = place.reopen().await;
    let visits = || office.visits().iter().filter(|it| it.letter == "a").count();
    assert_eq!(visits(), 1, "no other call has begun");
    let results = log(&store).await.into_iter().filter(|it| it.entry.kind == Kind::EffectResult);
    assert_eq!(results.filter(|it| it.entry.stream.id() == "a").count(), 1, "its result is recorded");
    let calls = store.calls().await.unwrap();
    assert_eq!(
        calls.iter().filter(|it| it.stream.id() == "a").count(),
        1,
        "the other one is still to be made"
    );
    let runtime = start(&office, store.clone(), LONG).await;
    runtime.settled().await.unwrap();
    assert_eq!((posted(&runtime, "a").await, visits()), (2, 2));
    is_sound_for(&letters(&office), &store).await;
}

pub async fn a_call_that_does_not_answer_is_cut_off_and_made_again_after_a_restart<U: StoreUnderTest>() {
    for grace in [Duration::ZERO, Duration::from_millis(30)] {
        let (place, store) = U::create(Settings::default()).await;
        let office = PostOffice::default();
        office.answers("a", &[Answer::Silence]);
        let runtime = start(&office, store, grace).await;
        write(&runtime, "a").await;
        visits(&office, 1).await;

        tokio::time::timeout(Duration::from_secs(60), runtime.stop()).await.unwrap().unwrap();

        let store = place.reopen().await;
        let runtime = start(&office, store.clone(), grace).await;
        runtime.settled().await.unwrap();
        assert_eq!(posted(&runtime, "a").await, 1);
        let visits = office.visits();
        assert_eq!((visits.len(), &visits[0].key), (2, &visits[1].key));
        is_sound_for(&letters(&office), &store).await;
    }
}

pub async fn a_call_that_sends_too_much_is_parked_and_nothing_of_it_is_written<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    let office = PostOffice::default();
    office.answers("large", &[Answer::Copies(6)]);
    office.answers("small", &[Answer::Copies(5)]);
    let mut limits = small_limits();
    limits.emitted_messages = 5;
    let runtime = within(limits, &office, store.clone()).await;

    let large = write(&runtime, "large").await;
    let small = write(&runtime, "small").await;

    assert_eq!(runtime.wait(large).await.unwrap().parked, 1);
    finish(&runtime, small).await;
    let parked = runtime.reader().parked().await.unwrap().remove(0);
    let failure = Failure::TooManyEmitted { size: 6, limit: 5 }.to_string();
    assert_eq!((&*parked.handler, parked.cause), ("effect post", Some(failure)));
    assert_eq!((posted(&runtime, "large").await, posted(&runtime, "small").await), (0, 5));
    is_sound_for(&letters(&office), &store).await;
}

pub async fn a_call_that_would_make_its_process_too_long_is_parked<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    let office = PostOffice::default();
    // The command, its event and the result are three more.
    office.answers("long", &[Answer::Copies(8), Answer::Copies(8)]);
    office.answers("short", &[Answer::Copies(3)]);
    office.answers("silent", &[Answer::Copies(0)]);
    let mut limits = small_limits();
    limits.messages_per_process = 10;
    let runtime = within(limits, &office, store.clone()).await;

    let long = write(&runtime, "long").await;
    let short = write(&runtime, "short").await;
    let silent = write(&runtime, "silent").await;

    assert_eq!(runtime.wait(long).await.unwrap().parked, 1);
    finish(&runtime, short).await;
    finish(&runtime, silent).await;
    let parked = runtime.reader().parked().await.unwrap().remove(0);
    let failure = Failure::ProcessTooLong { size: 11, limit: 10 }.to_string();
    assert_eq!((&*parked.handler, parked.cause), ("effect post", Some(failure)));
    assert_eq!((posted(&runtime, "long").await, posted(&runtime, "short").await), (0, 3));
    let (log, long) = (log(&store).await, store.process(long).await.unwrap().unwrap());
    assert_eq!((long.messages, counts(&log)["HandlerFailed"]), (3, 1), "the failure is told");
    is_sound_for(&letters(&office), &store).await;
}

pub async fn a_result_is_judged_once_by_the_circuit_breaker_when_its_batch_fails<U: StoreUnderTest>() {
    let breaker = CircuitBreaker::default().failures(2);
    for nth in 1.. {
        let (_place, store) = U::create(Settings::default()).await;
        let office = PostOffice::default();
        office.answers("a", &[Answer::ComeAgain]);
        let retries = Retries::up_to(3).first_pause(Duration::from_secs(10));
        let letters = letters_with(&office, retries, breaker, LONG);
        let faulty = FaultyStore::new(store, Fault::CommitRefused, nth);
        let builder = Runtime::builder().seed(7).virtual_time(second(0));
        let runtime = builder.start(&letters, faulty.clone()).await.unwrap();
        let sent = |letter: &'static str| {
            runtime.send(WriteLetter { letter: letter.into() }).idempotency_key(letter)
        };
        // One that is refused is sent again, as a client would.
        while sent("a").await.is_err() {}
        runtime.settled().await.unwrap();

        while sent("b").await.is_err() {}
        runtime.settled().await.unwrap();

        assert_eq!(posted(&runtime, "b").await, 1, "one failure opens nothing; commit {nth} was refused");
        if !faulty.has_struck() {
            break;
        }
    }
}

pub async fn o15_what_is_too_late_is_given_up_at_its_own_time_though_the_target_is_away<U: StoreUnderTest>() {
    const LETTERS: usize = 30;
    let (_place, store) = U::create(Settings::default()).await;
    let office = PostOffice::default();
    office.is_closed(true);
    let retries = Retries::up_to(1000).within(Duration::from_secs(4));
    let letters = letters_with(&office, retries, CircuitBreaker::default(), LONG);
    let builder = Runtime::builder().limits(small_limits()).seed(7).virtual_time(second(0));
    let runtime = builder.start(&letters, store.clone()).await.unwrap();
    for letter in 0..LETTERS {
        write(&runtime, &letter.to_string()).await;
    }

    runtime.advance(Duration::from_secs(5)).await.unwrap();

    assert_eq!(store.calls().await.unwrap(), [], "one second later none is left");
    let visited: BTreeSet<_> = office.visits().into_iter().map(|it| it.letter).collect();
    let never_made = format!("never made: the target is away since {}", second(0));
    for letter in (0..LETTERS).map(|it| it.to_string()) {
        let returned = state::<Letter>(&runtime, &letter).await.returned;
        let why = if visited.contains(&letter) { "come again" } else { &never_made };
        assert_eq!(returned, [why], "letter {letter}");
    }
    let log = log(&store).await;
    let without_attempt = log
        .iter()
        .filter(|it| it.entry.name == "EffectGivenUp" && it.entry.payload.contains("\"attempts\":0,"));
    assert_eq!(without_attempt.count(), LETTERS - visited.len());
    is_sound_for(&letters, &store).await;
}

pub async fn a_call_that_is_too_late_while_its_process_is_suspended_is_given_up_when_it_goes_on<
    U: StoreUnderTest,
>() {
    let (_place, store) = U::create(Settings::default()).await;
    let office = PostOffice::default();
    office.answers("a", &[Answer::ComeAgain]);
    let retries = Retries::up_to(1000).first_pause(Duration::from_secs(2)).within(Duration::from_secs(4));
    let letters = letters_with(&office, retries, CircuitBreaker::default(), LONG);
    let builder = Runtime::builder().limits(small_limits()).seed(7).virtual_time(second(0));
    let runtime = builder.start(&letters, store.clone()).await.unwrap();
    let process = write(&runtime, "a").await;
    runtime.settled().await.unwrap();
    let anna = runtime.operator().by("anna").because("the office moves");

    anna.request([Operation::SuspendProcess(process)]).await.unwrap();
    runtime.advance(Duration::from_secs(60)).await.unwrap();
    assert_eq!(store.calls().await.unwrap().len(), 1, "nothing becomes of it meanwhile");
    anna.request([Operation::ResumeProcess(process)]).await.unwrap();
    finish(&runtime, process).await;

    assert_eq!(state::<Letter>(&runtime, "a").await.returned, ["come again"]);
    assert_eq!(office.visits().len(), 1, "it is not made once more");
}
