//! A limit that was higher when the store was opened before.

use std::sync::Arc;

use jiff::Timestamp;
use procession_core::{
    Stream,
    log::{Encoded, Entry, Kind},
};
use procession_runtime::{
    Store, StoreError,
    store::{Batch, Expected, NewEntry, NewTimer, Reference},
};
use procession_sqlite::SqliteStore;

fn message(payload: &str) -> Encoded {
    Encoded { name: "Remind".into(), schema_version: 1, payload: payload.into() }
}

fn command(payload: &str) -> NewEntry {
    let stream = Stream::new("thing", "a").unwrap();
    let entry = Arc::new(Entry::new(Kind::Command, stream, message(payload), Timestamp::UNIX_EPOCH));
    NewEntry { entry, process: None, causation: None, expected: Expected::Any, idempotency_key: None }
}

#[tokio::test]
async fn what_a_timer_holds_is_accepted_when_it_fires_although_the_limit_is_lower_now() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let payload = "\"a long text\"";
    let store = SqliteStore::open(&path).unwrap();
    let timer = NewTimer {
        due: Timestamp::UNIX_EPOCH,
        to: Stream::new("thing", "a").unwrap(),
        sender: None,
        message: message(payload),
        process: Reference::Entry(0),
        causation: Reference::Entry(0),
    };
    store
        .commit(Batch { entries: vec![command("1")], timers: vec![timer], ..Batch::default() })
        .await
        .unwrap();
    store.close().await.unwrap();
    let store = SqliteStore::options().max_payload_bytes(5).open(&path).unwrap();
    let fired = vec![store.due_timers(Timestamp::UNIX_EPOCH, 1).await.unwrap()[0].id];

    let other = Batch { entries: vec![command("\"another one\"")], fired: fired.clone(), ..Batch::default() };
    assert!(matches!(store.commit(other).await, Err(StoreError::TooLarge { bytes: 13, limit: 5, .. })));
    let not_fired = Batch { entries: vec![command(payload)], ..Batch::default() };
    assert!(matches!(store.commit(not_fired).await, Err(StoreError::TooLarge { .. })));
    store.commit(Batch { entries: vec![command(payload)], fired, ..Batch::default() }).await.unwrap();

    assert_eq!(store.next_due().await.unwrap(), None);
    assert_eq!(
        &*store.read_log(procession_core::log::Position(1), 1).await.unwrap()[0].entry.payload,
        payload
    );
}
