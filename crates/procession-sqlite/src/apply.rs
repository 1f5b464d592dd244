//! One batch becomes rows.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use foldhash::fast::RandomState;
use procession_core::{
    Cancellation, Partition, Stream, Version,
    log::{Kind, Position, ProcessId},
};
use procession_runtime::{
    Cache, StoreError,
    store::{
        Batch, CheckpointMove, Committed, Conflict, Delivery, EffectCall, Expected, Hold, NewEntry,
        Ownership, Parked, TimerId,
    },
};
use rusqlite::{Connection, OptionalExtension, Result as SqlResult, params};

use crate::{
    archive::archive,
    error::store_error,
    fault_points::FaultPoint,
    rows::{hold_number, kind_number, reason_number},
};

/// Writes batches into an open transaction, and remembers what it would otherwise have to read for every row.
pub(crate) struct Applier {
    max_payload_bytes: usize,
    /// None at the start and after a roll-back: then it is read.
    head: Option<Position>,
    checkpoints: HashMap<Partition, (u64, Position)>,
    streams: Cache<Stream, StreamRow>,
    /// How many messages a process has.
    processes: Cache<u64, u64>,
    message_types: HashMap<Box<str>, Vec<(u16, i64)>, RandomState>,
}

#[derive(Clone, Copy)]
pub(crate) struct StreamRow {
    pub(crate) id: i64,
    /// Known once an event was written.
    version: Option<Version>,
}

/// The streams whose rows are remembered.
const STREAMS: usize = 100_000;
/// The processes whose sizes are remembered.
const PROCESSES: usize = 10_000;

impl Applier {
    pub(crate) fn new(max_payload_bytes: usize) -> Self {
        Self {
            max_payload_bytes,
            head: None,
            checkpoints: HashMap::new(),
            streams: Cache::new(STREAMS),
            processes: Cache::new(PROCESSES),
            message_types: HashMap::default(),
        }
    }

    /// Forgets everything that a roll-back may have undone.
    pub(crate) fn forget(&mut self) {
        self.head = None;
        self.checkpoints.clear();
        self.streams.clear();
        self.processes.clear();
        self.message_types.clear();
    }

    pub(crate) fn apply(&mut self, connection: &Connection, batch: &Batch) -> Result<Committed, StoreError> {
        let after = self.head(connection)?;
        if let Some(expected) = batch.after.filter(|it| *it != after) {
            return Err(Conflict::Head { expected, actual: after }.into());
        }
        batch.stood_on.iter().try_for_each(|it| self.check_stood_on(connection, it))?;
        self.check_sizes(connection, batch)?;
        self.insert_keys(connection, batch, after)?;
        self.insert_entries(connection, batch, after)?;
        let head = after.plus(batch.entries.len() as u64);
        for it in &batch.checkpoints {
            self.move_checkpoint(connection, it, head)?;
        }
        FaultPoint::CheckpointsWritten.pass();
        self.change_deliveries(connection, batch)?;
        FaultPoint::DeliveriesWritten.pass();
        self.change_timers(connection, batch, after)?;
        beside_the_log(connection, batch).map_err(store_error)?;
        self.change_read_models(connection, &batch.read_models, after, head)?;
        archive(connection, batch, head)?;
        FaultPoint::BatchWritten.pass();
        self.head = Some(head);
        Ok(Committed { after })
    }

    pub(crate) fn acquire(
        &mut self,
        connection: &Connection,
        partitions: &[Partition],
    ) -> Result<Vec<Ownership>, StoreError> {
        let mut owned = Vec::with_capacity(partitions.len());
        for partition in partitions {
            let (token, checkpoint) = self.checkpoint(connection, *partition)?;
            let token = token + 1;
            connection
                .prepare_cached("UPDATE partition SET token = ?1 WHERE id = ?2")
                .and_then(|mut it| it.execute((token, partition.0)))
                .map_err(store_error)?;
            self.checkpoints.insert(*partition, (token, checkpoint));
            owned.push(Ownership { partition: *partition, token, checkpoint });
        }
        Ok(owned)
    }

