//! The order of the log is the order of the commits, whoever writes, and however long one takes.

use std::time::Duration;

use procession_core::log::{Position, Recorded};
use procession_postgres::PostgresStore;
use procession_runtime::{Store, StoreError};
use procession_test_servers::Database;
use tokio::{
    task::JoinSet,
    time::{Instant, timeout},
};
use tokio_postgres::Client;

use crate::{
    batches::{batch, event, is_dense, keyed, log, numbers},
    place::{database, open, stranger},
};

const MOMENT: Duration = Duration::from_millis(300);
const LONG: Duration = Duration::from_secs(60);

/// Two nodes on one store, both with all their connections.
async fn two_stores() -> (Database<'static>, PostgresStore, PostgresStore) {
    let database = database();
    let (a, b) = (open(&database.url()).await, open(&database.url()).await);
    let listening =
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state = 'idle'
        AND query LIKE '%head_behind_all%'";
    until_there_are(2, listening, &stranger(&database).await).await;
    (database, a, b)
}

/// Somebody writes this key and does not commit: who writes it too has taken its place in the log, and waits.
async fn hold(database: &Database<'_>, key: &str) -> Client {
    let stranger = stranger(database).await;
    let statement =
        format!("BEGIN; INSERT INTO procession.idempotency_key (key, position) VALUES ('{key}', 99)");
    stranger.batch_execute(&statement).await.unwrap();
    stranger
}

/// Waits until so many commits wait for somebody.
async fn waiting(commits: i64, stranger: &Client) {
    let waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    until_there_are(commits, waiting, stranger).await;
}

async fn until_there_are(expected: i64, count: &str, stranger: &Client) {
    let until = Instant::now() + LONG;
    while stranger.query_one(count, &[]).await.unwrap().get::<_, i64>(0) != expected {
        assert!(Instant::now() < until, "there were to be {expected}: {count}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Reads what is new until the log is so long, in pages of odd sizes.
async fn follow(store: PostgresStore, after: Position, until: u64) -> Vec<Recorded> {
    let (mut seen, mut after) = (Vec::new(), after);
    while after.0 < until {
        store.grown(after).await.unwrap();
        let page = store.read_log(after, 7).await.unwrap();
        after = page.last().map_or(after, |it| it.position);
        seen.extend(page);
    }
    seen
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn g1_who_took_its_place_first_is_read_first_though_it_commits_late() {
    // given a batch that has its place, and cannot end
    let (database, a, b) = two_stores().await;
    let stranger = hold(&database, "key").await;
    let reading = tokio::spawn(follow(b.clone(), Position::START, 2));
    let first = tokio::spawn(a.commit(keyed("s", 1, "key")));
    waiting(1, &stranger).await;

    // when a later one could end at once
    let mut second = tokio::spawn(b.commit(batch([event("s", 2)])));
    waiting(2, &stranger).await;

    // then nobody reads it before the first
    assert!(
        timeout(MOMENT, &mut second).await.is_err(),
        "it was committed before one that has an earlier place"
    );
    assert_eq!(log(&b).await, []);

    // when
    stranger.batch_execute("ROLLBACK").await.unwrap();

    // then
    assert_eq!(first.await.unwrap().unwrap().after, Position(0));
    assert_eq!(second.await.unwrap().unwrap().after, Position(1));
    assert_eq!(numbers(&timeout(LONG, reading).await.unwrap().unwrap()), [1, 2]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn g2_readers_pass_a_place_that_was_given_back_without_waiting_for_any_clock() {
    // given a batch that has its place, and one behind it
    let (database, a, b) = two_stores().await;
    let stranger = hold(&database, "key").await;
    let first = tokio::spawn(a.commit(keyed("s", 1, "key")));
    waiting(1, &stranger).await;
    let second = tokio::spawn(b.commit(batch([event("s", 2)])));
    waiting(2, &stranger).await;

    // when the first is refused
    stranger.batch_execute("COMMIT").await.unwrap();

    // then the second has its place
    assert!(matches!(first.await.unwrap(), Err(StoreError::Duplicate { .. })));
    assert_eq!(second.await.unwrap().unwrap().after, Position(0));
    let read = timeout(LONG, follow(b.clone(), Position::START, 1)).await.unwrap();
    assert_eq!(numbers(&read), [2]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn g3_readers_from_anywhere_miss_nothing_and_repeat_nothing_while_many_nodes_write() {
    const NODES: u64 = 3;
    const EACH: u64 = 60;

    // given readers at the beginning and in the middle
    let database = database();
    let watcher = open(&database.url()).await;
    let mut readers = JoinSet::new();
    for after in [0, 0, 50, 150] {
        readers.spawn(follow(watcher.clone(), Position(after), NODES * EACH));
    }

    // when several nodes write
    let mut writers = JoinSet::new();
    for node in 0..NODES {
        let store = open(&database.url()).await;
        writers.spawn(async move {
            let answers: Vec<_> = (0..EACH)
                .map(|it| store.commit(batch([event(&format!("s-{}", it % 5), node * EACH + it)])))
                .collect();
            for answer in answers {
                answer.await.unwrap();
            }
        });
    }
    while let Some(writer) = writers.join_next().await {
        writer.unwrap();
    }

    // then
    let log = log(&watcher).await;
    is_dense(&log);
    let mut all = numbers(&log);
    all.sort_unstable();
    assert_eq!(all, (0..NODES * EACH).collect::<Vec<_>>());
    while let Some(read) = timeout(LONG, readers.join_next()).await.unwrap() {
        let read = read.unwrap();
        assert_eq!(read, log[log.len() - read.len()..]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn g5_a_commit_slower_than_every_time_out_is_there_whole_or_not_at_all() {
    // given a batch that has its place, and does not end
    let (database, a, b) = two_stores().await;
    let stranger = hold(&database, "key").await;
    let mut slow = tokio::spawn(a.commit(keyed("s", 1, "key")));
    let reading = tokio::spawn(follow(b.clone(), Position::START, 1));

    // when it outlasts the patience of its own node
    let answer = timeout(2 * LONG, &mut slow).await.expect("nothing hangs for ever").unwrap();

    // then it was refused, and the log has room for others
    assert!(matches!(answer, Err(StoreError::Transient(_))), "{answer:?}");
    assert_eq!(b.commit(batch([event("s", 2)])).await.unwrap().after, Position(0));
    assert_eq!(numbers(&timeout(LONG, reading).await.unwrap().unwrap()), [2]);
    stranger.batch_execute("ROLLBACK").await.unwrap();
    a.commit(keyed("s", 1, "key")).await.unwrap();
    assert_eq!(numbers(&log(&b).await), [2, 1]);
}
