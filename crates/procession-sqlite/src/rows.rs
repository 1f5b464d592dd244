//! How rows and messages become each other.

use std::sync::Arc;

use jiff::Timestamp;
use procession_core::{
    Stream, Version,
    log::{Encoded, Entry, Kind, Position, ProcessId, Recorded},
};
use procession_runtime::store::{Delivery, EffectCall, Hold, HoldKind, Parked, ParkedReason, Timer, TimerId};
use rusqlite::{Result as SqlResult, Row, types::Type};

/// The columns that [`recorded`] reads.
pub(crate) const RECORDED: &str = "
    SELECT log.position, log.kind, stream.category, stream.key, log.version, message_type.name,
           message_type.schema_version, log.payload, log.process, log.causation, log.at,
           sender.category, sender.key, log.trace
    FROM log
    JOIN stream ON stream.id = log.stream
    JOIN message_type ON message_type.id = log.message_type
    LEFT JOIN stream AS sender ON sender.id = log.sender";

/// The entries of one process, with the columns that [`recorded`] reads.
///
/// Spans of a process do not overlap, so their order and that of the entries in them is the order of the log.
pub(crate) const PROCESS: &str = "
    SELECT log.position, log.kind, stream.category, stream.key, log.version, message_type.name,
           message_type.schema_version, log.payload, log.process, log.causation, log.at,
           sender.category, sender.key, log.trace
    FROM process_span AS span
    CROSS JOIN log ON log.position BETWEEN span.first AND span.last AND log.process = span.process
    JOIN stream ON stream.id = log.stream
    JOIN message_type ON message_type.id = log.message_type
    LEFT JOIN stream AS sender ON sender.id = log.sender
    WHERE span.process = ?1 AND span.last > ?2 AND log.position > ?2
    ORDER BY span.first, log.position LIMIT ?3";

/// The events of one stream, with the columns that [`recorded`] reads.
pub(crate) const EVENTS: &str = "
    SELECT log.position, log.kind, stream.category, stream.key, log.version, message_type.name,
           message_type.schema_version, log.payload, log.process, log.causation, log.at,
           sender.category, sender.key, log.trace
    FROM stream
    JOIN log ON log.stream = stream.id
    JOIN message_type ON message_type.id = log.message_type
    LEFT JOIN stream AS sender ON sender.id = log.sender
    WHERE stream.category = ?1 AND stream.key = ?2 AND log.version IS NOT NULL AND log.version > ?3
    ORDER BY log.version LIMIT ?4";

pub(crate) fn recorded(row: &Row<'_>) -> SqlResult<Recorded> {
    let message = Encoded {
        name: row.get::<_, String>(5)?.into(),
        schema_version: row.get(6)?,
        payload: row.get::<_, String>(7)?.into_boxed_str(),
    };
    let entry = Entry::new(kind_of(row.get(1)?)?, stream(row, 2)?, message, timestamp(row, 10)?);
    let trace_context = row.get::<_, Option<String>>(13)?.map(String::into_boxed_str);
    let entry = entry.sent_by(optional_stream(row, 11)?).traced_by(trace_context);
    Ok(Recorded {
        position: Position(row.get(0)?),
        process: Position(row.get(8)?).into(),
        causation: row.get::<_, Option<u64>>(9)?.map(Position),
        version: row.get::<_, Option<u64>>(4)?.map(Version),
        entry: Arc::new(entry),
    })
}

/// Streams with their events, with the columns that [`recorded`] reads.
pub(crate) const STREAMS_FIRST: &str = "
    SELECT log.position, log.kind, stream.category, stream.key, log.version, message_type.name,
           message_type.schema_version, log.payload, log.process, log.causation, log.at,
           sender.category, sender.key, log.trace
    FROM stream
    CROSS JOIN log ON log.stream = stream.id
    JOIN message_type ON message_type.id = log.message_type
    LEFT JOIN stream AS sender ON sender.id = log.sender";

/// The columns that [`parked`] reads.
pub(crate) const PARKED: &str = "
    SELECT parked.position, parked.handler, stream.category, stream.key, parked.process, parked.cause, parked.at,
           parked.reason, parked.attempts, parked.retry_at, parked.edited
    FROM parked JOIN stream ON stream.id = parked.stream";

pub(crate) fn parked(row: &Row<'_>) -> SqlResult<Parked> {
    Ok(Parked {
        position: Position(row.get(0)?),
        handler: row.get::<_, String>(1)?.into(),
        stream: stream(row, 2)?,
        process: Position(row.get(4)?).into(),
        cause: row.get(5)?,
        at: timestamp(row, 6)?,
        reason: reason_of(row.get(7)?)?,
        attempts: row.get(8)?,
        retry_at: optional_timestamp(row, 9)?,
        edited: row.get::<_, Option<u64>>(10)?.map(Position),
    })
}

pub(crate) fn reason_number(reason: ParkedReason) -> i64 {
    match reason {
        ParkedReason::Failed => 1,
        ParkedReason::Behind => 2,
        ParkedReason::Suspended => 3,
    }
}

