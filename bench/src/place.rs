use std::{path::PathBuf, sync::Arc};

use procession::{MemoryStore, Store, StoreAddress};
use procession_test_servers::Database;

use crate::{Failure, GroupCheckout as Job, StoreKind};

/// Where the processes of a run are durable.
pub(crate) enum Place {
    Memory(MemoryStore),
    Sqlite(PathBuf),
    Postgres { address: String, _thrown_away: Option<Database<'static>> },
}

impl Place {
    /// An empty one.
    pub(crate) fn of(job: &Job, file: PathBuf) -> Result<Self, Failure> {
        match (job.store, &job.database) {
            (StoreKind::Memory, _) if job.nodes > 1 => Ok(Self::Memory(MemoryStore::new().with_nodes())),
            (StoreKind::Memory, _) => Ok(Self::Memory(MemoryStore::new())),
            (StoreKind::Sqlite, _) if job.nodes > 1 => {
                Err("one process at a time works on an SQLite store".into())
            }
            (StoreKind::Sqlite, _) => Ok(Self::Sqlite(file)),
            (StoreKind::Postgres, Some(address)) => {
                Ok(Self::Postgres { address: address.clone(), _thrown_away: None })
            }
            (StoreKind::Postgres, None) => {
                let database = procession_test_servers::shared()?.database()?;
                let address = database.url().to_owned();
                Ok(Self::Postgres { address, _thrown_away: Some(database) })
            }
        }
    }

    /// Opens the store as one more node does.
    pub(crate) async fn open(&self) -> Result<Arc<dyn Store>, Failure> {
        match self {
            Self::Memory(store) => Ok(Arc::new(store.clone())),
            Self::Sqlite(file) => Ok(StoreAddress::Sqlite(file.clone()).open().await?),
            Self::Postgres { address, .. } => Ok(StoreAddress::Postgres(address.clone()).open().await?),
        }
    }

    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Memory(_) => "memory",
            Self::Sqlite(_) => "sqlite",
            Self::Postgres { .. } => "postgres",
        }
    }
}
