//! A store of the format before this one opens, and nothing in it is lost.

use procession_core::{
    Stream, Version,
    log::{Kind, Position},
};
use procession_runtime::{Store, store::ParkedOf};
use procession_sqlite::{OpenError, SqliteStore};
use rusqlite::Connection;

#[tokio::test]
async fn a_store_of_format_1_is_upgraded_when_it_is_opened_for_writing() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("old.db");
    Connection::open(&file).unwrap().execute_batch(include_str!("format_1.sql")).unwrap();
    let too_old = SqliteStore::open_read_only(&file).err();
    assert!(matches!(too_old, Some(OpenError::TooOld { found: 1, .. })), "{too_old:?}");

    let store = SqliteStore::open(&file).unwrap();

    let log = store.read_log(Position::START, 10).await.unwrap();
    assert_eq!(log.iter().map(|it| it.entry.kind).collect::<Vec<_>>(), [Kind::ExecutedCommand, Kind::Event]);
    assert!(log.iter().all(|it| it.entry.sender.is_none()));
    let stream = Stream::new("account", "a").unwrap();
    assert_eq!(store.read_stream(stream, Version::NONE, 10).await.unwrap().len(), 1);
    let timers = store.due_timers(jiff::Timestamp::MAX, 10).await.unwrap();
    assert_eq!(timers.iter().map(|it| &*it.message.name).collect::<Vec<_>>(), ["OpenAccount"]);
    let parked = store.parked(ParkedOf::Everything, usize::MAX).await.unwrap();
    let handlers: Vec<_> = parked.iter().map(|it| &*it.handler).collect();
    assert_eq!(handlers, ["account", "saga welcome"], "what follows waits behind what its saga has parked");
    store.close().await.unwrap();
    assert!(SqliteStore::open_read_only(&file).is_ok());
}
