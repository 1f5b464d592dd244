//! Why a batch was refused, in the words that all stores have for it.

use procession_core::{
    Version,
    log::{Position, ProcessId},
};
use procession_runtime::{
    StoreError,
    store::{Batch, Conflict, ToArchive},
};
use serde_json::Value;
use tokio_postgres::{Error, error::SqlState};

use crate::{
    commit::Context,
    encode::Parameters,
    escape::{escape, unescape},
    expected::version_conflict,
    queries,
    read::{Readers, Values},
    rows::get,
    server::Server,
};

/// The connection may commit nothing any more.
pub(crate) fn is_closed(error: &Error) -> bool {
    error.code().is_some_and(|code| code.code() == "PC007")
}

pub(crate) async fn explain(
    context: &Context,
    batch: &Batch,
    parameters: &Parameters<'_>,
    error: &Error,
) -> StoreError {
    let server = &context.server;
    let Some(code) = error.code() else { return server.store_error(error) };
    let explained = match code.code() {
        "PC007" => {
            Some(StoreError::Transient(format!("{} has closed the connection that writes", server.name)))
        }
        "23505" if is_about_versions(error) => misfit(context, batch, parameters).await,
        "55P03" => Some(StoreError::Transient(who_blocks(server, &context.readers).await)),
        _ => detail(error).and_then(|detail| refused(context, batch, code, &detail)),
    };
    explained.unwrap_or_else(|| server.store_error(error))
}

pub(crate) fn of_acquire(server: &Server, error: &Error) -> StoreError {
    let unknown = || detail(error)?.get("partition")?.as_u64();
    match unknown() {
        Some(partition) => StoreError::Permanent(format!("this store has no partition {partition}")),
        None => server.store_error(error),
    }
}

fn detail(error: &Error) -> Option<Value> {
    serde_json::from_str(error.as_db_error()?.detail()?).ok()
}

fn refused(context: &Context, batch: &Batch, code: &SqlState, detail: &Value) -> Option<StoreError> {
    let number = |name: &str| detail.get(name).and_then(Value::as_u64);
    let index = |name: &str| usize::try_from(number(name)?).ok();
    let at = |name: &str| number(name).map(Position);
    Some(match code.code() {
        "PC001" => Conflict::Head { expected: batch.after?, actual: at("actual")? }.into(),
        "PC002" => {
            let key = unescape(detail.get("key")?.as_str()?).into_owned();
            StoreError::Duplicate { key, position: at("position")? }
        }
        "PC003" if detail.get("stood_on").is_some() => {
            let (stream, expected) = batch.stood_on.get(index("stood_on")?.checked_sub(1)?)?.clone();
            Conflict::Version { stream, expected, actual: Version(number("actual")?) }.into()
        }
        "PC003" => {
            let new = batch.entries.get(index("entry")?.checked_sub(1)?)?;
            version_conflict(new, detail.get("actual")?.as_i64()?)?.into()
        }
        "PC004" => {
            let it = batch.checkpoints.get(index("move")?.checked_sub(1)?)?;
            match (number("token"), at("actual")) {
                (Some(token), Some(actual)) => {
                    Conflict::check_move(it, token, actual, at("head")?).err()?.into()
                }
                _ => StoreError::Permanent(format!("this store has no partition {}", it.partition)),
            }
        }
        "PC005" => {
            let what = if detail.get("what")?.as_str()? == "timers" { "timers" } else { "messages" };
            let (process, size, limit) = (ProcessId(number("process")?), number("size")?, number("limit")?);
            StoreError::ProcessTooLarge { process, what, size, limit }
        }
        "PC008" => {
            let it = batch.archived.get(index("piece")?.checked_sub(1)?)?;
            let (handled, head) = (at("handled")?, at("head")?);
            let waits = detail.get("waits")?.as_bool()?;
            it.check(ToArchive { waits, handled, head, entries: number("entries")? }).err()?.into()
        }
        "PC006" => {
            let entry = || Some(batch.entries.get(index("entry")?.checked_sub(1)?)?.entry.encoded());
            let message = entry().or_else(|| Some(batch.timers.get(index("timer")?)?.message.clone()))?;
            let limit = context.shape.max_payload_bytes;
            StoreError::TooLarge { name: message.name.into(), bytes: message.payload.len(), limit }
        }
        "PC010" => Conflict::Epoch { expected: batch.read_models.epoch?, actual: number("actual")? }.into(),
        "PC011" => {
            let (place, actual) = (index("place")?.checked_sub(1)?, number("actual")?);
            let of_moves = detail.get("change")?.as_str()? == "moves";
            let (generation, token) = if of_moves {
                batch.read_models.moves.get(place).map(|it| (&it.generation, it.token))?
            } else {
                batch.read_models.generations.get(place).map(|it| (&it.generation, it.token))?
            };
            let projection = generation.projection.to_string();
            Conflict::StaleProjection { projection, token, actual }.into()
        }
        "PC012" => {
            let it = batch.read_models.moves.get(index("place")?.checked_sub(1)?)?;
            let (projection, actual) = (it.generation.projection.to_string(), at("actual")?);
            Conflict::ProjectionElsewhere { projection, from: it.to.from, to: it.to.to, actual }.into()
        }
        "PC013" => {
            let it = batch.read_models.rows.get(index("place")?.checked_sub(1)?)?;
            let (projection, key) = (it.generation.projection.to_string(), it.key.clone());
            Conflict::Row { projection, key, expected: it.expected?, actual: number("actual")? }.into()
        }
        "PC014" => {
            let projection = unescape(detail.get("projection")?.as_str()?);
            let number = number("number")?;
            StoreError::Permanent(format!(
                "the read model `{projection}` has no generation {number} to be changed so"
            ))
        }
        _ => return None,
    })
}

