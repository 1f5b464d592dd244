//! Pieces of processes leave the log.

use procession_core::log::{Position, ProcessId};
use procession_runtime::{
    StoreError,
    store::{Archived, Batch, ToArchive},
};
use rusqlite::{Connection, Result as SqlResult, Row, params};

use crate::{error::store_error, rows};

/// What is not kept of a piece, found along the spans of its process. Events are 1, public events 7.
const PIECE: &str = "SELECT log.position FROM process_span AS span
    CROSS JOIN log ON log.position BETWEEN max(span.first, ?2) AND min(span.last, ?3) AND log.process = span.process
    WHERE span.process = ?1 AND log.kind NOT IN (1, 7)";

pub(crate) fn archive(connection: &Connection, batch: &Batch, head: Position) -> Result<(), StoreError> {
    for it in &batch.archived {
        let found = to_archive(connection, it, head).map_err(store_error)?;
        it.check(found)?;
        take_out(connection, it).map_err(store_error)?;
    }
    Ok(())
}

fn to_archive(connection: &Connection, it: &Archived, head: Position) -> SqlResult<ToArchive> {
    let waits = "SELECT EXISTS (SELECT 1 FROM parked WHERE process = ?1) OR EXISTS (SELECT 1 FROM call WHERE process = ?1)
        OR EXISTS (SELECT 1 FROM timer WHERE process = ?1) OR EXISTS (SELECT 1 FROM hold WHERE process = ?1)";
    // Read models that are read are 2, live, and 3, inline.
    let handled = "SELECT min(checkpoint) FROM (
        SELECT checkpoint FROM partition UNION ALL SELECT checkpoint FROM generation WHERE state IN (2, 3))";
    let entries = format!("SELECT count(*) FROM ({PIECE})");
    Ok(ToArchive {
        waits: connection.prepare_cached(waits)?.query_row([it.process.0], |row| row.get(0))?,
        handled: connection.prepare_cached(handled)?.query_row([], |row| row.get(0).map(Position))?,
        head,
        entries: connection.prepare_cached(&entries)?.query_row(piece(it), |row| row.get(0))?,
    })
}

fn take_out(connection: &Connection, it: &Archived) -> SqlResult<()> {
    let delete = format!("DELETE FROM log WHERE position IN ({PIECE})");
    connection.prepare_cached(&delete)?.execute(piece(it))?;
    let insert = "INSERT INTO archived (process, first, last, entries, digest, file, at)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    let Archived { process, first, last, entries, digest, file, at } = it;
    let row = params![process.0, first.0, last.0, entries, digest, file, at.as_microsecond()];
    connection.prepare_cached(insert)?.execute(row).map(drop)
}

fn piece(it: &Archived) -> (u64, u64, u64) {
    (it.process.0, it.first.0, it.last.0)
}

/// Pieces that are archived, after one.
pub(crate) fn archived(connection: &Connection, after: (i64, i64), limit: i64) -> SqlResult<Vec<Archived>> {
    let query = "SELECT process, first, last, entries, digest, file, at FROM archived
        WHERE (process, first) > (?1, ?2) ORDER BY process, first LIMIT ?3";
    connection.prepare_cached(query)?.query_map((after.0, after.1, limit), row)?.collect()
}

fn row(row: &Row<'_>) -> SqlResult<Archived> {
    Ok(Archived {
        process: ProcessId(row.get(0)?),
        first: Position(row.get(1)?),
        last: Position(row.get(2)?),
        entries: row.get(3)?,
        digest: row.get(4)?,
        file: row.get(5)?,
        at: rows::timestamp(row, 6)?,
    })
}
