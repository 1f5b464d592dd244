//! What a database is refused for as a store, and in which words.

use procession_postgres::{ConnectError, PostgresStore};
use procession_runtime::Store;
use procession_test_servers::Database;

use crate::{
    batches::{batch, event, note},
    place::{client, database, open, options, stranger},
};

/// Somebody else than the owner, without any right. Roles belong to the whole server, so each database has its own.
async fn guest(database: &Database<'_>) -> String {
    let name = format!("guest_of_{}", database.name());
    let owner = stranger(database).await;
    owner.batch_execute(&format!("CREATE ROLE {name} LOGIN PASSWORD 'guest'")).await.unwrap();
    let address = database.server().address();
    format!("postgres://{name}:guest@{address}/{}", database.name())
}

async fn refused(url: &str) -> ConnectError {
    let refused = options().connect(url).await.err().unwrap();
    let password = url.split([':', '@']).nth(2).unwrap();
    assert!(!refused.to_string().contains(password), "no password in {refused}");
    refused
}

#[tokio::test]
async fn a_wrong_password_is_denied() {
    let database = database();
    let user = database.url().split("://").nth(1).unwrap().split(':').next().unwrap().to_owned();
    let url = format!("postgres://{user}:wrong-one@{}/{}", database.server().address(), database.name());

    let refused = refused(&url).await;

    assert!(matches!(refused, ConnectError::Denied { .. }), "{refused}");
}

#[tokio::test]
async fn a_database_that_is_not_there_is_told_from_a_server_that_is_not() {
    let database = database();
    let elsewhere = database.url().replace(database.name(), "nowhere");
    let away = database.url_through("127.0.0.1:1".parse().unwrap());

    let (elsewhere, away) = (refused(&elsewhere).await, refused(&away).await);

    assert!(matches!(elsewhere, ConnectError::NoDatabase { .. }), "{elsewhere}");
    assert!(matches!(away, ConnectError::Away { .. }), "{away}");
}

#[tokio::test]
async fn who_may_not_create_a_schema_is_told_the_grant_and_may_use_a_store_with_fewer_rights() {
    // given a user without rights
    let database = database();
    let guest_url = guest(&database).await;
    let refused_new = refused(&guest_url).await;
    assert!(refused_new.to_string().contains("GRANT CREATE ON DATABASE"), "{refused_new}");

    // when the owner has created the store
    let store = open(&database.url()).await;
    let refused_old = refused(&guest_url).await;
    assert!(refused_old.to_string().contains("GRANT USAGE ON SCHEMA \"procession\""), "{refused_old}");
    let guest = format!("guest_of_{}", database.name());
    let owner = client(&database.url()).await;
    let grants = format!(
        "GRANT USAGE ON SCHEMA procession TO {guest};
         GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA procession TO {guest}"
    );
    owner.batch_execute(&grants).await.unwrap();

    // then what the sentence has said is enough
    let theirs = open(&guest_url).await;
    theirs.commit(note("from", "the guest")).await.unwrap();
    assert_eq!(store.note("from".into()).await.unwrap().as_deref(), Some("the guest"));
}

#[tokio::test]
async fn a_schema_of_something_else_is_left_alone() {
    let database = database();
    let owner = client(&database.url()).await;
    owner.batch_execute("CREATE SCHEMA procession; CREATE TABLE procession.mine (id integer)").await.unwrap();

    let refused = refused(&database.url()).await;

    assert!(matches!(refused, ConnectError::NotAStore { .. }), "{refused}");
    let count = "SELECT count(*) FROM pg_class WHERE relnamespace = 'procession'::regnamespace";
    assert_eq!(owner.query_one(count, &[]).await.unwrap().get::<_, i64>(0), 1);
}

#[tokio::test]
async fn an_empty_schema_becomes_a_store() {
    let database = database();
    client(&database.url()).await.batch_execute("CREATE SCHEMA procession").await.unwrap();

    let store = open(&database.url()).await;

    assert_eq!(store.progress().await.unwrap().checkpoints.len(), 4);
}

