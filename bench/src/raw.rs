//! The bare rows that the job cannot do without, with the same durability and nothing around them.

use std::{path::Path, time::Instant};

use rusqlite::{Connection, Transaction, params};

use crate::{Failure, place::Place, raw_postgres};

/// Rows for this many guests are committed together.
pub(crate) const GUESTS_PER_COMMIT: u32 = 500;

/// Per guest a command, an event, a command and an event, with the two indexes that reading a stream and a partition
/// needs, in the leanest table that can hold them: every name is a number.
const SCHEMA: &str = "
    CREATE TABLE log (
        position INTEGER PRIMARY KEY, partition INTEGER NOT NULL, kind INTEGER NOT NULL, stream INTEGER NOT NULL,
        version INTEGER, type INTEGER NOT NULL, payload TEXT NOT NULL, correlation INTEGER NOT NULL,
        causation INTEGER, at INTEGER NOT NULL
    ) STRICT;
    CREATE UNIQUE INDEX log_by_stream ON log (stream, version) WHERE version IS NOT NULL;
    CREATE INDEX log_by_partition ON log (partition, position);";

/// The job as bare rows.
pub(crate) struct Raw<'a> {
    pub(crate) folder: &'a Path,
    pub(crate) groups: u32,
    pub(crate) guests: u32,
}

impl Raw<'_> {
    /// Writes the rows into a new table, and returns how many guests that were in a second.
    pub(crate) async fn guests_per_s(&self, place: &Place) -> Result<f64, Failure> {
        match place {
            Place::Postgres { address, .. } => {
                raw_postgres::guests_per_s(address, self.groups, self.guests).await
            }
            Place::Memory(_) | Place::Sqlite(_) => self.guests_per_s_on_sqlite(),
        }
    }

    fn guests_per_s_on_sqlite(&self) -> Result<f64, Failure> {
        let folder = tempfile::tempdir_in(self.folder)?;
        let mut connection = open(&folder.path().join("raw.db"))?;
        let total = self.groups * self.guests;
        let start = Instant::now();
        for first in (0..total).step_by(GUESTS_PER_COMMIT as usize) {
            let transaction = connection.transaction()?;
            for guest in first..total.min(first + GUESTS_PER_COMMIT) {
                self.write_guest(&transaction, guest)?;
            }
            transaction.commit()?;
        }
        Ok(f64::from(total) / start.elapsed().as_secs_f64())
    }

    fn write_guest(&self, transaction: &Transaction<'_>, guest: u32) -> Result<(), Failure> {
        let insert = "INSERT INTO log VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
        let mut insert = transaction.prepare_cached(insert)?;
        let (group, total) = (guest / self.guests, self.groups * self.guests);
        let (stay, checkout) = (guest, total + group);
        // The stay has three events from before, the group the one that began it.
        let (stay_version, checkout_version) = (Some(4), Some(guest % self.guests + 2));
        let rows =
            [(stay, 2, None), (stay, 1, stay_version), (checkout, 2, None), (checkout, 1, checkout_version)];
        for (offset, (stream, kind, version)) in (1..).zip(rows) {
            let position = u64::from(guest) * 4 + offset;
            let at = 1_700_000_000_000_000 + position;
            let (partition, payload) = (stream % 16, payload(group, guest));
            insert.execute(params![
                position,
                partition,
                kind,
                stream,
                version,
                offset,
                payload,
                group,
                position - 1,
                at
            ])?;
        }
        Ok(())
    }
}

/// As durable as the store, with the same cache.
fn open(path: &Path) -> Result<Connection, Failure> {
    let connection = Connection::open(path)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "cache_size", -32_768)?;
    connection.pragma_update(None, "wal_autocheckpoint", 8192)?;
    connection.execute_batch(SCHEMA)?;
    Ok(connection)
}

/// As long as the messages of the job.
pub(crate) fn payload(group: u32, guest: u32) -> String {
    format!(
        r#"{{"guest_stay":"stay-{guest:08}","group_checkout":"group-{group:08}","at":"2026-11-23T10:00:00.000000Z"}}"#
    )
}
