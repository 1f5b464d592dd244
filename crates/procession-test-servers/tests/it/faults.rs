use std::time::Duration;

use procession_test_servers::Postgres;
use tokio::time::timeout;

use crate::client::{ask, connect, count, make_a_table};

const MOMENT: Duration = Duration::from_millis(300);

#[tokio::test]
async fn a_restarted_server_has_cut_its_clients_and_kept_what_was_committed() {
    // given
    let server = Postgres::start().unwrap();
    let database = server.database().unwrap();
    let client = connect(&database.url()).await.unwrap();
    make_a_table(&client).await;
    client.batch_execute("INSERT INTO guest VALUES (101)").await.unwrap();

    // when
    server.restart().unwrap();

    // then
    assert!(count(&client).await.is_err());
    let again = connect(&database.url()).await.unwrap();
    assert_eq!(count(&again).await.unwrap(), "1");
}

#[tokio::test]
async fn a_killed_server_is_dead_and_recovers_what_was_committed_and_no_more() {
    // given a row that is committed, and one that is not
    let server = Postgres::start().unwrap();
    let database = server.database().unwrap();
    let client = connect(&database.url()).await.unwrap();
    make_a_table(&client).await;
    client.batch_execute("INSERT INTO guest VALUES (101)").await.unwrap();
    client.batch_execute("BEGIN; INSERT INTO guest VALUES (102)").await.unwrap();

    // when
    server.kill().unwrap();

    // then
    assert!(count(&client).await.is_err());
    assert!(connect(&database.url()).await.is_err());
    assert!(server.kill().is_err(), "it was dead already");

    // when
    server.start_again().unwrap();

    // then
    let again = connect(&database.url()).await.unwrap();
    assert_eq!(count(&again).await.unwrap(), "1");
}

#[tokio::test]
async fn cut_connections_are_those_of_one_database() {
    // given
    let server = Postgres::start().unwrap();
    let (database, other) = (server.database().unwrap(), server.database().unwrap());
    let client = connect(&database.url()).await.unwrap();
    let other = connect(&other.url()).await.unwrap();

    // when
    database.cut_connections().unwrap();

    // then
    assert!(ask(&client, "SELECT 'here'").await.is_err());
    assert_eq!(ask(&other, "SELECT 'here'").await.unwrap(), "here");
    connect(&database.url()).await.unwrap();
}

#[tokio::test]
async fn a_frozen_server_says_nothing_until_it_is_thawed() {
    // given
    let server = Postgres::start().unwrap();
    let database = server.database().unwrap();
    let client = connect(&database.url()).await.unwrap();

    // when
    server.freeze().unwrap();
    let mut asked = Box::pin(ask(&client, "SELECT 'here'"));

    // then
    assert!(timeout(MOMENT, &mut asked).await.is_err(), "a frozen server has answered");
    assert!(timeout(MOMENT, connect(&database.url())).await.is_err(), "a frozen server has let somebody in");

    // when
    server.thaw().unwrap();

    // then
    assert_eq!(asked.await.unwrap(), "here");
}
