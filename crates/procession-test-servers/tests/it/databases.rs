use procession_test_servers::shared;

use crate::client::{ask, connect, count, make_a_table};

#[tokio::test]
async fn a_database_is_empty_and_nobody_elses() {
    let (mine, other) = (shared().unwrap().database().unwrap(), shared().unwrap().database().unwrap());
    let client = connect(&mine.url()).await.unwrap();

    make_a_table(&client).await;

    assert_eq!(count(&client).await.unwrap(), "0");
    let other = connect(&other.url()).await.unwrap();
    assert!(count(&other).await.is_err());
}

#[tokio::test]
async fn a_database_is_gone_with_its_value_whoever_is_connected() {
    let database = shared().unwrap().database().unwrap();
    let url = database.url();
    let client = connect(&url).await.unwrap();

    drop(database);

    assert!(ask(&client, "SELECT 'here'").await.is_err());
    let error = connect(&url).await.err().unwrap();
    assert!(error.as_db_error().unwrap().message().contains("does not exist"), "{error:?}");
}

#[tokio::test]
async fn what_is_committed_is_durable_and_its_owner_is_no_superuser() {
    let database = shared().unwrap().database().unwrap();
    let client = connect(&database.url()).await.unwrap();

    for (setting, value) in [
        ("fsync", "on"),
        ("synchronous_commit", "on"),
        ("full_page_writes", "on"),
        ("max_connections", "300"),
        ("listen_addresses", "127.0.0.1"),
        ("is_superuser", "off"),
    ] {
        assert_eq!(
            ask(&client, &format!("SELECT current_setting('{setting}')")).await.unwrap(),
            value,
            "{setting}"
        );
    }
}

/// A store that forgets to ask for the order of bytes is to fail here, not with a user.
#[tokio::test]
async fn texts_are_ordered_as_people_order_them() {
    let database = shared().unwrap().database().unwrap();
    let client = connect(&database.url()).await.unwrap();

    let ordered =
        "SELECT string_agg(it, '' ORDER BY it) FROM (VALUES ('B'), ('a'), ('ä'), ('C')) AS letter (it)";

    assert_eq!(ask(&client, ordered).await.unwrap(), "aäBC");
}
