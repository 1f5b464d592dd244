//! What operators ask a store for.

use procession_core::log::{Position, ProcessId, Recorded};
use procession_runtime::store::{Parked, ParkedOf, ProcessExtent, Timer, TimersOf};
use rusqlite::{Connection, Result as SqlResult, Row, params};

use crate::rows;

pub(crate) const NEWEST_PROCESS: &str = "SELECT max(process) FROM process_span WHERE process < ?1";

/// The columns that [`extent`] reads.
pub(crate) const EXTENT: &str = "SELECT process, last, messages,
           (SELECT count(*) FROM timer WHERE timer.process = process_span.process)
    FROM process_span WHERE process = ?1 ORDER BY first DESC LIMIT 1";

pub(crate) fn extent(row: &Row<'_>) -> SqlResult<ProcessExtent> {
    let (process, last) = (ProcessId(row.get(0)?), Position(row.get(1)?));
    Ok(ProcessExtent { process, last, messages: row.get(2)?, timers: row.get(3)? })
}

/// The newest events of the streams of a category that have not ended.
pub(crate) fn open_streams(
    connection: &Connection,
    category: &str,
    ends: &[String],
    after: Option<&str>,
    limit: i64,
) -> SqlResult<Vec<Recorded>> {
    let query = format!(
        "{} WHERE stream.category = ?1 AND (?2 IS NULL OR stream.key > ?2)
         AND log.version = (SELECT max(version) FROM log WHERE stream = stream.id AND version IS NOT NULL)
         AND message_type.name NOT IN (SELECT value FROM json_each(?3))
         ORDER BY stream.key LIMIT ?4",
        rows::STREAMS_FIRST
    );
    let ends = serde_json::Value::from(ends).to_string();
    let mut query = connection.prepare_cached(&query)?;
    query.query_map(params![category, after, ends, limit], rows::recorded)?.collect()
}

pub(crate) fn parked(connection: &Connection, of: &ParkedOf, limit: i64) -> SqlResult<Vec<Parked>> {
    const IN_ORDER: &str = "ORDER BY parked.position, parked.handler LIMIT ?1";
    let select = rows::PARKED;
    match of {
        ParkedOf::Everything => {
            let mut query = connection.prepare_cached(&format!("{select} {IN_ORDER}"))?;
            query.query_map([limit], rows::parked)?.collect()
        }
        ParkedOf::After(last) => {
            let query = format!("{select} WHERE (parked.position, parked.handler) > (?2, ?3) {IN_ORDER}");
            let mut query = connection.prepare_cached(&query)?;
            query.query_map((limit, last.position.0, &*last.handler), rows::parked)?.collect()
        }
        ParkedOf::Process(process) => {
            let query = format!("{select} WHERE parked.process = ?2 {IN_ORDER}");
            let mut query = connection.prepare_cached(&query)?;
            query.query_map((limit, process.0), rows::parked)?.collect()
        }
        ParkedOf::ProcessAfter(process, last) => {
            let query = format!(
                "{select} WHERE parked.process = ?2 AND (parked.position, parked.handler) > (?3, ?4) {IN_ORDER}"
            );
            let mut query = connection.prepare_cached(&query)?;
            query.query_map((limit, process.0, last.position.0, &*last.handler), rows::parked)?.collect()
        }
        ParkedOf::Stream { handler, stream } => {
            let query = format!(
                "{select} WHERE stream.category = ?2 AND stream.key = ?3 AND parked.handler = ?4 {IN_ORDER}"
            );
            let mut query = connection.prepare_cached(&query)?;
            query.query_map((limit, stream.category(), stream.id(), handler), rows::parked)?.collect()
        }
    }
}

pub(crate) fn timers(connection: &Connection, of: TimersOf, limit: i64) -> SqlResult<Vec<Timer>> {
    let (select, in_order) = (rows::TIMERS, rows::TIMERS_IN_ORDER);
    match of {
        TimersOf::After(after) => {
            let (due, id) = after.map_or((i64::MIN, 0), |(due, id)| (due.as_microsecond(), id.0));
            let query = format!("{select} WHERE (timer.due, timer.id) > (?1, ?3) {in_order}");
            connection.prepare_cached(&query)?.query_map((due, limit, id), rows::timer)?.collect()
        }
        TimersOf::Process(process) => {
            let query = format!("{select} WHERE timer.process = ?1 {in_order}");
            connection.prepare_cached(&query)?.query_map((process.0, limit), rows::timer)?.collect()
        }
        TimersOf::Id(id) => {
            let query = format!("{select} WHERE timer.id = ?1 {in_order}");
            connection.prepare_cached(&query)?.query_map((id.0, limit), rows::timer)?.collect()
        }
    }
}
