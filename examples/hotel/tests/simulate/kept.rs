use std::sync::Arc;

use procession::{
    Store,
    sqlite::SqliteStore,
    store::{Layer, Layered},
};
use tempfile::TempDir;

/// A store, and the folder that goes with it.
pub(crate) struct Kept {
    store: Arc<dyn Store>,
    _folder: TempDir,
}

impl Layer for Kept {
    fn below(&self) -> &Arc<dyn Store> {
        &self.store
    }
}

/// A new store in a file.
pub(crate) fn in_a_folder() -> Layered<Kept> {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path().join("hotel.db")).unwrap();
    Layered(Kept { store: Arc::new(store), _folder: folder })
}
