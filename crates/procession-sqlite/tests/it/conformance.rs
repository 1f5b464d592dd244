use std::{
    fs,
    path::PathBuf,
    sync::{
        Mutex,
        atomic::{AtomicU32, Ordering},
    },
};

use procession_runtime::Store;
use procession_sqlite::SqliteStore;
use procession_store_tests::{Settings, StoreUnderTest, conformance};
use tempfile::TempDir;

/// A file in a temporary folder.
struct Sqlite {
    folder: TempDir,
    settings: Settings,
    path: Mutex<PathBuf>,
    crashes: AtomicU32,
}

impl Sqlite {
    fn open(&self) -> SqliteStore {
        let Settings { partitions, max_payload_bytes } = self.settings;
        let options = SqliteStore::options().partitions(partitions).max_payload_bytes(max_payload_bytes);
        options.open(&*self.path.lock().unwrap()).unwrap()
    }
}

impl StoreUnderTest for Sqlite {
    type Store = SqliteStore;
    const IS_DURABLE: bool = true;

    async fn create(settings: Settings) -> (Self, SqliteStore) {
        let folder = tempfile::tempdir().unwrap();
        let path = Mutex::new(folder.path().join("store.db"));
        let it = Self { folder, settings, path, crashes: AtomicU32::new(0) };
        let store = it.open();
        (it, store)
    }

    async fn reopen(&self) -> SqliteStore {
        self.open()
    }

    /// Copies the files as they lie on the disk, with the log that was not moved into the main file yet, and opens
    /// the copy: that is what a process finds that starts after another has died.
    async fn crash(&self, store: SqliteStore) -> SqliteStore {
        // The writer answers in the order of the calls, so after this it writes nothing.
        store.acquire(Vec::new()).await.unwrap();
        let crash = self.crashes.fetch_add(1, Ordering::Relaxed);
        let folder = self.folder.path().join(format!("crash-{crash}"));
        fs::create_dir(&folder).unwrap();
        let from = std::mem::replace(&mut *self.path.lock().unwrap(), folder.join("store.db"));
        fs::copy(&from, folder.join("store.db")).unwrap();
        fs::copy(from.with_extension("db-wal"), folder.join("store.db-wal")).unwrap();
        self.open()
    }
}

conformance!(Sqlite);