#[tokio::test]
async fn a_store_of_another_release_is_not_used_and_not_changed() {
    let database = database();
    let store = open(&database.url()).await;
    store.close().await.unwrap();
    let owner = client(&database.url()).await;
    let change =
        async |sql: &str| owner.batch_execute(&format!("SET search_path = procession; {sql}")).await.unwrap();

    change("INSERT INTO migration SELECT 99, checksum, release FROM migration LIMIT 1").await;
    let newer = refused(&database.url()).await;
    change("DELETE FROM migration WHERE number > 1").await;
    let older = options().connect_beside(&database.url()).await.err().unwrap();
    change("UPDATE migration SET checksum = ''").await;
    let changed = refused(&database.url()).await;

    assert!(matches!(newer, ConnectError::TooNew { found: 99, .. }), "{newer}");
    assert!(matches!(changed, ConnectError::Changed { number: 1, .. }), "{changed}");
    assert!(matches!(older, ConnectError::TooOld { found: 1, .. }), "{older}");
}

#[tokio::test]
async fn another_number_of_partitions_is_refused() {
    let database = database();
    let _store = open(&database.url()).await;

    let refused = options().partitions(5).connect(&database.url()).await.err().unwrap();

    assert!(matches!(refused, ConnectError::Partitions { found: 4, asked: 5, .. }), "{refused}");
}

#[tokio::test]
async fn only_nodes_create_a_store() {
    let database = database();

    let beside = options().connect_beside(&database.url()).await.err().unwrap();
    let reading = options().connect_read_only(&database.url()).await.err().unwrap();

    assert!(matches!(beside, ConnectError::Missing { .. }), "{beside}");
    assert!(matches!(reading, ConnectError::Missing { .. }), "{reading}");
}

#[tokio::test]
async fn a_server_that_takes_no_changes_is_for_reading_only() {
    let database = database();
    open(&database.url()).await.close().await.unwrap();
    let read_only = format!("ALTER DATABASE {} SET default_transaction_read_only = on", database.name());
    stranger(&database).await.batch_execute(&read_only).await.unwrap();

    let refused = refused(&database.url()).await;

    assert!(matches!(refused, ConnectError::ReadOnlyServer { .. }), "{refused}");
    let reading = options().connect_read_only(&database.url()).await.unwrap();
    assert_eq!(reading.progress().await.unwrap().checkpoints.len(), 4);
}

#[tokio::test]
async fn commits_are_durable_whatever_the_database_has_by_default() {
    // given a database whose commits are not synced, and a witness
    let database = database();
    let weak = format!("ALTER DATABASE {} SET synchronous_commit = off", database.name());
    stranger(&database).await.batch_execute(&weak).await.unwrap();
    let store = open(&database.url()).await;
    let owner = client(&database.url()).await;
    let witness = "CREATE TABLE witness (said text);
        CREATE FUNCTION testify() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            INSERT INTO public.witness VALUES (current_setting('synchronous_commit')); RETURN new;
        END $$;
        CREATE TRIGGER testify BEFORE INSERT ON procession.note FOR EACH ROW EXECUTE FUNCTION testify()";
    stranger(&database).await.batch_execute("GRANT CREATE ON SCHEMA public TO PUBLIC").await.unwrap();
    owner.batch_execute(witness).await.unwrap();

    // when something is committed, also after the connections were cut
    store.commit(note("a", "1")).await.unwrap();
    database.cut_connections().unwrap();
    while store.commit(note("b", "2")).await.is_err() {}

    // then it was synced
    let said = client(&database.url()).await.query("SELECT said FROM witness", &[]).await.unwrap();
    assert!(said.len() >= 2);
    assert!(said.iter().all(|row| row.get::<_, &str>(0) == "on"));
}