fn is_about_versions(error: &Error) -> bool {
    error.as_db_error().and_then(|it| it.constraint()) == Some("log_by_stream")
}

/// Somebody was faster: which event has found another version than it expects, and which. It is asked on another
/// connection, because the answers to the batches behind this one stand in the way here.
async fn misfit(context: &Context, batch: &Batch, parameters: &Parameters<'_>) -> Option<StoreError> {
    let streams = || parameters.events.streams();
    let categories: Vec<_> = streams().map(|it| escape(it.category()).into_owned()).collect();
    let keys: Vec<_> = streams().map(|it| escape(it.id()).into_owned()).collect();
    let values: Values = vec![Box::new(categories), Box::new(keys)];
    match context.readers.all(queries::VERSIONS, values, |row| get::<i64>(row, 0)).await {
        Ok(versions) => parameters.events.first_misfit(batch, &versions).map(Into::into),
        // Nothing took effect in any case; who tries again finds out.
        Err(error) => Some(StoreError::Transient(format!(
            "a stream has grown meanwhile; how far is not known: {error}"
        ))),
    }
}

/// A lock was not to be had. All that we need is held while a batch is committed, which takes no time; so who has it hangs,
/// or is a stranger who has locked our tables.
pub(crate) async fn who_blocks(server: &Server, readers: &Readers) -> String {
    let name = &server.name;
    let blocking = readers.first(queries::WHO_BLOCKS, Values::new(), |row| {
        let (pid, application, state, age): (i32, String, String, Option<i64>) =
            (get(row, 0)?, get(row, 1)?, get(row, 2)?, get(row, 3)?);
        let age = age.map_or_else(String::new, |age| format!(", whose transaction is {age} seconds old"));
        Ok(format!("pid {pid} (`{application}`, {state}){age}; end it by SELECT pg_terminate_backend({pid})"))
    });
    match blocking.await {
        Ok(Some(it)) => format!("the log of {name} is locked by another connection: {it}"),
        Ok(None) => format!("a lock in {name} was not to be had in time, and it is free again"),
        Err(error) => format!("a lock in {name} was not to be had in time; who has it is not known: {error}"),
    }
}
