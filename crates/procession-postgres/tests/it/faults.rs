//! Nothing acknowledged is lost, and nothing is there twice, whatever happens to the server.

use std::time::{Duration, Instant};

use procession_runtime::{Store, StoreError};

use crate::{
    batches::{LAST, batch, event, goes_on, log, numbers},
    diary::Diary,
    place::{database, on_a_server_of_its_own, open},
};

/// So long that commits are under way, and differently many each time.
async fn a_while() {
    tokio::time::sleep(Duration::from_millis(fastrand::u64(20..120))).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn promise_1_connections_that_are_cut_at_any_time_lose_nothing_and_repeat_nothing() {
    let database = database();
    let store = open(&database.url()).await;
    let diary = Diary::begin(&store);

    for _ in 0..20 {
        a_while().await;
        database.cut_connections().unwrap();
    }
    a_while().await;

    diary.holds(&store).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn promise_1_a_server_that_restarts_loses_nothing_and_repeats_nothing() {
    let (server, _database, store) = on_a_server_of_its_own().await;
    let diary = Diary::begin(&store);

    for _ in 0..5 {
        a_while().await;
        server.restart().unwrap();
    }
    goes_on(&store).await;

    diary.holds(&store).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn promise_1_a_server_that_is_killed_loses_nothing_and_repeats_nothing() {
    let (server, _database, store) = on_a_server_of_its_own().await;
    let diary = Diary::begin(&store);

    for _ in 0..5 {
        a_while().await;
        server.kill().unwrap();
        a_while().await;
        server.start_again().unwrap();
    }
    goes_on(&store).await;

    diary.holds(&store).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_frozen_server_delays_what_is_asked_and_loses_nothing() {
    let (server, _database, store) = on_a_server_of_its_own().await;
    let diary = Diary::begin(&store);

    a_while().await;
    server.freeze().unwrap();
    tokio::time::sleep(Duration::from_secs(2)).await;
    server.thaw().unwrap();
    goes_on(&store).await;

    diary.holds(&store).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_commits_while_the_server_is_dead_is_told_so_soon_and_by_its_name() {
    // given a batch that is on its way when the server dies
    let (server, database, store) = on_a_server_of_its_own().await;
    store.commit(batch([event("s", 1)])).await.unwrap();
    let on_its_way = store.commit(batch([event("s", 2)]));
    server.kill().unwrap();

    // when
    let began = Instant::now();
    let read = store.progress().await.unwrap_err();
    let commit = store.commit(batch([event("s", 3)])).await.unwrap_err();

    // then
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    for error in [read, commit] {
        assert!(matches!(error, StoreError::Transient(_)), "{error:?}");
        let place = format!("{}/{}", server.address(), database.name());
        assert!(error.to_string().contains(&place), "{error} names no {place}");
    }

    // when
    server.start_again().unwrap();
    goes_on(&store).await;

    // then it is known what became of that batch
    let expected = if on_its_way.await.is_ok() { vec![1, 2, LAST] } else { vec![1, LAST] };
    assert_eq!(numbers(&log(&store).await), expected);
}
