//! What a batch changes in read models becomes rows.

use std::collections::HashMap;

use procession_core::log::Position;
use procession_runtime::{
    StoreError,
    store::{
        Becomes, Conflict, Generation, GenerationChange, NewParkedStream, ProjectionMove, ReadModelChanges,
        RowChange,
    },
};
use rusqlite::{Connection, OptionalExtension, Result as SqlResult, params};

use crate::{apply::Applier, error::store_error, read_models::state_number};

/// The rows of the table `generation` that a batch is about.
type Ids<'a> = HashMap<&'a Generation, i64>;

impl Applier {
    pub(crate) fn change_read_models(
        &mut self,
        connection: &Connection,
        changes: &ReadModelChanges,
        after: Position,
        head: Position,
    ) -> Result<(), StoreError> {
        if let Some(expected) = changes.epoch {
            check_epoch(connection, expected)?;
        }
        if changes.is_empty() {
            return Ok(());
        }
        changes.generations.iter().try_for_each(|it| change_generation(connection, it))?;
        let mut ids = Ids::new();
        changes.moves.iter().try_for_each(|it| move_checkpoint(connection, it, head, &mut ids))?;
        changes.rows.iter().try_for_each(|it| change_row(connection, it, &mut ids))?;
        for (generation, stream) in &changes.released {
            let (id, stream) =
                (id_of(connection, generation, &mut ids)?, self.stream(connection, stream)?.id);
            let delete = "DELETE FROM parked_stream WHERE generation = ?1 AND stream = ?2";
            execute(connection, delete, (id, stream))?;
        }
        changes.parked.iter().try_for_each(|it| self.park_stream(connection, it, after, &mut ids))?;
        if changes.raises_epoch() {
            let raise = "INSERT INTO setting (name, value) VALUES ('read_model_epoch', 1)
                ON CONFLICT (name) DO UPDATE SET value = value + 1";
            execute(connection, raise, ())?;
        }
        Ok(())
    }

    fn park_stream<'a>(
        &mut self,
        connection: &Connection,
        it: &'a NewParkedStream,
        after: Position,
        ids: &mut Ids<'a>,
    ) -> Result<(), StoreError> {
        let (id, stream) = (id_of(connection, &it.generation, ids)?, self.stream(connection, &it.stream)?.id);
        let insert = "INSERT OR REPLACE INTO parked_stream (generation, stream, position, cause, at)
            VALUES (?1, ?2, ?3, ?4, ?5)";
        let row = params![id, stream, it.first.resolve(after).0, it.cause, it.at.as_microsecond()];
        execute(connection, insert, row).map(drop)
    }
}

pub(crate) fn acquire_projection(connection: &Connection, projection: &str) -> SqlResult<u64> {
    let raise = "INSERT INTO projection (name, token) VALUES (?1, 1)
        ON CONFLICT (name) DO UPDATE SET token = token + 1 RETURNING token";
    connection.prepare_cached(raise)?.query_row([projection], |row| row.get(0))
}

fn execute(connection: &Connection, sql: &str, params: impl rusqlite::Params) -> Result<usize, StoreError> {
    connection.prepare_cached(sql).and_then(|mut it| it.execute(params)).map_err(store_error)
}

pub(crate) fn epoch(connection: &Connection) -> SqlResult<u64> {
    let query = "SELECT value FROM setting WHERE name = 'read_model_epoch'";
    Ok(connection.prepare_cached(query)?.query_row([], |row| row.get(0)).optional()?.unwrap_or(0))
}

fn check_epoch(connection: &Connection, expected: u64) -> Result<(), StoreError> {
    let actual = epoch(connection).map_err(store_error)?;
    if actual == expected { Ok(()) } else { Err(Conflict::Epoch { expected, actual }.into()) }
}

fn token(connection: &Connection, projection: &str) -> Result<u64, StoreError> {
    let query = "SELECT token FROM projection WHERE name = ?1";
    let found = connection
        .prepare_cached(query)
        .and_then(|mut it| it.query_row([projection], |row| row.get(0)).optional());
    Ok(found.map_err(store_error)?.unwrap_or(0))
}

