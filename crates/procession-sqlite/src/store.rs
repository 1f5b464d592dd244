use std::{
    path::{Path, PathBuf},
    sync::{Arc, mpsc},
};

use jiff::Timestamp;
use procession_core::{
    Partition, Stream, Version,
    log::{Position, ProcessId, Recorded},
};
use procession_runtime::{
    Store, StoreError,
    store::{Answer, Batch, Committed, Ownership, Parked, Progress, Timer},
};
use rusqlite::{Connection, OptionalExtension, Params, Result as SqlResult, params};
use tokio::sync::oneshot;

use crate::{
    OpenError, SqliteOptions,
    apply::Applier,
    lock::WriteLock,
    read::Readers,
    rows,
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

impl SqliteStore {
    /// Opens a store with the usual settings, or creates it.
    ///
    /// # Errors
    /// When the file is not a store, is in use by another process, or cannot be read and written.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, OpenError> {
        SqliteOptions::default().open(path)
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

    pub(crate) fn start(
        path: PathBuf,
        connection: Connection,
        lock: WriteLock,
        partitions: u16,
        options: &SqliteOptions,
    ) -> Result<Self, OpenError> {
        let io = |reason: String| OpenError::Io { path: path.clone(), reason };
        let applier = Applier::new(options.max_payload_bytes);
        let (jobs, queue) = mpsc::channel();
        let writer = Writer::new(connection, applier, lock);
        let thread = std::thread::Builder::new().name("procession-sqlite".into());
        thread.spawn(move || writer.run(&queue)).map_err(|error| io(error.to_string()))?;
        Ok(Self {
            readers: Readers::new(path.clone()),
            path: Arc::new(path),
            partitions,
            max_payload_bytes: options.max_payload_bytes,
            jobs: Some(jobs),
        })
    }

    pub(crate) fn read_only(path: PathBuf, _: Connection, partitions: u16, options: &SqliteOptions) -> Self {
        Self {
            readers: Readers::new(path.clone()),
            path: Arc::new(path),
            partitions,
            max_payload_bytes: options.max_payload_bytes,
            jobs: None,
        }
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
        self.write(|reply| Job::Commit { batch, reply })
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

    fn parked(&self) -> Answer<Vec<Parked>> {
        self.readers.read(|connection| {
            connection.prepare_cached(rows::PARKED)?.query_map([], rows::parked)?.collect()
        })
    }

    fn due_timers(&self, now: Timestamp, limit: usize) -> Answer<Vec<Timer>> {
        self.readers.read(move |connection| {
            let mut query = connection.prepare_cached(rows::DUE_TIMERS)?;
            query.query_map((now.as_microsecond(), bound(limit)), rows::timer)?.collect()
        })
    }

    fn next_due(&self) -> Answer<Option<Timestamp>> {
        self.readers.read(|connection| {
            let mut query = connection.prepare_cached("SELECT due FROM timer ORDER BY due LIMIT 1")?;
            query.query_row([], |row| rows::timestamp(row, 0)).optional()
        })
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