#[tokio::test]
async fn stores_in_two_schemas_know_nothing_of_each_other() {
    let database = database();
    let one = open(&database.url()).await;
    let other = open(&format!("{}?schema=other%20one", database.url())).await;

    one.commit(note("a", "1")).await.unwrap();

    assert_ne!(one.id().await.unwrap(), other.id().await.unwrap());
    assert_eq!(other.note("a".into()).await.unwrap(), None);
    assert!(other.name().ends_with("?schema=other one"), "{}", other.name());
}

#[tokio::test(flavor = "multi_thread")]
async fn many_who_come_at_once_create_one_store() {
    let database = database();
    let url = database.url();

    let comers: Vec<_> = (0..6).map(|_| tokio::spawn(options().connect(url.clone().leak()))).collect();

    let mut ids = Vec::new();
    for comer in comers {
        ids.push(comer.await.unwrap().unwrap().id().await.unwrap());
    }
    ids.dedup();
    assert_eq!(ids.len(), 1);
}

#[tokio::test]
async fn who_is_beside_takes_nothing_and_who_only_reads_changes_nothing() {
    let database = database();
    let node = open(&database.url()).await;
    let beside = options().connect_beside(&database.url()).await.unwrap();
    let reading = options().connect_read_only(&database.url()).await.unwrap();

    let taken = beside.acquire(vec![procession_core::Partition(0)]).await.unwrap_err();
    let written = reading.commit(note("a", "1")).await.unwrap_err();
    beside.commit(note("a", "2")).await.unwrap();

    assert!(taken.to_string().contains("beside"), "{taken}");
    assert!(written.to_string().contains("for reading only"), "{written}");
    for store in [&node, &beside, &reading] {
        assert_eq!(store.note("a".into()).await.unwrap().as_deref(), Some("2"));
    }
}

#[tokio::test]
async fn whoever_waits_for_the_log_to_grow_is_woken_by_what_others_append() {
    let database = database();
    let node = open(&database.url()).await;
    let reading = options().connect_read_only(&database.url()).await.unwrap();
    let head = node.progress().await.unwrap().head;
    let (heard, seen) = (tokio::spawn(node.grown(head)), tokio::spawn(reading.grown(head)));
    let beside: PostgresStore = options().connect_beside(&database.url()).await.unwrap();

    beside.commit(batch([event("a", 1)])).await.unwrap();

    let within = std::time::Duration::from_secs(20);
    tokio::time::timeout(within, heard).await.expect("the node is told").unwrap().unwrap();
    tokio::time::timeout(within, seen).await.expect("who reads looks").unwrap().unwrap();
}

#[tokio::test]
async fn who_comes_while_somebody_holds_the_log_is_told_by_whom() {
    // given a stranger who locks a table and forgets it
    let database = database();
    open(&database.url()).await.close().await.unwrap();
    let forgetful = stranger(&database).await;
    let pid: i32 = forgetful.query_one("SELECT pg_backend_pid()", &[]).await.unwrap().get(0);
    forgetful.batch_execute("BEGIN; LOCK TABLE procession.writer IN EXCLUSIVE MODE").await.unwrap();

    let refused = refused(&database.url()).await;

    assert!(refused.to_string().contains(&format!("pid {pid} ")), "{refused}");
}

#[tokio::test]
async fn a_database_that_cannot_hold_every_text_is_refused_with_what_to_do() {
    let database = database();
    let (owner, name) = (stranger(&database).await, format!("{}_latin", database.name()));
    let create =
        format!("CREATE DATABASE {name} ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0");
    owner.batch_execute(&create).await.unwrap();

    let refused = refused(&database.url().replace(database.name(), &name)).await;

    assert!(refused.to_string().contains("ENCODING 'UTF8'"), "{refused}");
    owner.batch_execute(&format!("DROP DATABASE {name} WITH (FORCE)")).await.unwrap();
}
