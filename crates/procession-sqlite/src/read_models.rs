//! Read models, as they are read.

use std::sync::Arc;

use procession_core::log::Position;
use procession_runtime::store::{
    Generation, GenerationState, KeyRange, ParkedStream, ProjectionStanding, Projections, Row, RowsOf,
};
use rusqlite::{Connection, OptionalExtension, Result as SqlResult, params};

use crate::{apply_read_models::epoch, rows};

pub(crate) fn state_number(state: GenerationState) -> i64 {
    match state {
        GenerationState::Building => 1,
        GenerationState::Live => 2,
        GenerationState::Inline => 3,
        GenerationState::Retired => 4,
    }
}

fn state_of(number: i64) -> SqlResult<GenerationState> {
    match number {
        1 => Ok(GenerationState::Building),
        2 => Ok(GenerationState::Live),
        3 => Ok(GenerationState::Inline),
        4 => Ok(GenerationState::Retired),
        other => Err(rows::damaged(3, format!("{other} is no state of a read model").into())),
    }
}

pub(crate) fn projections(connection: &Connection) -> SqlResult<Projections> {
    let transaction = connection.unchecked_transaction()?;
    let query = "SELECT projection, number, version, state, checkpoint,
               (SELECT count(*) FROM parked_stream WHERE generation = generation.id)
        FROM generation ORDER BY projection, number";
    let standing = |row: &rusqlite::Row<'_>| {
        Ok(ProjectionStanding {
            generation: Generation { projection: row.get::<_, String>(0)?.into(), number: row.get(1)? },
            version: row.get(2)?,
            state: state_of(row.get(3)?)?,
            checkpoint: Position(row.get(4)?),
            parked: row.get(5)?,
        })
    };
    let generations =
        transaction.prepare_cached(query)?.query_map([], standing)?.collect::<SqlResult<_>>()?;
    Ok(Projections { epoch: epoch(&transaction)?, generations })
}

pub(crate) fn rows(connection: &Connection, of: &RowsOf, keys: &[String]) -> SqlResult<Vec<Option<Row>>> {
    let transaction = connection.unchecked_transaction()?;
    let Some(generation) = generation(&transaction, of)? else { return Ok(vec![None; keys.len()]) };
    let query = "SELECT value, revision FROM read_model_row WHERE generation = ?1 AND key = ?2";
    let mut query = transaction.prepare_cached(query)?;
    keys.iter().map(|key| query.query_row((generation, key), |it| row(it, 0)).optional()).collect()
}

pub(crate) fn scan(
    connection: &Connection,
    of: &RowsOf,
    range: &KeyRange,
    limit: i64,
) -> SqlResult<Vec<(String, Row)>> {
    let transaction = connection.unchecked_transaction()?;
    let Some(generation) = generation(&transaction, of)? else { return Ok(Vec::new()) };
    let query = "SELECT key, value, revision FROM read_model_row
        WHERE generation = ?1 AND key >= ?2 AND (NOT ?3 OR key > ?2) AND (?4 IS NULL OR key < ?4)
        ORDER BY key LIMIT ?5";
    let params = params![generation, range.from, range.is_after, range.to, limit];
    let mut query = transaction.prepare_cached(query)?;
    query.query_map(params, |it| Ok((it.get(0)?, row(it, 1)?)))?.collect()
}

pub(crate) fn parked_streams(
    connection: &Connection,
    generation: &Generation,
    limit: i64,
) -> SqlResult<Vec<ParkedStream>> {
    let query =
        "SELECT stream.category, stream.key, parked_stream.position, parked_stream.cause, parked_stream.at
        FROM generation
        JOIN parked_stream ON parked_stream.generation = generation.id
        JOIN stream ON stream.id = parked_stream.stream
        WHERE generation.projection = ?1 AND generation.number = ?2
        ORDER BY stream.category, stream.key LIMIT ?3";
    let parked = |row: &rusqlite::Row<'_>| {
        Ok(ParkedStream {
            generation: generation.clone(),
            stream: rows::stream(row, 0)?,
            position: Position(row.get(2)?),
            cause: row.get(3)?,
            at: rows::timestamp(row, 4)?,
        })
    };
    let mut query = connection.prepare_cached(query)?;
    query.query_map(params![&*generation.projection, generation.number, limit], parked)?.collect()
}

fn generation(connection: &Connection, of: &RowsOf) -> SqlResult<Option<i64>> {
    let query = "SELECT id FROM generation
        WHERE projection = ?1 AND CASE WHEN ?2 IS NULL THEN state IN (2, 3) ELSE number = ?2 END";
    let mut query = connection.prepare_cached(query)?;
    query.query_row(params![&*of.projection, of.number], |row| row.get(0)).optional()
}

fn row(row: &rusqlite::Row<'_>, column: usize) -> SqlResult<Row> {
    let value: Arc<str> = row.get::<_, String>(column)?.into();
    Ok(Row { value, revision: row.get(column + 1)? })
}
