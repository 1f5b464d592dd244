//! How rows and messages become each other.

use std::sync::Arc;

use jiff::Timestamp;
use procession_core::{
    Stream, Version,
    log::{Encoded, Entry, Kind, Position, ProcessId, Recorded},
};
use procession_runtime::store::{
    Archived, Delivery, EffectCall, Hold, HoldKind, Parked, ParkedReason, ProcessExtent, Progress, Timer,
    TimerId,
};
use tokio_postgres::{Row, types::FromSql};

use crate::{error::said, escape::unescape, known::Rows};

/// A row, or why it cannot be what it should be.
pub(crate) type Read<T> = Result<T, String>;

/// A number as columns hold it: what is too large is larger than anything that they hold.
pub(crate) fn bound(number: impl TryInto<i64>) -> i64 {
    number.try_into().unwrap_or(i64::MAX)
}

/// A position as it is stored; none is negative.
pub(crate) fn position(stored: i64) -> Position {
    Position(number(stored))
}

fn number(stored: i64) -> u64 {
    u64::try_from(stored).unwrap_or_default()
}

pub(crate) fn get<'a, T: FromSql<'a>>(row: &'a Row, column: usize) -> Read<T> {
    row.try_get(column).map_err(|error| said(&error))
}

pub(crate) fn text(row: &Row, column: usize) -> Read<String> {
    get::<&str>(row, column).map(|it| unescape(it).into_owned())
}

fn optional_text(row: &Row, column: usize) -> Read<Option<String>> {
    Ok(get::<Option<&str>>(row, column)?.map(|it| unescape(it).into_owned()))
}

fn optional_position(row: &Row, column: usize) -> Read<Option<Position>> {
    Ok(get::<Option<i64>>(row, column)?.map(position))
}

/// Numbers in rows whose names are not known.
#[derive(Debug, Default)]
pub(crate) struct Unknown {
    pub(crate) streams: Vec<i64>,
    pub(crate) types: Vec<i32>,
}

/// The columns are those of [`crate::queries`]' entries. None if a name is not known.
pub(crate) fn recorded(row: &Row, known: &mut Rows, unknown: &mut Unknown) -> Read<Option<Recorded>> {
    let (id, type_id, sender_id): (i64, i32, Option<i64>) = (get(row, 2)?, get(row, 4)?, get(row, 9)?);
    let stream = known.stream_of(id);
    let sender = sender_id.map(|it| known.stream_of(it).ok_or(it)).transpose();
    let message_type = known.message_type_of(type_id).map(|(name, version)| (name.to_owned(), version));
    unknown.streams.extend(stream.is_none().then_some(id));
    unknown.streams.extend(sender.as_ref().err());
    unknown.types.extend(message_type.is_none().then_some(type_id));
    let (Some(stream), Ok(sender), Some((name, schema_version))) = (stream, sender, message_type) else {
        return Ok(None);
    };
    let version = get::<Option<i64>>(row, 3)?.map(|it| Version(number(it)));
    if let Some(version) = version {
        known.saw(&stream, id, version);
    }
    let message = Encoded { name: name.into(), schema_version, payload: text(row, 5)?.into() };
    let entry = Entry::new(kind_of(get(row, 1)?)?, stream, message, timestamp(row, 8)?);
    let entry = entry.sent_by(sender).traced_by(optional_text(row, 10)?.map(String::into_boxed_str));
    Ok(Some(Recorded {
        position: position(get(row, 0)?),
        process: position(get(row, 6)?).into(),
        causation: optional_position(row, 7)?,
        version,
        entry: Arc::new(entry),
    }))
}

/// The newest position and the checkpoints.
pub(crate) fn progress(row: &Row) -> Read<Progress> {
    Ok(Progress { head: position(get(row, 0)?), checkpoints: positions(row, 1)? })
}

pub(crate) fn positions(row: &Row, column: usize) -> Read<Vec<Position>> {
    let stored: Option<Vec<i64>> = get(row, column)?;
    Ok(stored.unwrap_or_default().into_iter().map(position).collect())
}

/// The columns are those of [`crate::queries::PARKED`].
pub(crate) fn parked(row: &Row) -> Read<Parked> {
    Ok(Parked {
        position: position(get(row, 0)?),
        handler: text(row, 1)?.into(),
        stream: stream(row, 2)?,
        process: position(get(row, 4)?).into(),
        cause: optional_text(row, 5)?,
        at: timestamp(row, 6)?,
        reason: reason_of(get(row, 7)?)?,
        attempts: attempts(row, 8)?,
        retry_at: get::<Option<i64>>(row, 9)?.map(|_| timestamp(row, 9)).transpose()?,
        edited: optional_position(row, 10)?,
    })
}

