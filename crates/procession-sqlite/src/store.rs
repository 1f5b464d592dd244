use std::{
    path::{Path, PathBuf},
    sync::{Arc, mpsc},
    time::Duration,
};

use jiff::Timestamp;
use procession_core::{
    Partition, Stream, Version,
    log::{Position, ProcessId, Recorded},
};
use procession_runtime::{
    Store, StoreError,
    store::{
        Answer, Archived, Batch, Committed, EffectCall, Generation, Hold, KeyRange, Ownership, Parked,
        ParkedOf, ParkedStream, ProcessExtent, Progress, Projections, Row, RowsOf, Timer, TimersOf,
    },
};
use rusqlite::{Connection, OptionalExtension, Params, Result as SqlResult, params};
use tokio::sync::oneshot;

use crate::{
    BackupError, OpenError, SqliteOptions,
    apply::Applier,
    archive, backup, inspect,
    lock::{InUse, WriteLock},
    read::Readers,
    read_models, rows,
    writer::{Job, Writer},
};

/// A store in one SQLite file. Clones are handles of the same store.
///
/// ```no_run
/// use procession_sqlite::SqliteStore;
///
/// let store = SqliteStore::open("hotel.db")?;
/// # Ok::<(), procession_sqlite::OpenError>(())
/// ```
///
/// Its calls need a tokio runtime.
#[derive(Clone)]
pub struct SqliteStore {
    path: Arc<PathBuf>,
    partitions: u16,
    max_payload_bytes: usize,
    /// None when the store is read only.
    jobs: Option<mpsc::Sender<Job>>,
    readers: Readers,
}

/// How soon the process that handles the messages notices what others have appended, when it has nothing else to do.
const LOOK_FOR_OTHERS_EVERY: Duration = Duration::from_millis(200);

impl SqliteStore {
    /// Opens a store with the usual settings, or creates it.
    ///
    /// # Errors
    /// When the file is not a store, is in use by another process, or cannot be read and written.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, OpenError> {
        SqliteOptions::default().open(path)
    }

    /// Whether a process handles the messages of the store in this file, or since when none does.
    ///
    /// # Errors
    /// When the lock file beside it cannot be read.
    pub fn in_use(path: impl AsRef<Path>) -> Result<InUse, OpenError> {
        let path = path.as_ref();
        InUse::of(path).map_err(|error| OpenError::Io {
            path: path.into(),
            reason: format!("the lock file beside it cannot be read: {error}"),
        })
    }

    /// Opens a store for reading only, beside the process that writes it.
    ///
    /// # Errors
    /// When the file does not exist or is not a store.
    pub fn open_read_only(path: impl AsRef<Path>) -> Result<Self, OpenError> {
        SqliteOptions::default().open_read_only(path)
    }

    /// Settings other than the usual ones.
    #[must_use]
    pub fn options() -> SqliteOptions {
        SqliteOptions::default()
    }

    /// Opens a store to read it, and to append to its log, beside the process that handles its messages: for operators.
    ///
    /// # Errors
    /// When the file does not exist, is not a store, or was written by an older release.
    pub fn open_beside(path: impl AsRef<Path>) -> Result<Self, OpenError> {
        SqliteOptions::default().open_beside(path)
    }

    /// Copies the whole store, as it is at one time, into a new file. It may be in use meanwhile, and nobody waits for it.
    ///
    /// # Errors
    /// When there is such a file already, which is not overwritten, or the copy cannot be written. Then no file is left.
    pub async fn back_up(&self, to: impl AsRef<Path>) -> Result<(), BackupError> {
        backup::back_up(&self.readers, to.as_ref()).await
    }

    pub(crate) fn start(
        path: PathBuf,
        connection: Connection,
        lock: WriteLock,
        partitions: u16,
        options: &SqliteOptions,
    ) -> Result<Self, OpenError> {
        let writer = Writer::new(connection, Applier::new(options.max_payload_bytes), Some(lock));
        Self::with(path, Some(writer), partitions, options)
    }

    /// Beside the process that holds the lock: with a connection it may append, without one it only reads.
    pub(crate) fn beside(
        path: PathBuf,
        connection: Option<Connection>,
        partitions: u16,
        options: &SqliteOptions,
    ) -> Result<Self, OpenError> {
        let writer = connection.map(|it| Writer::new(it, Applier::new(options.max_payload_bytes), None));
        Self::with(path, writer, partitions, options)
    }

    fn with(
        path: PathBuf,
        writer: Option<Writer>,
        partitions: u16,
        options: &SqliteOptions,
    ) -> Result<Self, OpenError> {
        let jobs = writer.map(Writer::start).transpose();
        let jobs = jobs.map_err(|error| OpenError::Io { path: path.clone(), reason: error.to_string() })?;
        Ok(Self {
            readers: Readers::new(path.clone()),
            path: Arc::new(path),
            partitions,
            max_payload_bytes: options.max_payload_bytes,
            jobs,
        })
    }

    #[cfg(test)]
    pub(crate) fn readers(&self) -> &Readers {
        &self.readers
    }

    /// Hands a job to the writer at once; the answer only waits.
    fn write<T: Send + 'static>(
        &self,
        job: impl FnOnce(oneshot::Sender<Result<T, StoreError>>) -> Job,
    ) -> Answer<T> {
        let (reply, answer) = oneshot::channel();
        let handed_over = match &self.jobs {
            Some(jobs) => jobs.send(job(reply)).map_err(|_| self.closed()),
            None => Err(StoreError::Permanent(format!("{} was opened for reading only", self.name()))),
        };
        let closed = self.closed();
        Box::pin(async move {
            handed_over?;
            answer.await.unwrap_or(Err(closed))
        })
    }

    fn closed(&self) -> StoreError {
        StoreError::Permanent(format!("{} is closed", self.name()))
    }

    fn entries(
        &self,
        condition: &'static str,
        params: impl Params + Send + 'static,
    ) -> Answer<Vec<Recorded>> {
        self.readers.read(move |connection| {
            let query = format!("{} {condition}", rows::RECORDED);
            connection.prepare_cached(&query)?.query_map(params, rows::recorded)?.collect()
        })
    }
}

