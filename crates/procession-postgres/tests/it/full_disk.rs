//! A full disk is told in a sentence, and forgotten when there is room again.

use procession_runtime::{Store, StoreError};
use procession_test_servers::SmallDisk;

use crate::{
    batches::{batch, goes_on, is_dense, large_event, log, numbers},
    place::open,
};

const DISK_BYTES: u64 = 192 << 20;
/// More than is left of the space that the server has taken already.
const MANY: u64 = 100;
const LARGE: usize = 256 * 1024;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_refuses_what_is_written_until_there_is_room_again() {
    // given
    let server = SmallDisk::start(DISK_BYTES).unwrap();
    let database = server.database().unwrap();
    let store = open(&database.url()).await;
    store.commit(batch([large_event("s", 0, LARGE)])).await.unwrap();

    // when
    server.fill().unwrap();
    let mut written = vec![0];
    let refused = loop {
        let number = written.len() as u64;
        assert!(number < MANY, "the disk is full, and nothing is refused");
        match store.commit(batch([large_event("s", number, LARGE)])).await {
            Ok(_) => written.push(number),
            Err(error) => break error,
        }
    };

    // then
    let StoreError::Transient(said) = &refused else { panic!("{refused:?}") };
    assert!(said.contains("disk") && said.contains("full") && said.contains(database.name()), "{said}");
    assert_eq!(numbers(&log(&store).await), written);

    // when
    server.free().unwrap();
    goes_on(&store).await;

    // then
    let log = log(&store).await;
    is_dense(&log);
    assert_eq!(numbers(&log[..log.len() - 1]), written);
}
