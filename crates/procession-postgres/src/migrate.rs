use tokio_postgres::{Client, Error, GenericClient};

use crate::{ConnectError, options::DEFAULT_PARTITIONS, server::Server, session::quoted};

/// The steps that lead to the schema, each applied once and never changed.
const STEPS: [&str; 5] = [
    include_str!("../migrations/0001_store.sql"),
    include_str!("../migrations/0002_commit.sql"),
    include_str!("../migrations/0003_nodes.sql"),
    include_str!("../migrations/0004_read_models.sql"),
    include_str!("../migrations/0005_archive.sql"),
];

/// What a schema is.
enum Found {
    Nothing,
    /// It came so far, and what is missing can be added.
    Steps(i32),
}

/// Creates the schema, or brings it to the format of this release. Several nodes may do so at once.
pub(crate) async fn bring_up(
    client: &mut Client,
    server: &Server,
    partitions: Option<u16>,
) -> Result<(), ConnectError> {
    if let Found::Steps(found) = look(client, server).await?
        && found == known()
    {
        return Ok(());
    }
    let failed = |error: Error| server.connect_error(&error);
    let transaction = client.transaction().await.map_err(failed)?;
    // A step may take its time, and who comes second waits for it.
    let patience = "SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = '10min'";
    transaction.batch_execute(patience).await.map_err(failed)?;
    let lock = "SELECT pg_advisory_xact_lock(hashtextextended('procession ' || $1, 0))";
    transaction.execute(lock, &[&server.schema]).await.map_err(failed)?;
    // Another node may have done it meanwhile.
    let found = match look(&transaction, server).await? {
        Found::Nothing => 0,
        Found::Steps(found) => found,
    };
    if found == 0 {
        create_schema(&transaction, server).await?;
    }
    for (number, step) in (1..).zip(STEPS).filter(|(number, _)| *number > found) {
        transaction.batch_execute(step).await.map_err(failed)?;
        let note = "INSERT INTO migration (number, checksum, release) VALUES ($1, sha256(convert_to($2, 'UTF8')), $3)";
        transaction.execute(note, &[&number, &step, &env!("CARGO_PKG_VERSION")]).await.map_err(failed)?;
    }
    if found == 0 {
        fill(&transaction, partitions.unwrap_or(DEFAULT_PARTITIONS)).await.map_err(failed)?;
    }
    transaction.commit().await.map_err(failed)
}

/// For those who create nothing: the store must be there, in the format of this release.
pub(crate) async fn must_be_there(client: &Client, server: &Server) -> Result<(), ConnectError> {
    let (server_name, known) = (server.name.clone(), known());
    match look(client, server).await? {
        Found::Nothing => Err(ConnectError::Missing { server: server_name }),
        Found::Steps(found) if found < known => {
            Err(ConnectError::TooOld { server: server_name, found, known })
        }
        Found::Steps(_) => Ok(()),
    }
}

fn known() -> i32 {
    i32::try_from(STEPS.len()).unwrap_or(i32::MAX)
}

/// Refuses what is not a store, or not one of this release, before anything is changed.
async fn look(client: &impl GenericClient, server: &Server) -> Result<Found, ConnectError> {
    let failed = |error: Error| server.connect_error(&error);
    let query = "SELECT relname = 'migration' FROM pg_class
        WHERE relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = $1) AND relkind IN ('r', 'p', 'v', 'm', 'f')";
    let tables = client.query(query, &[&server.schema]).await.map_err(failed)?;
    if tables.is_empty() {
        return Ok(Found::Nothing);
    }
    if !tables.iter().any(|row| row.get(0)) {
        let (server, reason) = (server.name.clone(), "the schema holds tables of something else".into());
        return Err(ConnectError::NotAStore { server, reason });
    }
    let sums = (1..).zip(STEPS).map(|(number, step): (i32, _)| (number, step));
    let (numbers, steps): (Vec<i32>, Vec<&str>) = sums.unzip();
    let query = format!(
        "SELECT done.number, coalesce(done.checksum = sha256(convert_to(known.step, 'UTF8')), true)
         FROM {}.migration AS done
         LEFT JOIN unnest($1::integer[], $2::text[]) AS known (number, step) ON known.number = done.number
         ORDER BY done.number",
        quoted(&server.schema)
    );
    let done = client.query(&query, &[&numbers, &steps]).await.map_err(failed)?;
    let found = done.last().map_or(0, |row| row.get(0));
    if found > known() {
        return Err(ConnectError::TooNew { server: server.name.clone(), found, known: known() });
    }
    match done.iter().find(|row| !row.get::<_, bool>(1)) {
        Some(row) => Err(ConnectError::Changed { server: server.name.clone(), number: row.get(0) }),
        None => Ok(Found::Steps(found)),
    }
}

async fn create_schema(client: &impl GenericClient, server: &Server) -> Result<(), ConnectError> {
    let schema = quoted(&server.schema);
    let failed = |error: Error| server.connect_error(&error);
    let query = "SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = $1)";
    let exists: bool = client.query_one(query, &[&server.schema]).await.map_err(failed)?.get(0);
    if !exists {
        client.batch_execute(&format!("CREATE SCHEMA {schema}")).await.map_err(failed)?;
    }
    // Each step of a release that has led to this schema, once.
    let table = "CREATE TABLE migration (
        number   integer PRIMARY KEY,
        checksum bytea NOT NULL,
        release  text NOT NULL,
        at       timestamptz NOT NULL DEFAULT clock_timestamp()
    )";
    client.batch_execute(table).await.map_err(failed)
}

async fn fill(client: &impl GenericClient, partitions: u16) -> Result<(), Error> {
    let partitions = i32::from(partitions);
    let setting = "INSERT INTO setting (name, value) VALUES ('partitions', $1::integer)";
    client.execute(setting, &[&partitions]).await?;
    let rows = "INSERT INTO partition (id) SELECT generate_series(0, $1::integer - 1)";
    client.execute(rows, &[&partitions]).await?;
    // What tells the store from all others, for ever.
    let id = "INSERT INTO note (name, text) VALUES ('store_id', replace(gen_random_uuid()::text, '-', ''))";
    client.execute(id, &[]).await.map(drop)
}