    fn head(&mut self, connection: &Connection) -> Result<Position, StoreError> {
        if let Some(head) = self.head {
            return Ok(head);
        }
        let query = "SELECT coalesce(max(position), 0) FROM log";
        let head = connection.query_row(query, [], |row| row.get(0).map(Position)).map_err(store_error)?;
        self.head = Some(head);
        Ok(head)
    }

    fn check_stood_on(
        &mut self,
        connection: &Connection,
        (stream, expected): &(Stream, Version),
    ) -> Result<(), StoreError> {
        let StreamRow { id, version } = self.stream(connection, stream)?;
        let actual = version.map_or_else(|| stored_version(connection, id), Ok).map_err(store_error)?;
        if actual == *expected {
            return Ok(());
        }
        Err(Conflict::Version { stream: stream.clone(), expected: *expected, actual }.into())
    }

    fn check_sizes(&self, connection: &Connection, batch: &Batch) -> Result<(), StoreError> {
        let limit = self.max_payload_bytes;
        let entries = batch.entries.iter().map(|it| (&it.entry.name, &it.entry.payload));
        let timers = batch.timers.iter().map(|it| (&it.message.name, &it.message.payload));
        for (name, payload) in entries.chain(timers).filter(|(_, payload)| payload.len() > limit) {
            if !was_accepted(connection, &batch.fired, payload).map_err(store_error)? {
                return Err(StoreError::TooLarge { name: name.to_string(), bytes: payload.len(), limit });
            }
        }
        Ok(())
    }

    fn insert_keys(&self, connection: &Connection, batch: &Batch, after: Position) -> Result<(), StoreError> {
        for (position, new) in (after.0 + 1..).zip(&batch.entries) {
            let Some(key) = &new.idempotency_key else { continue };
            let insert = "INSERT INTO idempotency_key (key, position) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
            let inserted =
                connection.prepare_cached(insert).and_then(|mut it| it.execute((&**key, position)));
            if inserted.map_err(store_error)? == 0 {
                let select = "SELECT position FROM idempotency_key WHERE key = ?1";
                let found = connection.query_row(select, [&**key], |row| row.get(0)).map_err(store_error)?;
                return Err(StoreError::Duplicate { key: key.to_string(), position: Position(found) });
            }
        }
        Ok(())
    }

    fn insert_entries(
        &mut self,
        connection: &Connection,
        batch: &Batch,
        after: Position,
    ) -> Result<(), StoreError> {
        let insert = "INSERT INTO log
            (position, kind, stream, sender, version, message_type, payload, process, causation, at, trace)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";
        let mut insert = connection.prepare_cached(insert).map_err(store_error)?;
        let mut spans: BTreeMap<u64, Span> = BTreeMap::new();
        for (position, new) in (after.0 + 1..).zip(&batch.entries) {
            let entry = &new.entry;
            let message_type = self.message_type(connection, &entry.name, entry.schema_version)?;
            let (stream, version) = self.place(connection, new)?;
            let sender = self.sender(connection, entry.sender.as_ref())?;
            let process = new.process.map_or(position, |it| it.resolve(after).0);
            let causation = new.causation.map(|it| it.resolve(after).0);
            spans
                .entry(process)
                .or_insert(Span { first: position, last: position, messages: 0 })
                .grow(position);
            let (kind, at) = (kind_number(entry.kind), entry.at.as_microsecond());
            let row = params![
                position,
                kind,
                stream,
                sender,
                version,
                message_type,
                &*entry.payload,
                process,
                causation,
                at,
                entry.trace_context.as_deref()
            ];
            insert.execute(row).map_err(store_error)?;
            FaultPoint::EntryWritten.pass();
        }
        FaultPoint::EntriesWritten.pass();
        self.insert_spans(connection, spans, batch.process_limits.messages)
    }

    fn insert_spans(
        &mut self,
        connection: &Connection,
        spans: BTreeMap<u64, Span>,
        limit: u64,
    ) -> Result<(), StoreError> {
        let insert = "INSERT INTO process_span (process, first, last, messages) VALUES (?1, ?2, ?3, ?4)";
        let mut insert = connection.prepare_cached(insert).map_err(store_error)?;
        for (process, Span { first, last, messages }) in spans {
            let before = match self.processes.get_mut(&process) {
                Some(size) => *size,
                // It begins here, or is read.
                None if first == process => 0,
                None => stored_messages(connection, process).map_err(store_error)?,
            };
            let size = before + messages;
            if size > limit {
                let (process, what) = (ProcessId(process), "messages");
                return Err(StoreError::ProcessTooLarge { process, what, size, limit });
            }
            insert.execute((process, first, last, size)).map_err(store_error)?;
            self.processes.insert(process, size);
        }
        FaultPoint::SpansWritten.pass();
        Ok(())
    }

