//! The bare rows that the job cannot do without, with the same durability and nothing around them.

use std::{path::Path, time::Instant};

use rusqlite::{Connection, params};

use crate::Failure;

/// Rows for this many guests are committed together.
const GUESTS_PER_COMMIT: u32 = 500;

/// Per guest a command, an event, a command and an event, with the indexes that reading a stream and a partition
/// needs. Returns guests per second.
pub(crate) fn guests_per_s(folder: &Path, groups: u32, guests: u32) -> Result<f64, Failure> {
    let path = folder.join("raw.db");
    let mut connection = Connection::open(&path)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "cache_size", -32_768)?;
    connection.pragma_update(None, "wal_autocheckpoint", 8192)?;
    connection.execute_batch(
        "CREATE TABLE log (position INTEGER PRIMARY KEY, partition INTEGER NOT NULL, kind INTEGER NOT NULL,
             stream INTEGER NOT NULL, version INTEGER, type INTEGER NOT NULL, payload TEXT NOT NULL,
             correlation INTEGER NOT NULL, causation INTEGER, at INTEGER NOT NULL) STRICT;
         CREATE UNIQUE INDEX log_by_stream ON log (stream, version) WHERE version IS NOT NULL;
         CREATE INDEX log_by_partition ON log (partition, position);",
    )?;
    let total = groups * guests;
    let start = Instant::now();
    let mut next = 0;
    while next < total {
        let end = (next + GUESTS_PER_COMMIT).min(total);
        let transaction = connection.transaction()?;
        {
            let mut insert = transaction
                .prepare_cached("INSERT INTO log VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)")?;
            for guest in next..end {
                let group = guest / guests;
                let (stay, stream) = (i64::from(guest), i64::from(total + group));
                let position = i64::from(guest) * 4;
                let rows = [
                    (stay, 2, None),
                    (stay, 1, Some(4)),
                    (stream, 2, None),
                    (stream, 1, Some(guest % guests + 2)),
                ];
                for (offset, (stream, kind, version)) in (1_i64..).zip(rows) {
                    let position = position + offset;
                    let payload = payload(group, guest);
                    insert.execute(params![
                        position,
                        stream % 16,
                        kind,
                        stream,
                        version,
                        offset,
                        payload,
                        group,
                        position - 1,
                        1_700_000_000_000_000_i64 + position
                    ])?;
                }
            }
        }
        transaction.commit()?;
        next = end;
    }
    Ok(f64::from(total) / start.elapsed().as_secs_f64())
}

/// As long as the messages of the job: about 100 bytes.
fn payload(group: u32, guest: u32) -> String {
    format!(
        r#"{{"guest_stay":"stay-{guest:08}","group_checkout":"group-{group:08}","at":"2026-11-23T10:00:00.000000Z"}}"#
    )
}