fn change_generation(connection: &Connection, it: &GenerationChange) -> Result<(), StoreError> {
    let Generation { projection, number } = &it.generation;
    let actual = token(connection, projection)?;
    if it.token != actual {
        let projection = projection.to_string();
        return Err(Conflict::StaleProjection { projection, token: it.token, actual }.into());
    }
    match it.to {
        Becomes::New { version, state } => {
            let insert = "INSERT INTO generation (projection, number, version, state, checkpoint)
                VALUES (?1, ?2, ?3, ?4, 0) ON CONFLICT DO NOTHING";
            let row = params![&**projection, number, version, state_number(state)];
            if execute(connection, insert, row)? == 0 {
                return Err(unknown(&it.generation));
            }
            Ok(())
        }
        Becomes::State(state) => {
            let id = find_id(connection, &it.generation)?;
            let update = "UPDATE generation SET state = ?1 WHERE id = ?2";
            execute(connection, update, (state_number(state), id)).map(drop)
        }
        Becomes::Gone => {
            let id = find_id(connection, &it.generation)?;
            execute(connection, "DELETE FROM read_model_row WHERE generation = ?1", [id])?;
            execute(connection, "DELETE FROM parked_stream WHERE generation = ?1", [id])?;
            execute(connection, "DELETE FROM generation WHERE id = ?1", [id]).map(drop)
        }
    }
}

fn move_checkpoint<'a>(
    connection: &Connection,
    it: &'a ProjectionMove,
    head: Position,
    ids: &mut Ids<'a>,
) -> Result<(), StoreError> {
    let id = id_of(connection, &it.generation, ids)?;
    let token = token(connection, &it.generation.projection)?;
    let actual = connection
        .prepare_cached("SELECT checkpoint FROM generation WHERE id = ?1")
        .and_then(|mut query| query.query_row([id], |row| row.get(0).map(Position)));
    Conflict::check_projection_move(it, token, actual.map_err(store_error)?, head)?;
    execute(connection, "UPDATE generation SET checkpoint = ?1 WHERE id = ?2", (it.to.to.0, id)).map(drop)
}

fn change_row<'a>(connection: &Connection, it: &'a RowChange, ids: &mut Ids<'a>) -> Result<(), StoreError> {
    let id = id_of(connection, &it.generation, ids)?;
    if let Some(expected) = it.expected {
        let query = "SELECT revision FROM read_model_row WHERE generation = ?1 AND key = ?2";
        let actual = connection
            .prepare_cached(query)
            .and_then(|mut query| query.query_row((id, &it.key), |row| row.get(0)).optional());
        let actual = actual.map_err(store_error)?.unwrap_or(0);
        if expected != actual {
            let (projection, key) = (it.generation.projection.to_string(), it.key.clone());
            return Err(Conflict::Row { projection, key, expected, actual }.into());
        }
    }
    match &it.value {
        Some(value) => {
            let insert = "INSERT OR REPLACE INTO read_model_row (generation, key, value, revision)
                VALUES (?1, ?2, ?3, ?4)";
            execute(connection, insert, (id, &it.key, &**value, it.revision)).map(drop)
        }
        None => {
            let delete = "DELETE FROM read_model_row WHERE generation = ?1 AND key = ?2";
            execute(connection, delete, (id, &it.key)).map(drop)
        }
    }
}

fn id_of<'a>(connection: &Connection, it: &'a Generation, ids: &mut Ids<'a>) -> Result<i64, StoreError> {
    if let Some(id) = ids.get(it) {
        return Ok(*id);
    }
    let id = find_id(connection, it)?;
    ids.insert(it, id);
    Ok(id)
}

fn find_id(connection: &Connection, it: &Generation) -> Result<i64, StoreError> {
    let query = "SELECT id FROM generation WHERE projection = ?1 AND number = ?2";
    let found = connection
        .prepare_cached(query)
        .and_then(|mut query| query.query_row((&*it.projection, it.number), |row| row.get(0)).optional());
    found.map_err(store_error)?.ok_or_else(|| unknown(it))
}

fn unknown(generation: &Generation) -> StoreError {
    let Generation { projection, number } = generation;
    StoreError::Permanent(format!(
        "the read model `{projection}` has no generation {number} to be changed so"
    ))
}
