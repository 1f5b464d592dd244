//! The bare rows in PostgreSQL, over two connections, as durable as the store.

use std::time::Instant;

use tokio::task::JoinSet;
use tokio_postgres::{Client, NoTls, Statement};

use crate::{
    Failure,
    raw::{GUESTS_PER_COMMIT, payload},
};

const CONNECTIONS: u32 = 2;

/// As lean as [`raw`](crate::raw) on SQLite, with the same indexes.
const SCHEMA: &str = "
    DROP TABLE IF EXISTS raw_log;
    CREATE TABLE raw_log (
        position bigint PRIMARY KEY, partition smallint NOT NULL, kind smallint NOT NULL, stream bigint NOT NULL,
        version bigint, type integer NOT NULL, payload text NOT NULL, correlation bigint NOT NULL, causation bigint,
        at bigint NOT NULL
    );
    CREATE UNIQUE INDEX raw_log_by_stream ON raw_log (stream, version) WHERE version IS NOT NULL;
    CREATE INDEX raw_log_by_partition ON raw_log (partition, position);";

const INSERT: &str = "
    INSERT INTO raw_log
    SELECT * FROM unnest($1::bigint[], $2::smallint[], $3::smallint[], $4::bigint[], $5::bigint[], $6::integer[],
                         $7::text[], $8::bigint[], $9::bigint[], $10::bigint[])";

/// Writes the rows, and returns how many guests that were in a second.
pub(crate) async fn guests_per_s(address: &str, groups: u32, guests: u32) -> Result<f64, Failure> {
    let client = connect(address).await?;
    client.batch_execute(SCHEMA).await?;
    let mut writers = Vec::new();
    for _ in 0..CONNECTIONS {
        let client = connect(address).await?;
        writers.push((client.prepare(INSERT).await?, client));
    }
    let total = groups * guests;
    let (start, mut writing) = (Instant::now(), JoinSet::new());
    for (writer, (insert, client)) in (0..).zip(writers) {
        writing.spawn(async move {
            let batches = (0..total).step_by(GUESTS_PER_COMMIT as usize);
            for first in batches.skip(writer).step_by(CONNECTIONS as usize) {
                let some = first..total.min(first + GUESTS_PER_COMMIT);
                write(&client, &insert, some, guests, total).await?;
            }
            Ok::<(), tokio_postgres::Error>(())
        });
    }
    while let Some(written) = writing.join_next().await {
        written??;
    }
    let seconds = start.elapsed().as_secs_f64();
    client.batch_execute("DROP TABLE raw_log").await?;
    Ok(f64::from(total) / seconds)
}

async fn connect(address: &str) -> Result<Client, Failure> {
    let (client, connection) = tokio_postgres::connect(address, NoTls).await?;
    // Its errors are those of the client.
    tokio::spawn(async move { _ = connection.await });
    Ok(client)
}

#[derive(Default)]
struct Columns {
    positions: Vec<i64>,
    partitions: Vec<i16>,
    kinds: Vec<i16>,
    streams: Vec<i64>,
    versions: Vec<Option<i64>>,
    types: Vec<i32>,
    payloads: Vec<String>,
    correlations: Vec<i64>,
    causations: Vec<i64>,
    times: Vec<i64>,
}

async fn write(
    client: &Client,
    insert: &Statement,
    some: std::ops::Range<u32>,
    guests: u32,
    total: u32,
) -> Result<(), tokio_postgres::Error> {
    let mut it = Columns::default();
    for guest in some {
        let (stay, group) = (i64::from(guest), guest / guests);
        let checkout = i64::from(total + group);
        // The stay has three events from before, the group the one that began it.
        let (left, answered) = (Some(4), Some(i64::from(guest % guests) + 2));
        let rows = [(stay, 2, None), (stay, 1, left), (checkout, 2, None), (checkout, 1, answered)];
        for (offset, (stream, kind, version)) in (1..).zip(rows) {
            let position = i64::from(guest) * 4 + i64::from(offset);
            it.positions.push(position);
            it.partitions.push((stream % 16) as i16);
            it.kinds.push(kind);
            it.streams.push(stream);
            it.versions.push(version);
            it.types.push(offset);
            it.payloads.push(payload(group, guest));
            it.correlations.push(i64::from(group));
            it.causations.push(position - 1);
            it.times.push(1_700_000_000_000_000 + position);
        }
    }
    let columns: [&(dyn tokio_postgres::types::ToSql + Sync); 10] = [
        &it.positions,
        &it.partitions,
        &it.kinds,
        &it.streams,
        &it.versions,
        &it.types,
        &it.payloads,
        &it.correlations,
        &it.causations,
        &it.times,
    ];
    client.execute(insert, &columns).await.map(drop)
}
