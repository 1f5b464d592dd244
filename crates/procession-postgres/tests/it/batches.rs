//! Batches that can be told apart, and what a log holds of them.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use jiff::Timestamp;
use procession_core::{
    Stream,
    log::{Encoded, Entry, Kind, Position, Recorded},
};
use procession_runtime::{
    Store, StoreError,
    store::{Batch, Expected, NewEntry},
};

/// An event of a stream, with a number.
pub(crate) fn event(stream: &str, number: u64) -> NewEntry {
    large_event(stream, number, 0)
}

/// One whose payload has some more bytes.
pub(crate) fn large_event(stream: &str, number: u64, bytes: usize) -> NewEntry {
    let payload = format!("{{\"number\":{number},\"more\":\"{}\"}}", "x".repeat(bytes));
    let message = Encoded { name: "Happened".into(), schema_version: 1, payload: payload.into_boxed_str() };
    let stream = Stream::new("thing", stream).unwrap();
    NewEntry {
        entry: Arc::new(Entry::new(Kind::Event, stream, message, Timestamp::UNIX_EPOCH)),
        process: None,
        causation: None,
        expected: Expected::Any,
        idempotency_key: None,
    }
}

pub(crate) fn batch(entries: impl IntoIterator<Item = NewEntry>) -> Batch {
    Batch { entries: entries.into_iter().collect(), ..Batch::default() }
}

/// A batch of one text beside the log.
pub(crate) fn note(name: &'static str, text: &str) -> Batch {
    Batch { notes: vec![(name.into(), Some(text.into()))], ..Batch::default() }
}

/// A batch of one event with an idempotency key.
pub(crate) fn keyed(stream: &str, number: u64, key: &str) -> Batch {
    batch([NewEntry { idempotency_key: Some(key.into()), ..event(stream, number) }])
}

pub(crate) async fn log(store: &impl Store) -> Vec<Recorded> {
    store.read_log(Position::START, 10_000_000).await.unwrap()
}

pub(crate) fn number(it: &Recorded) -> u64 {
    let payload: serde_json::Value = serde_json::from_str(&it.entry.payload).unwrap();
    payload["number"].as_u64().unwrap()
}

pub(crate) fn numbers(entries: &[Recorded]) -> Vec<u64> {
    entries.iter().map(number).collect()
}

/// Positions and versions are dense.
pub(crate) fn is_dense(log: &[Recorded]) {
    log.iter().zip(1..).for_each(|(it, position)| assert_eq!(it.position.0, position));
    let mut versions = std::collections::BTreeMap::new();
    for it in log {
        let last: &mut u64 = versions.entry(&it.entry.stream).or_default();
        *last += 1;
        assert_eq!(it.version.unwrap().0, *last, "{it:?}");
    }
}

/// The number of what [`goes_on`] writes.
pub(crate) const LAST: u64 = 1_000_000;

/// Commits until that works again, which it must do soon.
pub(crate) async fn goes_on(store: &impl Store) {
    let until = Instant::now() + Duration::from_secs(30);
    loop {
        match store.commit(batch([event("goes-on", LAST)])).await {
            Ok(_) => return,
            Err(StoreError::Transient(why)) => assert!(Instant::now() < until, "it does not go on: {why}"),
            Err(error) => panic!("{error}"),
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