impl Store for SqliteStore {
    fn name(&self) -> String {
        format!("sqlite:{}", self.path.display())
    }

    fn partitions(&self) -> u16 {
        self.partitions
    }

    fn max_payload_bytes(&self) -> usize {
        self.max_payload_bytes
    }

    fn commit(&self, batch: Batch) -> Answer<Committed> {
        self.write(|reply| Job::Commit { batch: Box::new(batch), reply })
    }

    fn acquire(&self, partitions: Vec<Partition>) -> Answer<Vec<Ownership>> {
        self.write(|reply| Job::Acquire { partitions, reply })
    }

    fn progress(&self) -> Answer<Progress> {
        self.readers.read(|connection| {
            let head = connection.query_row("SELECT coalesce(max(position), 0) FROM log", [], position)?;
            let mut query = connection.prepare_cached("SELECT checkpoint FROM partition ORDER BY id")?;
            let checkpoints = query.query_map([], position)?.collect::<SqlResult<_>>()?;
            Ok(Progress { head, checkpoints })
        })
    }

    fn read_log(&self, after: Position, limit: usize) -> Answer<Vec<Recorded>> {
        self.entries("WHERE log.position > ?1 ORDER BY log.position LIMIT ?2", (bound(after.0), bound(limit)))
    }

    fn read_stream(&self, stream: Stream, after: Version, limit: usize) -> Answer<Vec<Recorded>> {
        self.readers.read(move |connection| events(connection, &stream, after, limit))
    }

    fn read_streams(&self, streams: Vec<Stream>, limit: usize) -> Answer<Vec<Vec<Recorded>>> {
        self.readers.read(move |connection| {
            streams.iter().map(|stream| events(connection, stream, Version::NONE, limit)).collect()
        })
    }

