use procession_postgres::PostgresStore;
use procession_store_tests::{Settings, SharedStoreUnderTest, conformance_of_nodes};

use crate::lent::Lent;

/// A store that several nodes are connected to.
struct Postgres {
    database: Lent,
    settings: Settings,
}

impl SharedStoreUnderTest for Postgres {
    type Store = PostgresStore;

    async fn create(settings: Settings) -> Self {
        Self { database: Lent::new(), settings }
    }

    async fn open(&self) -> PostgresStore {
        let Settings { partitions, max_payload_bytes } = self.settings;
        let options = PostgresStore::options().partitions(partitions).max_payload_bytes(max_payload_bytes);
        options.connections(3).connect(&self.database.url()).await.unwrap()
    }
}

conformance_of_nodes!(Postgres);
