use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use procession_runtime::{StoreError, store::Answer};
use rusqlite::{Connection, Result as SqlResult};

use crate::{error::store_error, fault_points::FaultPoint, open::open_reader};

/// Connections that read beside the writer, each used by one reader at a time.
#[derive(Clone)]
pub(crate) struct Readers {
    path: Arc<PathBuf>,
    idle: Arc<Mutex<Vec<Connection>>>,
}

/// More readers than this at once open connections that are closed again afterwards.
const MOST_IDLE: usize = 8;

impl Readers {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self { path: Arc::new(path), idle: Arc::default() }
    }

    /// Reads on a thread that may block.
    pub(crate) fn read<T: Send + 'static>(
        &self,
        query: impl FnOnce(&Connection) -> SqlResult<T> + Send + 'static,
    ) -> Answer<T> {
        let readers = self.clone();
        let reading = tokio::task::spawn_blocking(move || readers.run(query).map_err(store_error));
        Box::pin(async move {
            let broken = |error| StoreError::Permanent(format!("a read has died: {error}"));
            reading.await.unwrap_or_else(|error| Err(broken(error)))
        })
    }

    fn run<T>(&self, query: impl FnOnce(&Connection) -> SqlResult<T>) -> SqlResult<T> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let connection = idle.map_or_else(|| open_reader(&self.path), Ok)?;
        FaultPoint::ReadBegun.pass();
        let result = query(&connection);
        FaultPoint::ReadDone.pass();
        self.give_back(connection);
        result
    }

    pub(crate) fn give_back(&self, connection: Connection) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < MOST_IDLE {
            idle.push(connection);
        }
    }

    /// Closes what is idle, so that the file is not held.
    pub(crate) fn close(&self) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}
