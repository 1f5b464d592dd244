//! How rows and messages become each other.

use std::sync::Arc;

use jiff::Timestamp;
use procession_core::{
    Stream, Version,
    log::{Encoded, Entry, Kind, Position, Recorded},
};
use procession_runtime::store::{Parked, Timer, TimerId};
use rusqlite::{Result as SqlResult, Row, types::Type};

/// The columns that [`recorded`] reads.
pub(crate) const RECORDED: &str = "
    SELECT log.position, log.kind, stream.category, stream.key, log.version, message_type.name,
           message_type.schema_version, log.payload, log.process, log.causation, log.at,
           sender.category, sender.key
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
           sender.category, sender.key
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
           sender.category, sender.key
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
    let entry = entry.sent_by(optional_stream(row, 11)?);
    Ok(Recorded {
        position: Position(row.get(0)?),
        process: Position(row.get(8)?).into(),
        causation: row.get::<_, Option<u64>>(9)?.map(Position),
        version: row.get::<_, Option<u64>>(4)?.map(Version),
        entry: Arc::new(entry),
    })
}

/// The columns that [`parked`] reads.
pub(crate) const PARKED: &str = "
    SELECT parked.position, parked.handler, stream.category, stream.key, parked.process, parked.cause, parked.at
    FROM parked JOIN stream ON stream.id = parked.stream ORDER BY parked.id";

pub(crate) fn parked(row: &Row<'_>) -> SqlResult<Parked> {
    Ok(Parked {
        position: Position(row.get(0)?),
        handler: row.get::<_, String>(1)?.into(),
        stream: stream(row, 2)?,
        process: Position(row.get(4)?).into(),
        cause: row.get(5)?,
        at: timestamp(row, 6)?,
    })
}

/// The columns that [`timer`] reads.
pub(crate) const DUE_TIMERS: &str = "
    SELECT timer.id, timer.due, stream.category, stream.key, message_type.name, message_type.schema_version,
           timer.payload, timer.process, timer.causation, sender.category, sender.key
    FROM timer
    JOIN stream ON stream.id = timer.stream
    LEFT JOIN stream AS sender ON sender.id = timer.sender
    JOIN message_type ON message_type.id = timer.message_type
    WHERE timer.due <= ?1 ORDER BY timer.due, timer.id LIMIT ?2";

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

pub(crate) fn timestamp(row: &Row<'_>, column: usize) -> SqlResult<Timestamp> {
    // The calendar's last second is whole only: its microseconds can be asked for, but not be given.
    let last = Timestamp::MAX.as_second() * 1_000_000;
    Timestamp::from_microsecond(row.get::<_, i64>(column)?.min(last))
        .map_err(|error| damaged(column, error.into()))
}

fn damaged(column: usize, error: Box<dyn std::error::Error + Send + Sync>) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, Type::Text, error)
}
