//! A line to the server that is slow, silent or cut.

use std::time::{Duration, Instant};

use procession_postgres::PostgresStore;
use procession_runtime::{Store, StoreError};
use procession_test_servers::{Database, Proxy};
use tokio::{task::JoinSet, time::timeout};

use crate::{
    batches::{LAST, batch, event, goes_on, log, numbers},
    diary::Diary,
    place::{database, open},
};

const LONG: Duration = Duration::from_secs(120);

async fn through_a_proxy() -> (Proxy, Database<'static>, PostgresStore) {
    let database = database();
    let proxy = Proxy::to(database.server().address()).await.unwrap();
    let store = open(&database.url_through(proxy.address())).await;
    (proxy, database, store)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commits_on_a_slow_line_do_not_wait_for_each_other() {
    const LATENCY: Duration = Duration::from_millis(100);
    const BATCHES: u64 = 50;

    // given
    let (proxy, _database, store) = through_a_proxy().await;
    store.commit(batch([event("s", 0)])).await.unwrap();
    proxy.latency(LATENCY);

    // when
    let began = Instant::now();
    let answers: Vec<_> = (1..=BATCHES).map(|it| store.commit(batch([event("s", it)]))).collect();
    for answer in answers {
        answer.await.unwrap();
    }

    // then it takes some round trips, and not one for each
    assert!(began.elapsed() < 10 * 2 * LATENCY, "{:?}", began.elapsed());
    proxy.latency(Duration::ZERO);
    assert_eq!(numbers(&log(&store).await), (0..=BATCHES).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn promise_1_a_line_that_is_cut_at_any_time_loses_nothing_and_repeats_nothing() {
    let (proxy, _database, store) = through_a_proxy().await;
    let diary = Diary::begin(&store);

    for latency in 0..20 {
        proxy.latency(Duration::from_millis(latency));
        tokio::time::sleep(Duration::from_millis(fastrand::u64(20..120))).await;
        proxy.cut().await;
    }

    diary.holds(&store).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_cannot_be_reached_is_named_and_asked_again() {
    // given a batch that is on its way when the line is cut
    let (mut proxy, _database, store) = through_a_proxy().await;
    store.commit(batch([event("s", 1)])).await.unwrap();
    let on_its_way = store.commit(batch([event("s", 2)]));
    proxy.refuse().await;
    proxy.cut().await;

    // when
    store.progress().await.unwrap_err();
    let refused = timeout(LONG, store.commit(batch([event("s", 3)]))).await.unwrap().unwrap_err();

    // then
    assert!(matches!(refused, StoreError::Transient(_)), "{refused:?}");
    assert!(refused.to_string().contains(&proxy.address().to_string()), "{refused}");

    // when
    proxy.accept().await.unwrap();
    goes_on(&store).await;

    // then it is known what became of that batch
    let expected = if on_its_way.await.is_ok() { vec![1, 2, LAST] } else { vec![1, LAST] };
    assert_eq!(numbers(&log(&store).await), expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_on_its_way_on_a_silent_line_arrives_when_it_is_heard_again() {
    // given
    let (proxy, _database, store) = through_a_proxy().await;
    store.commit(batch([event("s", 1)])).await.unwrap();
    proxy.stall();

    // when
    let mut on_their_way: JoinSet<_> = (2..=9).map(|it| store.commit(batch([event("s", it)]))).collect();
    let silent = timeout(Duration::from_secs(2), on_their_way.join_next()).await;

    // then nobody is told what is not known
    assert!(silent.is_err(), "{silent:?}");

    // when
    proxy.flow();
    while let Some(answer) = timeout(LONG, on_their_way.join_next()).await.unwrap() {
        answer.unwrap().unwrap();
    }

    // then
    assert_eq!(numbers(&log(&store).await), (1..=9).collect::<Vec<_>>());
}
