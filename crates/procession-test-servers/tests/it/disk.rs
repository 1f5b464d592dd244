use procession_test_servers::SmallDisk;
use tokio_postgres::{Client, Error, error::SqlState};

use crate::client::{connect, count, make_a_table};

async fn insert_many(client: &Client) -> Result<(), Error> {
    client.batch_execute("INSERT INTO guest SELECT generate_series(1, 100000)").await
}

#[tokio::test]
async fn a_full_disk_refuses_what_is_new_until_there_is_room_again() {
    // given
    let server = SmallDisk::start(128 << 20).unwrap();
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
    assert_eq!(count(&client).await.unwrap(), "100001");
}
