use procession_postgres::{PostgresOptions, PostgresStore};
use procession_test_servers::{Database, Postgres, shared};
use tokio_postgres::{Client, NoTls};

/// An empty database, on a server that all tests share or on one of its own.
pub(crate) fn database() -> Database<'static> {
    shared().unwrap().database().unwrap()
}

/// Few connections, because many tests share a server.
pub(crate) fn options() -> PostgresOptions {
    PostgresStore::options().partitions(4).connections(2)
}

pub(crate) async fn open(url: &str) -> PostgresStore {
    options().connect(url).await.unwrap()
}

/// A server that something happens to, and a store on it. The server is given up for good: its end is that of the process.
pub(crate) async fn on_a_server_of_its_own() -> (&'static Postgres, Database<'static>, PostgresStore) {
    let server: &'static Postgres = Box::leak(Box::new(Postgres::start().unwrap()));
    let database = server.database().unwrap();
    let store = open(&database.url()).await;
    (server, database, store)
}

/// A connection of somebody else, who may do everything.
pub(crate) async fn stranger(database: &Database<'_>) -> Client {
    client(&database.superuser_url()).await
}

pub(crate) async fn client(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}