    /// The stream of an entry, and for an event the version that it gets.
    fn place(&mut self, connection: &Connection, new: &NewEntry) -> Result<(i64, Option<u64>), StoreError> {
        let stream = &new.entry.stream;
        let StreamRow { id, version } = self.stream(connection, stream)?;
        if new.entry.kind != Kind::Event {
            return Ok((id, None));
        }
        let actual = version.map_or_else(|| stored_version(connection, id), Ok).map_err(store_error)?;
        match new.expected {
            Expected::Version(expected) if expected != actual => {
                Err(Conflict::Version { stream: stream.clone(), expected, actual }.into())
            }
            Expected::Version(_) | Expected::Any => {
                if let Some(row) = self.streams.get_mut(stream) {
                    row.version = Some(actual.next());
                }
                Ok((id, Some(actual.next().0)))
            }
        }
    }

    fn sender(
        &mut self,
        connection: &Connection,
        sender: Option<&Stream>,
    ) -> Result<Option<i64>, StoreError> {
        sender.map(|it| self.stream(connection, it).map(|row| row.id)).transpose()
    }

    pub(crate) fn stream(
        &mut self,
        connection: &Connection,
        stream: &Stream,
    ) -> Result<StreamRow, StoreError> {
        if let Some(row) = self.streams.get_mut(stream) {
            return Ok(*row);
        }
        let row = find_or_insert_stream(connection, stream).map_err(store_error)?;
        self.streams.insert(stream.clone(), row);
        Ok(row)
    }

    fn message_type(
        &mut self,
        connection: &Connection,
        name: &str,
        schema_version: u16,
    ) -> Result<i64, StoreError> {
        let mut known = self.message_types.get(name).into_iter().flatten();
        if let Some((_, id)) = known.find(|(version, _)| *version == schema_version) {
            return Ok(*id);
        }
        let id = find_or_insert_message_type(connection, name, schema_version).map_err(store_error)?;
        self.message_types.entry(name.into()).or_default().push((schema_version, id));
        Ok(id)
    }

    fn checkpoint(
        &mut self,
        connection: &Connection,
        partition: Partition,
    ) -> Result<(u64, Position), StoreError> {
        if let Some(known) = self.checkpoints.get(&partition) {
            return Ok(*known);
        }
        let query = "SELECT token, checkpoint FROM partition WHERE id = ?1";
        let found =
            connection.query_row(query, [partition.0], |row| Ok((row.get(0)?, Position(row.get(1)?))));
        let unknown = || StoreError::Permanent(format!("this store has no partition {partition}"));
        let found = found.optional().map_err(store_error)?.ok_or_else(unknown)?;
        self.checkpoints.insert(partition, found);
        Ok(found)
    }

    fn move_checkpoint(
        &mut self,
        connection: &Connection,
        it: &CheckpointMove,
        head: Position,
    ) -> Result<(), StoreError> {
        let (token, actual) = self.checkpoint(connection, it.partition)?;
        Conflict::check_move(it, token, actual, head)?;
        if it.to == actual {
            return Ok(());
        }
        connection
            .prepare_cached("UPDATE partition SET checkpoint = ?1 WHERE id = ?2")
            .and_then(|mut update| update.execute((it.to.0, it.partition.0)))
            .map_err(store_error)?;
        self.checkpoints.insert(it.partition, (token, it.to));
        Ok(())
    }

    fn change_deliveries(&mut self, connection: &Connection, batch: &Batch) -> Result<(), StoreError> {
        let remove = |delete: &str, it: &Delivery| {
            let delete = connection.prepare_cached(delete);
            delete.and_then(|mut delete| delete.execute((it.position.0, &it.handler))).map_err(store_error)
        };
        for it in &batch.released {
            remove("DELETE FROM parked WHERE position = ?1 AND handler = ?2", it)?;
        }
        for it in &batch.closed_calls {
            remove("DELETE FROM call WHERE position = ?1 AND handler = ?2", it)?;
        }
        batch.parked.iter().try_for_each(|it| self.insert_parked(connection, it))?;
        batch.calls.iter().try_for_each(|it| self.insert_call(connection, it))
    }