/// The columns are those of [`crate::queries::CALLS`].
pub(crate) fn call(row: &Row) -> Read<EffectCall> {
    Ok(EffectCall {
        delivery: Delivery { position: position(get(row, 0)?), handler: text(row, 1)?.into() },
        stream: stream(row, 2)?,
        process: position(get(row, 4)?).into(),
        attempts: attempts(row, 5)?,
        due: timestamp(row, 6)?,
        cause: optional_text(row, 7)?,
        at: timestamp(row, 8)?,
    })
}

/// The columns are those of [`crate::queries::HOLDS`].
pub(crate) fn hold(row: &Row) -> Read<(ProcessId, Hold)> {
    let kind = match get::<i16>(row, 1)? {
        1 => HoldKind::Suspended,
        2 => HoldKind::Cancelled,
        other => return Err(format!("{other} is no way to hold a process")),
    };
    Ok((position(get(row, 0)?).into(), Hold { kind, operation: position(get(row, 2)?) }))
}

/// The columns are those of [`crate::queries::TIMERS`].
pub(crate) fn timer(row: &Row) -> Read<Timer> {
    Ok(Timer {
        id: TimerId(number(get(row, 0)?)),
        due: timestamp(row, 1)?,
        to: stream(row, 2)?,
        sender: optional_stream(row, 9)?,
        message: encoded(row, 4)?,
        process: position(get(row, 7)?).into(),
        causation: position(get(row, 8)?),
    })
}

pub(crate) fn extent(row: &Row) -> Read<ProcessExtent> {
    Ok(ProcessExtent {
        process: position(get(row, 0)?).into(),
        last: position(get(row, 1)?),
        messages: number(get(row, 2)?),
        timers: number(get(row, 3)?),
    })
}

/// The columns are those of [`crate::queries::ARCHIVED`].
pub(crate) fn archived(row: &Row) -> Read<Archived> {
    Ok(Archived {
        process: position(get(row, 0)?).into(),
        first: position(get(row, 1)?),
        last: position(get(row, 2)?),
        entries: number(get(row, 3)?),
        digest: text(row, 4)?,
        file: text(row, 5)?,
        at: timestamp(row, 6)?,
    })
}

/// Number, name and schema version of a message type.
pub(crate) fn message_type(row: &Row) -> Read<(i32, String, u16)> {
    let schema_version: i32 = get(row, 2)?;
    Ok((get(row, 0)?, text(row, 1)?, schema_version_of(schema_version)?))
}

fn schema_version_of(stored: i32) -> Read<u16> {
    u16::try_from(stored).map_err(|_| format!("{stored} is no schema version"))
}

pub(crate) fn stream(row: &Row, column: usize) -> Read<Stream> {
    Stream::new(text(row, column)?, text(row, column + 1)?).map_err(|error| error.to_string())
}

fn optional_stream(row: &Row, column: usize) -> Read<Option<Stream>> {
    get::<Option<&str>>(row, column)?.map(|_| stream(row, column)).transpose()
}

/// Name, schema version and payload, in columns side by side.
fn encoded(row: &Row, column: usize) -> Read<Encoded> {
    let schema_version = schema_version_of(get(row, column + 1)?)?;
    Ok(Encoded { name: text(row, column)?.into(), schema_version, payload: text(row, column + 2)?.into() })
}

fn attempts(row: &Row, column: usize) -> Read<u32> {
    get::<i64>(row, column).map(|it| u32::try_from(it).unwrap_or(u32::MAX))
}

pub(crate) fn timestamp(row: &Row, column: usize) -> Read<Timestamp> {
    // The calendar's last second is whole only: its microseconds can be asked for, but not be given.
    let last = Timestamp::MAX.as_second() * 1_000_000;
    Timestamp::from_microsecond(get::<i64>(row, column)?.min(last)).map_err(|error| error.to_string())
}

pub(crate) fn kind_number(kind: Kind) -> i16 {
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

pub(crate) fn kind_of(number: i16) -> Read<Kind> {
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
        other => Err(format!("{other} is no kind of entry")),
    }
}

pub(crate) fn reason_number(reason: ParkedReason) -> i16 {
    match reason {
        ParkedReason::Failed => 1,
        ParkedReason::Behind => 2,
        ParkedReason::Suspended => 3,
    }
}

fn reason_of(number: i16) -> Read<ParkedReason> {
    match number {
        1 => Ok(ParkedReason::Failed),
        2 => Ok(ParkedReason::Behind),
        3 => Ok(ParkedReason::Suspended),
        other => Err(format!("{other} is no reason to park a message")),
    }
}

pub(crate) fn hold_number(kind: HoldKind) -> i16 {
    match kind {
        HoldKind::Suspended => 1,
        HoldKind::Cancelled => 2,
    }
}
