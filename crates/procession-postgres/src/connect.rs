use std::sync::Arc;

use tokio_postgres::{Client, Error};

use crate::{
    ConnectError, PostgresOptions, PostgresStore,
    encode::Shape,
    known::Known,
    listen::Listener,
    migrate,
    pulse::Pulse,
    read::Readers,
    server::{Link, Server},
    session,
    writer::{Role, Writer},
};

/// The oldest server that has all that is used of it, as it numbers itself.
const OLDEST_SERVER: i32 = 140_000;

pub(crate) async fn connect(address: &str, options: PostgresOptions) -> Result<PostgresStore, ConnectError> {
    let server = Server::of(address, &options)?;
    let mut client = first_connection(&server).await?;
    check_writable(&client, &server).await?;
    let failed = |error: Error| server.connect_error(&error);
    session::begin(&client, &server.schema).await.map_err(failed)?;
    session::check_durable(&client, &server).await?;
    migrate::bring_up(&mut client, &server, options.partitions).await?;
    start(server, client, &options, Role::Node).await
}

pub(crate) async fn connect_beside(
    address: &str,
    options: PostgresOptions,
) -> Result<PostgresStore, ConnectError> {
    let server = Server::of(address, &options)?;
    let client = first_connection(&server).await?;
    check_writable(&client, &server).await?;
    let failed = |error: Error| server.connect_error(&error);
    session::begin(&client, &server.schema).await.map_err(failed)?;
    session::check_durable(&client, &server).await?;
    migrate::must_be_there(&client, &server).await?;
    start(server, client, &options, Role::Beside).await
}

pub(crate) async fn connect_read_only(
    address: &str,
    options: PostgresOptions,
) -> Result<PostgresStore, ConnectError> {
    let server = Server::of(address, &options)?;
    let client = first_connection(&server).await?;
    let failed = |error: Error| server.connect_error(&error);
    client.batch_execute(&session::setup(&server.schema)).await.map_err(failed)?;
    migrate::must_be_there(&client, &server).await?;
    let partitions = stored_partitions(&client, &server, options.partitions).await?;
    let shape = Shape { partitions, max_payload_bytes: options.max_payload_bytes };
    let known = Known::new();
    let readers = Readers::new(&server, known, options.connections)?;
    Ok(PostgresStore::new(server, shape, readers, None, None, None))
}

async fn first_connection(server: &Server) -> Result<Link, ConnectError> {
    let client = server.connect().await.map_err(|error| error.connect_error(server))?;
    let query = "SELECT current_setting('server_version_num')::integer, current_setting('server_version')";
    let row = client.query_one(query, &[]).await.map_err(|error| server.connect_error(&error))?;
    if row.get::<_, i32>(0) < OLDEST_SERVER {
        return Err(ConnectError::OldServer { server: server.name.clone(), found: row.get(1) });
    }
    Ok(client)
}

async fn check_writable(client: &Client, server: &Server) -> Result<(), ConnectError> {
    let query = "SELECT pg_is_in_recovery(), current_setting('transaction_read_only') = 'on'";
    let row = client.query_one(query, &[]).await.map_err(|error| server.connect_error(&error))?;
    let reason = match (row.get(0), row.get(1)) {
        (true, _) => "it is a standby, which follows another server",
        (false, true) => "its transactions are read only by default",
        (false, false) => return Ok(()),
    };
    Err(ConnectError::ReadOnlyServer { server: server.name.clone(), reason: reason.into() })
}

async fn stored_partitions(
    client: &Client,
    server: &Server,
    asked: Option<u16>,
) -> Result<u16, ConnectError> {
    let query = "SELECT value FROM setting WHERE name = 'partitions'";
    let found = client.query_opt(query, &[]).await.map_err(|error| server.connect_error(&error))?;
    let found = found.and_then(|row| u16::try_from(row.get::<_, i64>(0)).ok());
    let server = || server.name.clone();
    let lost =
        || ConnectError::NotAStore { server: server(), reason: "its number of partitions is missing".into() };
    let found = found.ok_or_else(lost)?;
    match asked {
        Some(asked) if asked != found => Err(ConnectError::Partitions { server: server(), found, asked }),
        _ => Ok(found),
    }
}

async fn start(
    server: Arc<Server>,
    client: Link,
    options: &PostgresOptions,
    role: Role,
) -> Result<PostgresStore, ConnectError> {
    let partitions = stored_partitions(&client, &server, options.partitions).await?;
    let shape = Shape { partitions, max_payload_bytes: options.max_payload_bytes };
    let known = Known::new();
    let readers = Readers::new(&server, known.clone(), options.connections)?;
    let listener = Listener::new();
    let writer = Writer::begin(&server, client, shape, known, readers.clone(), &listener, role).await?;
    listener.start(server.clone());
    let pulse = (role == Role::Node).then(|| Pulse::new(server.clone(), writer.id()));
    Ok(PostgresStore::new(server, shape, readers, Some(writer.start()), Some(listener), pulse))
}