    fn insert_parked(&mut self, connection: &Connection, it: &Parked) -> Result<(), StoreError> {
        let stream = self.stream(connection, &it.stream)?.id;
        let insert = "INSERT OR REPLACE INTO parked
            (position, handler, stream, process, cause, at, reason, attempts, retry_at, edited)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
        let row = params![
            it.position.0,
            it.handler,
            stream,
            it.process.0,
            it.cause,
            it.at.as_microsecond(),
            reason_number(it.reason),
            it.attempts,
            it.retry_at.map(|it| it.as_microsecond()),
            it.edited.map(|it| it.0)
        ];
        connection.prepare_cached(insert).and_then(|mut it| it.execute(row)).map(drop).map_err(store_error)
    }

    fn insert_call(&mut self, connection: &Connection, it: &EffectCall) -> Result<(), StoreError> {
        let stream = self.stream(connection, &it.stream)?.id;
        let insert = "INSERT OR REPLACE INTO call
            (position, handler, stream, process, attempts, due, cause, at)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
        let Delivery { position, handler } = &it.delivery;
        let (due, at) = (it.due.as_microsecond(), it.at.as_microsecond());
        let row = params![position.0, handler, stream, it.process.0, it.attempts, due, it.cause, at];
        connection.prepare_cached(insert).and_then(|mut it| it.execute(row)).map(drop).map_err(store_error)
    }

    fn change_timers(
        &mut self,
        connection: &Connection,
        batch: &Batch,
        after: Position,
    ) -> Result<(), StoreError> {
        for id in &batch.fired {
            let delete = connection.prepare_cached("DELETE FROM timer WHERE id = ?1");
            delete.and_then(|mut it| it.execute([id.0])).map_err(store_error)?;
        }
        batch.cancelled.iter().try_for_each(|it| self.cancel_timers(connection, it))?;
        for (id, due) in &batch.moved {
            let update = connection.prepare_cached("UPDATE timer SET due = ?1 WHERE id = ?2");
            update.and_then(|mut it| it.execute((due.as_microsecond(), id.0))).map_err(store_error)?;
        }
        for it in &batch.timers {
            let stream = self.stream(connection, &it.to)?.id;
            let sender = self.sender(connection, it.sender.as_ref())?;
            let message_type = self.message_type(connection, &it.message.name, it.message.schema_version)?;
            let (process, causation) = (it.process.resolve(after).0, it.causation.resolve(after).0);
            let insert = "INSERT INTO timer (due, stream, sender, message_type, payload, process, causation)
                VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
            let due = it.due.as_microsecond();
            let row = params![due, stream, sender, message_type, &*it.message.payload, process, causation];
            connection.prepare_cached(insert).and_then(|mut it| it.execute(row)).map_err(store_error)?;
        }
        check_timers(connection, batch, after)
    }

    fn cancel_timers(
        &mut self,
        connection: &Connection,
        cancellation: &Cancellation,
    ) -> Result<(), StoreError> {
        let deleted = match cancellation {
            Cancellation::Command { to, name } => {
                let stream = self.stream(connection, to)?.id;
                let delete = "DELETE FROM timer WHERE stream = ?1
                    AND message_type IN (SELECT id FROM message_type WHERE name = ?2)";
                connection.prepare_cached(delete).and_then(|mut it| it.execute((stream, *name)))
            }
            Cancellation::TimeoutsOf(instance) => {
                let instance = self.stream(connection, instance)?.id;
                let delete = "DELETE FROM timer WHERE stream = ?1 AND sender = ?1";
                connection.prepare_cached(delete).and_then(|mut it| it.execute([instance]))
            }
        };
        deleted.map(drop).map_err(store_error)
    }
}

/// The part of a batch that belongs to one process.
struct Span {
    first: u64,
    last: u64,
    messages: u64,
}