fn reason_of(number: i64) -> SqlResult<ParkedReason> {
    match number {
        1 => Ok(ParkedReason::Failed),
        2 => Ok(ParkedReason::Behind),
        3 => Ok(ParkedReason::Suspended),
        other => Err(damaged(7, format!("{other} is no reason to park a message").into())),
    }
}

/// The columns that [`call`] reads.
pub(crate) const CALLS: &str = "
    SELECT call.position, call.handler, stream.category, stream.key, call.process, call.attempts, call.due, call.cause,
           call.at
    FROM call JOIN stream ON stream.id = call.stream ORDER BY call.position, call.handler";

pub(crate) fn call(row: &Row<'_>) -> SqlResult<EffectCall> {
    Ok(EffectCall {
        delivery: Delivery { position: Position(row.get(0)?), handler: row.get::<_, String>(1)?.into() },
        stream: stream(row, 2)?,
        process: Position(row.get(4)?).into(),
        attempts: row.get(5)?,
        due: timestamp(row, 6)?,
        cause: row.get(7)?,
        at: timestamp(row, 8)?,
    })
}

pub(crate) fn hold(row: &Row<'_>) -> SqlResult<(ProcessId, Hold)> {
    let kind = match row.get::<_, i64>(1)? {
        1 => HoldKind::Suspended,
        2 => HoldKind::Cancelled,
        other => return Err(damaged(1, format!("{other} is no way to hold a process").into())),
    };
    Ok((ProcessId(row.get(0)?), Hold { kind, operation: Position(row.get(2)?) }))
}

pub(crate) fn hold_number(kind: HoldKind) -> i64 {
    match kind {
        HoldKind::Suspended => 1,
        HoldKind::Cancelled => 2,
    }
}

/// The columns that [`timer`] reads.
pub(crate) const TIMERS: &str = "
    SELECT timer.id, timer.due, stream.category, stream.key, message_type.name, message_type.schema_version,
           timer.payload, timer.process, timer.causation, sender.category, sender.key
    FROM timer
    JOIN stream ON stream.id = timer.stream
    LEFT JOIN stream AS sender ON sender.id = timer.sender
    JOIN message_type ON message_type.id = timer.message_type";

pub(crate) const TIMERS_IN_ORDER: &str = "ORDER BY timer.due, timer.id LIMIT ?2";

pub(crate) fn timer(row: &Row<'_>) -> SqlResult<Timer> {
    Ok(Timer {
        id: TimerId(row.get(0)?),
        due: timestamp(row, 1)?,
        to: stream(row, 2)?,
        sender: optional_stream(row, 9)?,
        message: Encoded {
            name: row.get::<_, String>(4)?.into(),
            schema_version: row.get(5)?,
            payload: row.get::<_, String>(6)?.into_boxed_str(),
        },
        process: Position(row.get(7)?).into(),
        causation: Position(row.get(8)?),
    })
}

pub(crate) fn kind_number(kind: Kind) -> i64 {
    match kind {
        Kind::Event => 1,
        Kind::Command => 2,
        Kind::ExecutedCommand => 3,
        Kind::Rejection => 4,
        Kind::Input => 5,
        Kind::Ignored => 6,
        Kind::PublicEvent => 7,
        Kind::Failure => 8,
        Kind::Operation => 9,
        Kind::EffectResult => 10,
    }
}

fn kind_of(number: i64) -> SqlResult<Kind> {
    match number {
        1 => Ok(Kind::Event),
        2 => Ok(Kind::Command),
        3 => Ok(Kind::ExecutedCommand),
        4 => Ok(Kind::Rejection),
        5 => Ok(Kind::Input),
        6 => Ok(Kind::Ignored),
        7 => Ok(Kind::PublicEvent),
        8 => Ok(Kind::Failure),
        9 => Ok(Kind::Operation),
        10 => Ok(Kind::EffectResult),
        other => Err(damaged(1, format!("{other} is no kind of entry").into())),
    }
}

pub(crate) fn stream(row: &Row<'_>, column: usize) -> SqlResult<Stream> {
    let (category, key): (String, String) = (row.get(column)?, row.get(column + 1)?);
    Stream::new(category, key).map_err(|error| damaged(column, error.into()))
}

fn optional_stream(row: &Row<'_>, column: usize) -> SqlResult<Option<Stream>> {
    let category: Option<String> = row.get(column)?;
    category.map(|_| stream(row, column)).transpose()
}

fn optional_timestamp(row: &Row<'_>, column: usize) -> SqlResult<Option<Timestamp>> {
    row.get::<_, Option<i64>>(column)?.map(|_| timestamp(row, column)).transpose()
}

pub(crate) fn timestamp(row: &Row<'_>, column: usize) -> SqlResult<Timestamp> {
    // The calendar's last second is whole only: its microseconds can be asked for, but not be given.
    let last = Timestamp::MAX.as_second() * 1_000_000;
    Timestamp::from_microsecond(row.get::<_, i64>(column)?.min(last))
        .map_err(|error| damaged(column, error.into()))
}

pub(crate) fn damaged(column: usize, error: Box<dyn std::error::Error + Send + Sync>) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, Type::Text, error)
}
