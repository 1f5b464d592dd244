//! What is no store, or not any more, is refused with the reason, and nothing is changed.

use std::{fs, process::Command};

use procession_runtime::Store;
use procession_sqlite::{OpenError, SqliteStore};

#[tokio::test]
async fn a_damaged_store_is_told_from_a_file_that_never_was_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    SqliteStore::open(&path).unwrap().close().await.unwrap();
    let mut bytes = fs::read(&path).unwrap();
    bytes[4096..].fill(0xEE);
    fs::write(&path, &bytes).unwrap();

    let Err(error) = SqliteStore::open(&path) else { panic!("a damaged store was opened") };

    assert!(matches!(error, OpenError::Damaged { .. }), "{error}");
    assert!(error.to_string().contains("restore it from a backup"), "{error}");
    assert_eq!(fs::read(&path).unwrap(), bytes, "it was not changed");
}

#[test]
fn a_pipe_is_refused_and_not_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());

    for opened in [SqliteStore::open(&path), SqliteStore::open_read_only(&path)] {
        let Err(error) = opened else { panic!("a pipe was opened as a store") };
        assert!(error.to_string().contains("it is no regular file"), "{error}");
    }
}