impl Span {
    fn grow(&mut self, position: u64) {
        self.last = position;
        self.messages += 1;
    }
}

/// Whether one of the timers that fire holds this very payload.
fn was_accepted(connection: &Connection, fired: &[TimerId], payload: &str) -> SqlResult<bool> {
    let mut query = connection.prepare_cached("SELECT 1 FROM timer WHERE id = ?1 AND payload = ?2")?;
    for id in fired {
        if query.exists((id.0, payload))? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn stored_messages(connection: &Connection, process: u64) -> SqlResult<u64> {
    let query = "SELECT messages FROM process_span WHERE process = ?1 ORDER BY first DESC LIMIT 1";
    Ok(connection.prepare_cached(query)?.query_row([process], |row| row.get(0)).optional()?.unwrap_or(0))
}

fn check_timers(connection: &Connection, batch: &Batch, after: Position) -> Result<(), StoreError> {
    let limit = batch.process_limits.timers;
    if limit == u64::MAX {
        return Ok(());
    }
    let most = i64::try_from(limit.saturating_add(1)).unwrap_or(i64::MAX);
    let processes: BTreeSet<u64> = batch.timers.iter().map(|it| it.process.resolve(after).0).collect();
    for process in processes {
        // Of one that has many more, not all are counted.
        let query = "SELECT count(*) FROM (SELECT 1 FROM timer WHERE process = ?1 LIMIT ?2)";
        let size = connection
            .prepare_cached(query)
            .and_then(|mut it| it.query_row((process, most), |row| row.get(0)));
        let size: u64 = size.map_err(store_error)?;
        if size > limit {
            let (process, what) = (ProcessId(process), "timers");
            return Err(StoreError::ProcessTooLarge { process, what, size, limit });
        }
    }
    Ok(())
}

/// Which processes are held, and what the application says of itself.
fn beside_the_log(connection: &Connection, batch: &Batch) -> SqlResult<()> {
    for (process, hold) in &batch.holds {
        match hold {
            Some(Hold { kind, operation }) => connection
                .prepare_cached("INSERT OR REPLACE INTO hold (process, kind, operation) VALUES (?1, ?2, ?3)")?
                .execute((process.0, hold_number(*kind), operation.0))?,
            None => connection.prepare_cached("DELETE FROM hold WHERE process = ?1")?.execute([process.0])?,
        };
    }
    for (name, text) in &batch.notes {
        match text {
            Some(text) => connection
                .prepare_cached("INSERT OR REPLACE INTO note (name, text) VALUES (?1, ?2)")?
                .execute((name, text))?,
            None => connection.prepare_cached("DELETE FROM note WHERE name = ?1")?.execute([name])?,
        };
    }
    Ok(())
}

fn stored_version(connection: &Connection, stream: i64) -> SqlResult<Version> {
    let query = "SELECT coalesce(max(version), 0) FROM log WHERE stream = ?1 AND version IS NOT NULL";
    connection.prepare_cached(query)?.query_row([stream], |row| row.get(0).map(Version))
}

fn find_or_insert_stream(connection: &Connection, stream: &Stream) -> SqlResult<StreamRow> {
    let key = (stream.category(), stream.id());
    let mut select = connection.prepare_cached("SELECT id FROM stream WHERE category = ?1 AND key = ?2")?;
    if let Some(id) = select.query_row(key, |row| row.get(0)).optional()? {
        return Ok(StreamRow { id, version: None });
    }
    connection.prepare_cached("INSERT INTO stream (category, key) VALUES (?1, ?2)")?.execute(key)?;
    Ok(StreamRow { id: connection.last_insert_rowid(), version: Some(Version::NONE) })
}

fn find_or_insert_message_type(connection: &Connection, name: &str, schema_version: u16) -> SqlResult<i64> {
    let key = (name, schema_version);
    let select = "SELECT id FROM message_type WHERE name = ?1 AND schema_version = ?2";
    if let Some(id) = connection.prepare_cached(select)?.query_row(key, |row| row.get(0)).optional()? {
        return Ok(id);
    }
    let insert = "INSERT INTO message_type (name, schema_version) VALUES (?1, ?2)";
    connection.prepare_cached(insert)?.execute(key)?;
    Ok(connection.last_insert_rowid())
}