    fn read_process(&self, process: ProcessId, after: Position, limit: usize) -> Answer<Vec<Recorded>> {
        self.readers.read(move |connection| {
            let mut query = connection.prepare_cached(rows::PROCESS)?;
            let range = (bound(process.0), bound(after.0), bound(limit));
            query.query_map(range, rows::recorded)?.collect()
        })
    }

    fn streams(&self, category: String, after: Option<String>, limit: usize) -> Answer<Vec<Stream>> {
        self.readers.read(move |connection| {
            let query = "SELECT category, key FROM stream
                WHERE category = ?1 AND (?2 IS NULL OR key > ?2)
                AND EXISTS (SELECT 1 FROM log WHERE log.stream = stream.id AND log.version IS NOT NULL)
                ORDER BY key LIMIT ?3";
            let mut query = connection.prepare_cached(query)?;
            query.query_map(params![category, after, bound(limit)], |row| rows::stream(row, 0))?.collect()
        })
    }

    fn find_key(&self, key: Arc<str>) -> Answer<Option<Position>> {
        self.readers.read(move |connection| {
            let query = "SELECT position FROM idempotency_key WHERE key = ?1";
            connection.prepare_cached(query)?.query_row([&*key], position).optional()
        })
    }

    fn archived(&self, after: (ProcessId, Position), limit: usize) -> Answer<Vec<Archived>> {
        let after = (bound(after.0.0), bound(after.1.0));
        self.readers.read(move |connection| archive::archived(connection, after, bound(limit)))
    }

    fn id(&self) -> Answer<String> {
        let name = self.name();
        let id = self.note("store_id".into());
        let missing = StoreError::Permanent(format!("{name} has lost its id"));
        Box::pin(async move { id.await?.ok_or(missing) })
    }

    fn read_entries(&self, positions: Vec<Position>) -> Answer<Vec<Recorded>> {
        self.readers.read(move |connection| {
            let query = format!("{} WHERE log.position = ?1", rows::RECORDED);
            let mut query = connection.prepare_cached(&query)?;
            let mut entry = |it: &Position| query.query_row([bound(it.0)], rows::recorded).optional();
            positions.iter().filter_map(|it| entry(it).transpose()).collect()
        })
    }

    fn grown(&self, beyond: Position) -> Answer<()> {
        let store = self.clone();
        Box::pin(async move {
            loop {
                let head = store.readers.read(|connection| {
                    connection.query_row("SELECT coalesce(max(position), 0) FROM log", [], position)
                });
                if head.await? > beyond {
                    return Ok(());
                }
                tokio::time::sleep(LOOK_FOR_OTHERS_EVERY).await;
            }
        })
    }

    fn processes(&self, before: Option<ProcessId>, limit: usize) -> Answer<Vec<ProcessExtent>> {
        self.readers.read(move |connection| {
            let mut newest = connection.prepare_cached(inspect::NEWEST_PROCESS)?;
            let mut extent = connection.prepare_cached(inspect::EXTENT)?;
            let mut before = before.map_or(i64::MAX, |it| bound(it.0));
            let mut found = Vec::new();
            while found.len() < limit {
                let Some(process) = newest.query_row([before], |row| row.get(0)).optional()?.flatten() else {
                    break;
                };
                found.extend(extent.query_row([process], inspect::extent).optional()?);
                before = process;
            }
            Ok(found)
        })
    }

    fn process(&self, process: ProcessId) -> Answer<Option<ProcessExtent>> {
        self.readers.read(move |connection| {
            let mut extent = connection.prepare_cached(inspect::EXTENT)?;
            extent.query_row([bound(process.0)], inspect::extent).optional()
        })
    }

    fn open_streams(
        &self,
        category: String,
        ends: Vec<String>,
        after: Option<String>,
        limit: usize,
    ) -> Answer<Vec<Recorded>> {
        self.readers.read(move |connection| {
            inspect::open_streams(connection, &category, &ends, after.as_deref(), bound(limit))
        })
    }

    fn parked(&self, of: ParkedOf, limit: usize) -> Answer<Vec<Parked>> {
        self.readers.read(move |connection| inspect::parked(connection, &of, bound(limit)))
    }

