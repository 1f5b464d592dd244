//! Transactions of others in the same database.

use std::time::Duration;

use procession_core::log::Position;
use procession_runtime::{Store, StoreError};
use procession_test_servers::Database;
use tokio::time::timeout;
use tokio_postgres::Client;

use crate::{
    batches::{batch, event, log, numbers},
    place::{client, database, open, stranger},
};

const SOON: Duration = Duration::from_secs(5);
const LONG: Duration = Duration::from_secs(120);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn g4_a_long_transaction_that_has_nothing_to_do_with_us_stops_nobody() {
    // given transactions that hold an old picture of the database, a number, and a table of their own
    let database = database();
    let store = open(&database.url()).await;
    store.commit(batch([event("s", 1)])).await.unwrap();
    let reading = stranger(&database).await;
    let picture = "BEGIN ISOLATION LEVEL SERIALIZABLE; SELECT count(*) FROM procession.log";
    reading.batch_execute(picture).await.unwrap();
    let writing = stranger(&database).await;
    let table = "BEGIN; CREATE TABLE other (it bigint); INSERT INTO other VALUES (1); LOCK TABLE other";
    writing.batch_execute(table).await.unwrap();

    // when
    let grown = store.grown(Position(1));
    let written = timeout(SOON, store.commit(batch([event("s", 2)]))).await;

    // then
    written.expect("it was written").unwrap();
    timeout(SOON, grown).await.expect("it was heard of").unwrap();
    assert_eq!(numbers(&log(&store).await), [1, 2]);
}

/// Says what a commit was refused with while this connection has locked the log.
async fn refused_by(blocking: Client, database: &Database<'_>) -> String {
    // given
    let store = open(&database.url()).await;
    let pid: i32 = blocking.query_one("SELECT pg_backend_pid()", &[]).await.unwrap().get(0);
    let lock =
        "SET application_name = 'report of the year'; BEGIN; LOCK TABLE procession.log IN EXCLUSIVE MODE";
    blocking.batch_execute(lock).await.unwrap();

    // when
    let refused = timeout(LONG, store.commit(batch([event("s", 1)]))).await;

    // then
    let refused = refused.expect("nothing hangs for ever").unwrap_err();
    assert!(matches!(refused, StoreError::Transient(_)), "{refused:?}");
    let said = refused.to_string();
    assert!(said.contains(&format!("pid {pid}")) && said.contains("report of the year"), "{said}");

    // when
    blocking.batch_execute("COMMIT").await.unwrap();

    // then
    store.commit(batch([event("s", 2)])).await.unwrap();
    assert_eq!(numbers(&log(&store).await), [2]);
    said
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn g4_a_transaction_that_blocks_us_is_named_and_how_old_it_is() {
    let database = database();
    let said = refused_by(client(&database.url()).await, &database).await;

    assert!(said.contains("whose transaction is") && said.contains("idle in transaction"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn g4_a_transaction_of_another_user_that_blocks_us_is_named_too() {
    let database = database();
    let said = refused_by(stranger(&database).await, &database).await;

    assert!(said.contains("of another user"), "{said}");
}
