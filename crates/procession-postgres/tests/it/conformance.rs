use std::sync::Arc;

use procession_postgres::{PostgresOptions, PostgresStore};
use procession_runtime::{
    Store,
    store::{Layer, Layered},
};
use procession_store_tests::{Settings, StoreUnderTest, conformance};

use crate::lent::Lent;

/// A store on the server that all cases share.
struct Postgres {
    database: Lent,
    settings: Settings,
}

/// Nothing but the store, without its nodes: the suite's runtimes have it for their own.
#[derive(Clone)]
struct Alone(Arc<dyn Store>);

impl Layer for Alone {
    fn below(&self) -> &Arc<dyn Store> {
        &self.0
    }
}

impl Postgres {
    async fn connect(&self) -> Layered<Alone> {
        let Settings { partitions, max_payload_bytes } = self.settings;
        let options: PostgresOptions = PostgresStore::options();
        let options = options.partitions(partitions).max_payload_bytes(max_payload_bytes).connections(3);
        let store = options.connect(&self.database.url()).await.unwrap();
        Layered(Alone(Arc::new(store)))
    }
}

impl StoreUnderTest for Postgres {
    type Store = Layered<Alone>;
    const IS_DURABLE: bool = true;

    async fn create(settings: Settings) -> (Self, Self::Store) {
        let it = Self { database: Lent::new(), settings };
        let store = it.connect().await;
        (it, store)
    }

    async fn reopen(&self) -> Self::Store {
        self.connect().await
    }

    /// The server ends the connections, as it does when their process has died.
    async fn crash(&self, store: Self::Store) -> Self::Store {
        self.database.cut_connections();
        drop(store);
        self.connect().await
    }

    async fn disturb(&self) {
        self.database.cut_connections();
    }
}

conformance!(Postgres);
