//! O11: a long log costs the next message nothing. Counted in the steps of SQLite's machine, which do not depend on the day.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use jiff::Timestamp;
use procession_core::{
    Cancellation, Partition, Stream, Version,
    log::{Encoded, Entry, Kind, Position},
};
use procession_runtime::{
    Store,
    store::{Batch, CheckpointMove, Expected, NewEntry, NewTimer, Ownership, Reference, TimerId},
};
use rusqlite::Connection;

use crate::{
    SqliteOptions, SqliteStore,
    apply::Applier,
    open::{open_reader, prepare},
};

const SHORT: u64 = 2_000;
const LONG: u64 = 100_000;
const ENTRIES_PER_BATCH: u64 = 2_000;
/// A stream has as many events everywhere, so that it costs the same to read one.
const EVENTS_PER_STREAM: u64 = 5;

/// Counts how often SQLite's machine goes round.
#[derive(Clone, Default)]
struct Steps(Arc<AtomicU64>);

impl Steps {
    fn count(&self, connection: &mut Connection) {
        let steps = Arc::clone(&self.0);
        let count = move || {
            steps.fetch_add(1, Ordering::Relaxed);
            false
        };
        connection.progress_handler(1, Some(count)).unwrap();
    }

    fn take(&self) -> u64 {
        self.0.swap(0, Ordering::Relaxed)
    }
}

fn stream(number: u64) -> Stream {
    Stream::new("thing", number.to_string()).unwrap()
}

fn message() -> Encoded {
    Encoded { name: "Happened".into(), schema_version: 1, payload: "{}".into() }
}

fn timer(to: u64) -> NewTimer {
    let (process, due) = (Reference::Position(Position(1)), Timestamp::MAX);
    NewTimer { due, to: stream(to), sender: None, message: message(), process, causation: process }
}

/// Commands from outside, each with its event; and a timer for each batch.
fn batch(after: u64, entries: u64, owned: Ownership) -> Batch {
    let entries = (after + 1..=after + entries).map(|position| {
        let is_command = position % 2 == 1;
        let kind = if is_command { Kind::ExecutedCommand } else { Kind::Event };
        let cause = (!is_command).then_some(Reference::Position(Position(position - 1)));
        let to = stream(position.div_ceil(2) / EVENTS_PER_STREAM);
        NewEntry {
            entry: Entry::new(kind, to, message(), Timestamp::UNIX_EPOCH).into(),
            process: cause,
            causation: cause,
            expected: Expected::Any,
            idempotency_key: is_command.then(|| key(position)),
        }
    });
    let entries: Vec<_> = entries.collect();
    let (from, to) = (Position(after), Position(after + entries.len() as u64));
    let checkpoint = CheckpointMove { partition: owned.partition, token: owned.token, from, to };
    Batch { entries, checkpoints: vec![checkpoint], timers: vec![timer(after)], ..Batch::default() }
}

fn key(position: u64) -> Arc<str> {
    format!("key-{position}").into()
}

/// Fills a log, and returns the steps of one more batch, of whose streams and timers nothing is remembered.
fn steps_of_a_commit(path: &Path, rows: u64) -> u64 {
    let mut connection = Connection::open(path).unwrap();
    prepare(&mut connection, path, &SqliteOptions::default().partitions(1)).unwrap();
    let mut applier = Applier::new(1024);
    let owned = applier.acquire(&connection, &[Partition(0)]).unwrap()[0];
    connection.execute_batch("BEGIN").unwrap();
    for after in (0..rows).step_by(ENTRIES_PER_BATCH as usize) {
        applier.apply(&connection, &batch(after, ENTRIES_PER_BATCH, owned)).unwrap();
    }
    connection.execute_batch("COMMIT").unwrap();
    applier.forget();
    let mut next = batch(rows, 4, owned);
    // An old stream goes on, and an old timer fires; another one is taken back.
    for new in &mut next.entries {
        let entry = Entry::new(new.entry.kind, stream(1), message(), Timestamp::UNIX_EPOCH);
        new.entry = entry.into();
    }
    next.fired = vec![TimerId(1)];
    next.cancelled =
        vec![Cancellation::TimeoutsOf(stream(2)), Cancellation::Command { to: stream(3), name: "Happened" }];

    let steps = Steps::default();
    steps.count(&mut connection);
    connection.execute_batch("BEGIN IMMEDIATE").unwrap();
    applier.apply(&connection, &next).unwrap();
    connection.execute_batch("COMMIT").unwrap();
    steps.take()
}

/// The steps of each thing that the runtime reads while it works.
async fn steps_of_reads(path: &Path) -> Vec<(&'static str, u64)> {
    let store = SqliteStore::open(path).unwrap();
    let (steps, mut reader) = (Steps::default(), open_reader(path).unwrap());
    steps.count(&mut reader);
    store.readers().give_back(reader);
    let head = store.progress().await.unwrap().head;
    let mut taken = vec![("progress", steps.take())];
    store.read_log(Position(head.0 - 20), 100).await.unwrap();
    taken.push(("the end of the log", steps.take()));
    assert_eq!(
        store.read_stream(stream(4), Version::NONE, 100).await.unwrap().len(),
        EVENTS_PER_STREAM as usize
    );
    taken.push(("a stream", steps.take()));
    assert_eq!(store.read_process(Position(11).into(), Position::START, 100).await.unwrap().len(), 2);
    taken.push(("a process", steps.take()));
    assert_eq!(store.find_key(key(11)).await.unwrap(), Some(Position(11)));
    taken.push(("a key", steps.take()));
    store.due_timers(Timestamp::UNIX_EPOCH, 100).await.unwrap();
    taken.push(("due timers", steps.take()));
    store.next_due().await.unwrap();
    taken.push(("the next timer", steps.take()));
    store.close().await.unwrap();
    taken
}

#[tokio::test]
async fn o11_fifty_times_as_long_a_log_takes_no_more_steps() {
    let folder = tempfile::tempdir().unwrap();
    let (short, long) = (folder.path().join("short.db"), folder.path().join("long.db"));

    let commits = [steps_of_a_commit(&short, SHORT), steps_of_a_commit(&long, LONG)];
    let reads = [steps_of_reads(&short).await, steps_of_reads(&long).await];

    assert!(commits[0] > 0 && commits[0] == commits[1], "steps of a commit: {commits:?}");
    assert!(reads[0].iter().map(|(_, steps)| steps).sum::<u64>() > 0);
    assert_eq!(reads[0], reads[1]);
}