    fn calls(&self) -> Answer<Vec<EffectCall>> {
        self.readers
            .read(|connection| connection.prepare_cached(rows::CALLS)?.query_map([], rows::call)?.collect())
    }

    fn holds(&self) -> Answer<Vec<(ProcessId, Hold)>> {
        self.readers.read(|connection| {
            let query = "SELECT process, kind, operation FROM hold ORDER BY process";
            connection.prepare_cached(query)?.query_map([], rows::hold)?.collect()
        })
    }

    fn note(&self, name: String) -> Answer<Option<String>> {
        self.readers.read(move |connection| {
            let query = "SELECT text FROM note WHERE name = ?1";
            connection.prepare_cached(query)?.query_row([name], |row| row.get(0)).optional()
        })
    }

    fn notes(&self, prefix: String) -> Answer<Vec<(String, String)>> {
        self.readers.read(move |connection| {
            let query = "SELECT name, text FROM note WHERE substr(name, 1, length(?1)) = ?1 ORDER BY name";
            let pair = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?));
            connection.prepare_cached(query)?.query_map([prefix], pair)?.collect()
        })
    }

    fn timers(&self, of: TimersOf, limit: usize) -> Answer<Vec<Timer>> {
        self.readers.read(move |connection| inspect::timers(connection, of, bound(limit)))
    }

    fn due_timers(&self, now: Timestamp, limit: usize) -> Answer<Vec<Timer>> {
        self.readers.read(move |connection| {
            let query = format!("{} WHERE timer.due <= ?1 {}", rows::TIMERS, rows::TIMERS_IN_ORDER);
            let mut query = connection.prepare_cached(&query)?;
            query.query_map((now.as_microsecond(), bound(limit)), rows::timer)?.collect()
        })
    }

    fn next_due(&self) -> Answer<Option<Timestamp>> {
        self.readers.read(|connection| {
            let mut query = connection.prepare_cached("SELECT due FROM timer ORDER BY due LIMIT 1")?;
            query.query_row([], |row| rows::timestamp(row, 0)).optional()
        })
    }

    fn acquire_projection(&self, projection: Arc<str>) -> Answer<u64> {
        self.write(|reply| Job::AcquireProjection { projection, reply })
    }

    fn projections(&self) -> Answer<Projections> {
        self.readers.read(read_models::projections)
    }

    fn rows(&self, of: RowsOf, keys: Vec<String>) -> Answer<Vec<Option<Row>>> {
        self.readers.read(move |connection| read_models::rows(connection, &of, &keys))
    }

    fn scan_rows(&self, of: RowsOf, range: KeyRange, limit: usize) -> Answer<Vec<(String, Row)>> {
        self.readers.read(move |connection| read_models::scan(connection, &of, &range, bound(limit)))
    }

    fn parked_streams(&self, generation: Generation, limit: usize) -> Answer<Vec<ParkedStream>> {
        self.readers
            .read(move |connection| read_models::parked_streams(connection, &generation, bound(limit)))
    }

    fn close(&self) -> Answer<()> {
        self.readers.close();
        match self.jobs {
            Some(_) => self.write(|reply| Job::Close { reply }),
            None => Box::pin(async { Ok(()) }),
        }
    }
}

fn events(
    connection: &Connection,
    stream: &Stream,
    after: Version,
    limit: usize,
) -> SqlResult<Vec<Recorded>> {
    let mut query = connection.prepare_cached(rows::EVENTS)?;
    let range = params![stream.category(), stream.id(), bound(after.0), bound(limit)];
    query.query_map(range, rows::recorded)?.collect()
}

fn position(row: &rusqlite::Row<'_>) -> SqlResult<Position> {
    row.get(0).map(Position)
}

/// A position or a limit as SQLite compares it: what is too large for it is larger than anything that it holds.
fn bound(number: impl TryInto<i64>) -> i64 {
    number.try_into().unwrap_or(i64::MAX)
}
