//! Circuit breakers of effects: who calls while the target is down, and how often.

use std::{collections::BTreeMap, time::Duration};

use procession::{Application, CircuitBreaker, Retries};
use procession_runtime::{Runtime, Store};

use crate::{
    Settings, StoreUnderTest,
    batches::{log, second},
    domain::{Letter, PostOffice, PostOfficeAnswer as Answer, WriteLetter, letters_with},
    running::{advance, counts, is_sound_for, small_limits, state},
};

/// Letters that are brought again at once, so that only the circuit breaker holds them up.
fn hasty(office: &PostOffice, attempts: u32) -> Application {
    let soon = Duration::from_millis(1);
    let retries = Retries::up_to(attempts).first_pause(soon).longest_pause(soon);
    letters_with(office, retries, CircuitBreaker::default(), Duration::from_secs(100))
}

async fn start(application: &Application, store: impl Store) -> Runtime {
    let builder = Runtime::builder().limits(small_limits()).seed(7).virtual_time(second(0));
    builder.start(application, store).await.unwrap()
}

async fn write(runtime: &Runtime, letters: impl IntoIterator<Item = String>) {
    for letter in letters {
        runtime.send(WriteLetter { letter }).await.unwrap();
    }
    runtime.settled().await.unwrap();
}

pub async fn one_call_looks_in_each_pause_and_the_looks_go_round<U: StoreUnderTest>() {
    // given: a target that is down, and calls that have found that out
    let (_place, store) = U::create(Settings::default()).await;
    let office = PostOffice::default();
    office.is_closed(true);
    let letters = hasty(&office, 1000);
    let runtime = start(&letters, store.clone()).await;
    write(&runtime, (0..8).map(|it| it.to_string())).await;
    let before = office.visits().len();
    assert!(before >= 5, "the circuit breaker is open: {before} went");

    // when: its pauses end after 1, 3, 7 and 15 seconds
    advance(&runtime, 16).await;

    // then
    let visits = office.visits();
    assert_eq!(visits.len() - before, 4, "one look in each pause, and each pause doubles");
    let mut by_letter = BTreeMap::<_, u32>::new();
    visits.iter().for_each(|it| *by_letter.entry(&it.letter).or_default() += 1);
    assert_eq!(by_letter.values().max(), Some(&2), "nobody looks twice before all have looked");
    let failed = counts(&log(&store).await)["HandlerFailed"];
    assert_eq!(failed, visits.len() as u64, "the log shows the looks, too");
    is_sound_for(&letters, &store).await;
}

pub async fn a_call_that_always_fails_is_given_up_though_nobody_else_calls<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    let office = PostOffice::default();
    office.answers("a", &[Answer::ComeAgain; 99]);
    let letters = hasty(&office, 7);
    let runtime = start(&letters, store.clone()).await;
    write(&runtime, ["a".to_owned()]).await;

    advance(&runtime, 60).await;

    assert_eq!(state::<Letter>(&runtime, "a").await.returned, ["come again"]);
    let attempts: Vec<_> = office.visits().iter().map(|it| it.attempt).collect();
    assert_eq!(attempts, [1, 2, 3, 4, 5, 6, 7], "the last two look whether the target is back");
    assert_eq!(store.calls().await.unwrap(), []);
    is_sound_for(&letters, &store).await;
}
