//! A store that somebody has open is not moved away under them.

use procession_runtime::Store;
use procession_sqlite::{OpenError, Restore, RestoreError, SqliteStore};

#[tokio::test]
async fn a_store_that_somebody_reads_is_not_restored() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    SqliteStore::open(&path).unwrap().close().await.unwrap();
    let reader = SqliteStore::open_read_only(&path).unwrap();
    reader.progress().await.unwrap();

    let refused = Restore::of(&path).err();

    assert!(matches!(refused, Some(RestoreError::InUse(_))), "{refused:?}");
    drop(reader);
    assert!(Restore::of(&path).is_ok(), "now nobody reads it");
}

#[tokio::test]
async fn a_store_that_an_application_has_open_is_not_restored() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let store = SqliteStore::open(&path).unwrap();

    let refused = Restore::of(&path).err();

    assert!(matches!(refused, Some(RestoreError::Open(OpenError::InUse { .. }))), "{refused:?}");
    store.close().await.unwrap();
}
