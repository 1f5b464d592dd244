//! Batches as the store cases write them, and everything that a store holds as they compare it.

use std::sync::Arc;

use jiff::Timestamp;
use procession::{
    Cancellation, Partition, Stream, Version,
    log::{Encoded, Entry, Kind, Position, Recorded},
};
use procession_runtime::{
    Store,
    store::{
        Batch, CheckpointMove, Expected, NewEntry, NewTimer, Ownership, Parked, ParkedOf, ParkedReason,
        Progress, Reference, Timer,
    },
};

pub(crate) fn stream(id: &str) -> Stream {
    Stream::new("thing", id).unwrap()
}

/// A second of the year that the cases play in.
pub(crate) fn second(second: i64) -> Timestamp {
    Timestamp::from_second(1_767_225_600 + second).unwrap()
}

pub(crate) fn message(number: u64) -> Encoded {
    let payload = format!("{{\"number\":{number}}}").into_boxed_str();
    Encoded { name: "Happened".into(), schema_version: 1, payload }
}

pub(crate) fn entry(kind: Kind, id: &str, message: Encoded) -> NewEntry {
    NewEntry {
        entry: Arc::new(Entry::new(kind, stream(id), message, second(0))),
        process: None,
        causation: None,
        expected: Expected::Any,
        idempotency_key: None,
    }
}

pub(crate) fn event(id: &str, number: u64) -> NewEntry {
    entry(Kind::Event, id, message(number))
}

pub(crate) fn command(id: &str, number: u64) -> NewEntry {
    entry(Kind::Command, id, message(number))
}

/// An event with a payload of so many bytes.
pub(crate) fn large_event(id: &str, bytes: usize) -> NewEntry {
    let payload = format!("\"{}\"", "x".repeat(bytes - 2)).into_boxed_str();
    entry(Kind::Event, id, Encoded { name: "Large".into(), schema_version: 1, payload })
}

pub(crate) trait NewEntryWith {
    fn expecting(self, version: u64) -> Self;
    fn keyed(self, key: &str) -> Self;
    fn caused_by(self, cause: Reference) -> Self;
    fn of_process(self, process: Reference) -> Self;
}

impl NewEntryWith for NewEntry {
    fn expecting(self, version: u64) -> Self {
        Self { expected: Expected::Version(Version(version)), ..self }
    }

    fn keyed(self, key: &str) -> Self {
        Self { idempotency_key: Some(key.into()), ..self }
    }

    fn caused_by(self, cause: Reference) -> Self {
        Self { causation: Some(cause), ..self }
    }

    fn of_process(self, process: Reference) -> Self {
        Self { process: Some(process), ..self }
    }
}

pub(crate) fn batch(entries: impl IntoIterator<Item = NewEntry>) -> Batch {
    Batch { entries: entries.into_iter().collect(), ..Batch::default() }
}

pub(crate) fn timer(id: &str, due: Timestamp, number: u64) -> NewTimer {
    let cause = Reference::Position(Position(1));
    NewTimer { due, to: stream(id), sender: None, message: message(number), process: cause, causation: cause }
}

/// Takes back what `timer` asks for.
pub(crate) fn cancellation(id: &str) -> Cancellation {
    Cancellation::Command { to: stream(id), name: "Happened" }
}

pub(crate) fn parked(position: u64, id: &str, cause: Option<&str>) -> Parked {
    Parked {
        position: Position(position),
        handler: "handler".into(),
        stream: stream(id),
        process: Position(1).into(),
        reason: if cause.is_some() { ParkedReason::Failed } else { ParkedReason::Behind },
        cause: cause.map(Into::into),
        attempts: u32::from(cause.is_some()),
        retry_at: None,
        edited: None,
        at: second(0),
    }
}

pub(crate) fn checkpoint(owned: Ownership, from: u64, to: u64) -> CheckpointMove {
    let Ownership { partition, token, .. } = owned;
    CheckpointMove { partition, token, from: Position(from), to: Position(to) }
}

pub(crate) async fn acquire(store: &impl Store, partition: u16) -> Ownership {
    let owned = store.acquire(vec![Partition(partition)]).await.unwrap();
    assert_eq!(owned.len(), 1);
    owned[0]
}

/// Everything that a store shows of its contents.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Contents {
    pub(crate) log: Vec<Recorded>,
    pub(crate) progress: Progress,
    pub(crate) parked: Vec<Parked>,
    pub(crate) timers: Vec<Timer>,
    pub(crate) next_due: Option<Timestamp>,
    pub(crate) streams: Vec<Stream>,
}

pub(crate) async fn contents(store: &impl Store) -> Contents {
    Contents {
        log: log(store).await,
        progress: store.progress().await.unwrap(),
        parked: store.parked(ParkedOf::Everything, usize::MAX).await.unwrap(),
        timers: store.due_timers(Timestamp::MAX, 1_000_000).await.unwrap(),
        next_due: store.next_due().await.unwrap(),
        streams: store.streams("thing".into(), None, 1_000_000).await.unwrap(),
    }
}

pub(crate) async fn log(store: &(impl Store + ?Sized)) -> Vec<Recorded> {
    store.read_log(Position::START, 10_000_000).await.unwrap()
}

/// No numbers and no positions.
pub(crate) const NOTHING: [u64; 0] = [];

/// The payloads' numbers, which tell the cases' messages apart.
pub(crate) fn numbers(entries: &[Recorded]) -> Vec<u64> {
    let number = |it: &Recorded| {
        let payload: serde_json::Value = serde_json::from_str(&it.entry.payload).unwrap();
        payload["number"].as_u64().unwrap()
    };
    entries.iter().map(number).collect()
}

pub(crate) fn positions(entries: &[Recorded]) -> Vec<u64> {
    entries.iter().map(|it| it.position.0).collect()
}
