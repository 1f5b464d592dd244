//! Only one process may write a store. Should another one get past the lock, no harm must come of it.

use std::{fs, path::Path, sync::Arc};

use jiff::Timestamp;
use procession_core::{
    Message, Partition, Stream,
    doc::RoomCleaned,
    log::{Entry, Kind, Position},
};
use procession_runtime::{
    Store, StoreError,
    store::{Batch, CheckpointMove, Conflict, Expected, NewEntry},
};
use procession_sqlite::{OpenError, SqliteStore};

fn one_event(after: Option<Position>) -> Batch {
    let stream = Stream::new("room", "7").unwrap();
    let message = RoomCleaned { room: 7 }.encode().unwrap();
    let entry = Arc::new(Entry::new(Kind::Event, stream, message, Timestamp::UNIX_EPOCH));
    let new =
        NewEntry { entry, process: None, causation: None, expected: Expected::Any, idempotency_key: None };
    Batch { after, entries: vec![new], ..Batch::default() }
}

fn steal_the_lock(path: &Path) -> SqliteStore {
    fs::remove_file(path.with_extension("db-lock")).unwrap();
    SqliteStore::open(path).unwrap()
}

#[tokio::test]
async fn a_second_writer_is_told_who_holds_the_store() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let _first = SqliteStore::open(&path).unwrap();

    let Err(error) = SqliteStore::open(&path) else { panic!("the store was opened twice") };

    assert!(matches!(error, OpenError::InUse { pid: Some(pid), .. } if pid == std::process::id()), "{error}");
}

#[tokio::test]
async fn whoever_gets_past_the_lock_is_met_as_a_conflict() {
    // given two writers, because somebody has deleted the lock file
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let first = SqliteStore::open(&path).unwrap();
    first.commit(one_event(None)).await.unwrap();
    let owned = first.acquire(vec![Partition(0)]).await.unwrap();
    let second = steal_the_lock(&path);

    // when the second one writes, and takes a partition over
    second.commit(one_event(Some(Position(1)))).await.unwrap();
    second.acquire(vec![Partition(0)]).await.unwrap();

    // then the first one sees it, and the log stays one log
    let conflict = first.commit(one_event(Some(Position(1)))).await.unwrap_err();
    let head = Conflict::Head { expected: Position(1), actual: Position(2) };
    assert_eq!(conflict, StoreError::Conflict(head));
    let checkpoint =
        CheckpointMove { partition: Partition(0), token: owned[0].token, from: Position(0), to: Position(1) };
    let stale = first.commit(Batch { checkpoints: vec![checkpoint], ..Batch::default() }).await.unwrap_err();
    assert!(matches!(stale, StoreError::Conflict(Conflict::StaleOwner { .. })), "{stale}");
    first.commit(one_event(None)).await.unwrap();
    second.commit(one_event(None)).await.unwrap();
    let log = first.read_log(Position::START, 10).await.unwrap();
    let places: Vec<_> = log.iter().map(|it| (it.position.0, it.version.unwrap().0)).collect();
    assert_eq!(places, [(1, 1), (2, 2), (3, 3), (4, 4)]);
}
