//! What operators see of effects from outside, in the store: their calls, circuit breakers, and how fast the log is handled.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use procession::Application;
use procession_runtime::{
    Runtime, Store,
    inspect::{EffectOverview, Inspector, OpenBreaker, Rates},
};

use crate::{
    Settings, StoreUnderTest,
    batches::second,
    domain::{Letter, PostOffice, PostOfficeAnswer as Answer, WriteLetter, letters},
    faulty::{Fault, FaultyStore},
    running::{advance, finish, small_limits, state},
};

async fn start(application: &Application, store: impl Store) -> Runtime {
    let builder = Runtime::builder().limits(small_limits()).seed(7).virtual_time(second(0));
    builder.start(application, store).await.unwrap()
}

/// Sends letters. One that is refused is sent again, as a client would.
async fn write(runtime: &Runtime, letters: &[&str]) {
    for letter in letters {
        let write = || runtime.send(WriteLetter { letter: (*letter).into() }).idempotency_key(*letter);
        while write().await.is_err() {}
    }
    runtime.settled().await.unwrap();
}

async fn post(store: &(impl Store + Clone), now: Timestamp) -> EffectOverview {
    let inspector = Inspector::of(Arc::new(store.clone())).await.unwrap();
    let mut effects = inspector.effects(now).await.unwrap();
    assert_eq!(effects.len(), 1, "{effects:?}");
    effects.remove(0)
}

const FIVE: [&str; 5] = ["a", "b", "c", "d", "e"];

pub async fn an_open_circuit_breaker_is_seen_in_the_store_and_goes_on_after_a_restart<U: StoreUnderTest>() {
    let (place, store) = U::create(Settings::default()).await;
    let office = PostOffice::default();
    office.is_closed(true);
    let runtime = start(&letters(&office), store.clone()).await;

    write(&runtime, &FIVE).await;

    let open = OpenBreaker { open_since: second(0), next_look: second(1), failed_looks: 0 };
    let EffectOverview { effect, open: calls, oldest, breaker, .. } = post(&store, second(0)).await;
    assert_eq!((&*effect, calls, oldest, breaker), ("post", 5, Some(second(0)), Some(open)));

    // It is not forgotten by a restart: nobody calls.
    runtime.stop().await.unwrap();
    let store = place.reopen().await;
    let runtime = start(&letters(&office), store.clone()).await;
    write(&runtime, &["f"]).await;
    assert_eq!(office.visits().len(), 5);

    // The target is back, and the next look finds it.
    office.is_closed(false);
    advance(&runtime, 60).await;
    let idle = EffectOverview { open: 0, due: 0, pausing: 0, oldest: None, breaker: None, effect };
    assert_eq!(post(&store, second(60)).await, idle);
    assert_eq!(store.notes(OpenBreaker::NOTES.into()).await.unwrap(), []);
    for letter in FIVE.into_iter().chain(["f"]) {
        assert_eq!(state::<Letter>(&runtime, letter).await.posted, 1, "letter {letter}");
    }
}

pub async fn what_is_noted_of_a_circuit_breaker_is_right_when_a_batch_fails<U: StoreUnderTest>() {
    // The first commit tells what runs here.
    for nth in 2.. {
        let (_place, store) = U::create(Settings::default()).await;
        let office = PostOffice::default();
        office.is_closed(true);
        let faulty = FaultyStore::new(store.clone(), Fault::CommitRefused, nth);
        let runtime = start(&letters(&office), faulty.clone()).await;

        write(&runtime, &FIVE).await;
        assert!(post(&store, second(0)).await.breaker.is_some(), "commit {nth} was refused");
        office.is_closed(false);
        advance(&runtime, 60).await;

        assert_eq!(post(&store, second(60)).await.breaker, None, "commit {nth} was refused");
        if !faulty.has_struck() {
            break;
        }
    }
}

pub async fn calls_that_pause_and_those_that_are_due_are_told_apart<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    let office = PostOffice::default();
    office.answers("a", &[Answer::ComeAgain]);
    let runtime = start(&letters(&office), store.clone()).await;
    // The second letter of a stream waits for the first.
    for _ in 0..2 {
        runtime.send(WriteLetter { letter: "a".into() }).await.unwrap();
    }
    runtime.settled().await.unwrap();

    let EffectOverview { open, due, pausing, .. } = post(&store, second(0)).await;

    assert_eq!((open, due, pausing), (2, 1, 1));
}

pub async fn rates_are_those_of_the_last_minute_by_the_times_of_the_log<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    let office = PostOffice::default();
    let runtime = start(&letters(&office), store.clone()).await;
    for letter in ["a", "b", "c"] {
        let sent = runtime.send(WriteLetter { letter: letter.into() }).await.unwrap();
        finish(&runtime, sent.process).await;
        runtime.advance(Duration::from_secs(50)).await.unwrap();
    }
    let inspector = Inspector::of(Arc::new(store)).await.unwrap();
    let rates = async |at| inspector.rates(second(at)).await.unwrap();

    // Each letter is five entries, two of them commands that are handled; one was sent at 100, one at 50.
    let of = |letters: f64| Rates {
        handled_per_second: 2.0 * letters / 60.0,
        entries_per_second: 5.0 * letters / 60.0,
        over_seconds: 60.0,
    };
    assert_eq!(rates(105).await, of(2.0));
    assert_eq!(rates(115).await, of(1.0));
    assert_eq!(rates(160).await, of(0.0));
}
