use procession_test_servers::SmallDisk;
use tokio_postgres::{Client, Error, error::SqlState};

use crate::client::{connect, count, make_a_table};

/// 18 MB of rows.
async fn insert_many(client: &Client) -> Result<(), Error> {
    client.batch_execute("INSERT INTO guest SELECT generate_series(1, 500000)").await
}

async fn is_full_until_there_is_room_again(server: SmallDisk) {
    // given
    let database = server.database().unwrap();
    let client = connect(&database.url()).await.unwrap();
    make_a_table(&client).await;
    client.batch_execute("INSERT INTO guest VALUES (101)").await.unwrap();

    // when
    server.fill().unwrap();
    let refused = insert_many(&client).await.unwrap_err();

    // then
    assert_eq!(refused.code(), Some(&SqlState::DISK_FULL), "{refused:?}");
    assert_eq!(count(&client).await.unwrap(), "1");

    // when
    server.free().unwrap();
    insert_many(&client).await.unwrap();

    // then
    assert_eq!(count(&client).await.unwrap(), "500001");
}

#[tokio::test]
async fn a_small_disk_refuses_what_is_new_until_there_is_room_again() {
    is_full_until_there_is_room_again(SmallDisk::start(192 << 20).unwrap()).await;
}

#[tokio::test]
async fn small_files_do_the_same_where_no_small_disk_can_be_had() {
    is_full_until_there_is_room_again(SmallDisk::of_small_files().unwrap()).await;
}
