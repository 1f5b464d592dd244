use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use procession_core::{
    Partition, Stream, Version,
    log::{Position, ProcessId, Recorded},
};
use procession_runtime::{
    Store, StoreError,
    store::{
        Answer, Archived, Batch, Committed, EffectCall, Generation, Hold, KeyRange, Nodes, Ownership, Parked,
        ParkedOf, ParkedStream, ProcessExtent, Progress, Projections, Row as ModelRow, RowsOf, Timer,
        TimersOf,
    },
};
use tokio::sync::{mpsc, oneshot};
use tokio_postgres::Row;

use crate::{
    ConnectError, PostgresOptions,
    encode::Shape,
    escape::escape,
    listen::Listener,
    pulse::Pulse,
    queries,
    read::{Readers, values},
    read_models,
    rows::{self, bound, get, position},
    server::Server,
    writer::{Job, Reply},
};

/// A store in a PostgreSQL database. Clones are handles of the same store.
///
/// ```no_run
/// use procession_postgres::PostgresStore;
///
/// # async fn connect() -> Result<(), procession_postgres::ConnectError> {
/// let store = PostgresStore::connect("postgres://hotel:secret@db.example/hotel").await?;
/// # Ok(())
/// # }
/// ```
///
/// # Addresses
///
/// Beside what every address of PostgreSQL holds, these parts are understood: `schema=NAME`, and
/// `sslmode=disable|prefer|require` with `sslrootcert=FILE`. Without `sslmode` it is `disable` on this very machine, and
/// `prefer` to others. Whenever a connection is encrypted, the server's certificate and its name are verified, against the
/// file or else what the system trusts; so `verify-ca` and `verify-full` are understood too, and mean `require`.
#[derive(Clone)]
pub struct PostgresStore {
    pub(crate) server: Arc<Server>,
    shape: Shape,
    pub(crate) readers: Readers,
    /// None when the store is read only.
    jobs: Option<mpsc::UnboundedSender<Job>>,
    listener: Option<Arc<Listener>>,
    /// None when the store is not connected to as a node.
    pub(crate) pulse: Option<Arc<Pulse>>,
}

/// How soon those who only read notice what was appended: they may not ask to be told.
const LOOK_EVERY: Duration = Duration::from_millis(200);

impl PostgresStore {
    pub(crate) fn answered_by_nothing(&self) -> StoreError {
        StoreError::Permanent(format!("{} has answered by nothing", self.server.name))
    }

    /// Connects to a store with the usual settings. The schema is created, or upgraded, if need be.
    ///
    /// # Errors
    /// When the server cannot be reached, or may not be used so, or does not keep what it acknowledges.
    pub async fn connect(address: &str) -> Result<Self, ConnectError> {
        PostgresOptions::default().connect(address).await
    }

    /// Connects to a store to read it, and to append to its log, beside the nodes that handle its messages: for operators.
    ///
    /// # Errors
    /// As [`Self::connect`], and when there is no store, or one of an older release.
    pub async fn connect_beside(address: &str) -> Result<Self, ConnectError> {
        PostgresOptions::default().connect_beside(address).await
    }

    /// Connects to a store for reading only. A standby server will do.
    ///
    /// # Errors
    /// As [`Self::connect_beside`].
    pub async fn connect_read_only(address: &str) -> Result<Self, ConnectError> {
        PostgresOptions::default().connect_read_only(address).await
    }

    /// Settings other than the usual ones.
    #[must_use]
    pub fn options() -> PostgresOptions {
        PostgresOptions::default()
    }

    pub(crate) fn new(
        server: Arc<Server>,
        shape: Shape,
        readers: Readers,
        jobs: Option<mpsc::UnboundedSender<Job>>,
        listener: Option<Listener>,
        pulse: Option<Pulse>,
    ) -> Self {
        Self { server, shape, readers, jobs, listener: listener.map(Arc::new), pulse: pulse.map(Arc::new) }
    }

    /// Hands a job to the writer at once; the answer only waits.
    fn write<T: Send + 'static>(&self, job: impl FnOnce(Reply<T>) -> Job) -> Answer<T> {
        let (reply, answer) = oneshot::channel();
        let closed = StoreError::Permanent(format!("{} is closed", self.name()));
        let handed_over = match &self.jobs {
            Some(jobs) => jobs.send(job(reply)).map_err(|_| closed.clone()),
            None => Err(StoreError::Permanent(format!("{} was connected to for reading only", self.name()))),
        };
        Box::pin(async move {
            handed_over?;
            answer.await.unwrap_or(Err(closed))
        })
    }

    fn head(&self) -> Answer<Option<Position>> {
        self.readers.first(queries::HEAD, values![], first_position)
    }
}

impl Store for PostgresStore {
    fn name(&self) -> String {
        self.server.name.clone()
    }

    fn partitions(&self) -> u16 {
        self.shape.partitions
    }

    fn max_payload_bytes(&self) -> usize {
        self.shape.max_payload_bytes
    }

    fn commit(&self, batch: Batch) -> Answer<Committed> {
        self.write(|reply| Job::Commit { batch: Box::new(batch), reply })
    }

    fn acquire(&self, partitions: Vec<Partition>) -> Answer<Vec<Ownership>> {
        self.write(|reply| Job::Acquire { partitions, reply })
    }

    fn progress(&self) -> Answer<Progress> {
        let progress = self.readers.first(queries::PROGRESS, values![], rows::progress);
        let strange = self.answered_by_nothing();
        Box::pin(async move { progress.await?.ok_or(strange) })
    }

    fn read_log(&self, after: Position, limit: usize) -> Answer<Vec<Recorded>> {
        self.readers.entries(queries::LOG, values![bound(after.0), bound(limit)])
    }

    fn read_stream(&self, stream: Stream, after: Version, limit: usize) -> Answer<Vec<Recorded>> {
        let (category, key) = (vec![escaped(stream.category())], vec![escaped(stream.id())]);
        self.readers.entries(queries::STREAMS, values![category, key, bound(after.0), bound(limit)])
    }

    fn read_streams(&self, streams: Vec<Stream>, limit: usize) -> Answer<Vec<Vec<Recorded>>> {
        let categories: Vec<_> = streams.iter().map(|it| escaped(it.category())).collect();
        let keys: Vec<_> = streams.iter().map(|it| escaped(it.id())).collect();
        let values = values![categories, keys, 0_i64, bound(limit)];
        let it = self.clone();
        Box::pin(async move {
            let (events, rows) = it.readers.recorded(queries::STREAMS, &values).await?;
            let mut all = vec![Vec::new(); streams.len()];
            for (event, row) in events.into_iter().zip(&rows) {
                let place = it.readers.understand(get::<i64>(row, 11))?;
                if let Some(events) = usize::try_from(place - 1).ok().and_then(|it| all.get_mut(it)) {
                    events.push(event);
                }
            }
            Ok(all)
        })
    }

    fn read_process(&self, process: ProcessId, after: Position, limit: usize) -> Answer<Vec<Recorded>> {
        // So that one may be added to it.
        let after = bound(after.0).min(i64::MAX - 1);
        self.readers.entries(queries::PROCESS, values![bound(process.0), after, bound(limit)])
    }

    fn streams(&self, category: String, after: Option<String>, limit: usize) -> Answer<Vec<Stream>> {
        let values = values![escaped(&category), escaped(&after.unwrap_or_default()), bound(limit)];
        self.readers.all(queries::STREAMS_OF_CATEGORY, values, |row| rows::stream(row, 0))
    }

    fn find_key(&self, key: Arc<str>) -> Answer<Option<Position>> {
        self.readers.first(queries::KEY, values![escaped(&key)], first_position)
    }

    fn archived(&self, after: (ProcessId, Position), limit: usize) -> Answer<Vec<Archived>> {
        let values = values![bound(after.0.0), bound(after.1.0), bound(limit)];
        self.readers.all(queries::ARCHIVED, values, rows::archived)
    }

    fn id(&self) -> Answer<String> {
        let missing = StoreError::Permanent(format!("{} has lost its id", self.name()));
        let id = self.note("store_id".into());
        Box::pin(async move { id.await?.ok_or(missing) })
    }

    fn read_entries(&self, positions: Vec<Position>) -> Answer<Vec<Recorded>> {
        let positions: Vec<i64> = positions.into_iter().map(|it| bound(it.0)).collect();
        self.readers.entries(queries::ENTRIES, values![positions])
    }

    fn grown(&self, beyond: Position) -> Answer<()> {
        if let Some(listener) = &self.listener {
            let mut heads = listener.heads().subscribe();
            let closed = StoreError::Permanent(format!("{} is closed", self.name()));
            return Box::pin(async move {
                heads.wait_for(|head| *head > beyond).await.map(drop).map_err(|_| closed)
            });
        }
        let store = self.clone();
        Box::pin(async move {
            while store.head().await?.is_none_or(|head| head <= beyond) {
                tokio::time::sleep(LOOK_EVERY).await;
            }
            Ok(())
        })
    }

    fn processes(&self, before: Option<ProcessId>, limit: usize) -> Answer<Vec<ProcessExtent>> {
        let before = before.map_or(i64::MAX, |it| bound(it.0));
        self.readers.all(queries::NEWEST_PROCESSES, values![before, bound(limit)], rows::extent)
    }

    fn process(&self, process: ProcessId) -> Answer<Option<ProcessExtent>> {
        self.readers.first(queries::EXTENT, values![bound(process.0)], rows::extent)
    }

    fn open_streams(
        &self,
        category: String,
        ends: Vec<String>,
        after: Option<String>,
        limit: usize,
    ) -> Answer<Vec<Recorded>> {
        let ends: Vec<_> = ends.iter().map(|it| escaped(it)).collect();
        let after = escaped(&after.unwrap_or_default());
        self.readers.entries(queries::OPEN_STREAMS, values![escaped(&category), after, ends, bound(limit)])
    }

    fn parked(&self, of: ParkedOf, limit: usize) -> Answer<Vec<Parked>> {
        let limit = bound(limit);
        let (query, values) = match of {
            ParkedOf::Everything => (queries::PARKED, values![limit]),
            ParkedOf::After(last) => {
                let values = values![limit, bound(last.position.0), escaped(&last.handler)];
                (queries::PARKED_AFTER, values)
            }
            ParkedOf::Process(process) => (queries::PARKED_OF_PROCESS, values![limit, bound(process.0)]),
            ParkedOf::ProcessAfter(process, last) => {
                let values = values![limit, bound(process.0), bound(last.position.0), escaped(&last.handler)];
                (queries::PARKED_OF_PROCESS_AFTER, values)
            }
            ParkedOf::Stream { handler, stream } => {
                let values =
                    values![limit, escaped(stream.category()), escaped(stream.id()), escaped(&handler)];
                (queries::PARKED_OF_STREAM, values)
            }
        };
        self.readers.all(query, values, rows::parked)
    }

    fn calls(&self) -> Answer<Vec<EffectCall>> {
        self.readers.all(queries::CALLS, values![], rows::call)
    }

    fn holds(&self) -> Answer<Vec<(ProcessId, Hold)>> {
        self.readers.all(queries::HOLDS, values![], rows::hold)
    }

    fn note(&self, name: String) -> Answer<Option<String>> {
        self.readers.first(queries::NOTE, values![escaped(&name)], |row| rows::text(row, 0))
    }

    fn notes(&self, prefix: String) -> Answer<Vec<(String, String)>> {
        let pair = |row: &Row| Ok((rows::text(row, 0)?, rows::text(row, 1)?));
        self.readers.all(queries::NOTES, values![escaped(&prefix)], pair)
    }

    fn timers(&self, of: TimersOf, limit: usize) -> Answer<Vec<Timer>> {
        let limit = bound(limit);
        let (query, values) = match of {
            TimersOf::After(after) => {
                let (due, id) = after.map_or((i64::MIN, 0), |(due, id)| (due.as_microsecond(), bound(id.0)));
                (queries::TIMERS_AFTER, values![limit, due, id])
            }
            TimersOf::Process(process) => (queries::TIMERS_OF_PROCESS, values![limit, bound(process.0)]),
            TimersOf::Id(id) => (queries::TIMER, values![limit, bound(id.0)]),
        };
        self.readers.all(query, values, rows::timer)
    }

    fn due_timers(&self, now: Timestamp, limit: usize) -> Answer<Vec<Timer>> {
        self.readers.all(queries::DUE_TIMERS, values![bound(limit), now.as_microsecond()], rows::timer)
    }

    fn next_due(&self) -> Answer<Option<Timestamp>> {
        self.readers.first(queries::NEXT_DUE, values![], |row| rows::timestamp(row, 0))
    }

    fn nodes(&self) -> Option<Arc<dyn Nodes>> {
        Some(Arc::new(self.clone()))
    }

    fn acquire_projection(&self, projection: Arc<str>) -> Answer<u64> {
        self.write(|reply| Job::AcquireProjection { projection, reply })
    }

    fn projections(&self) -> Answer<Projections> {
        self.readers.understood(read_models::PROJECTIONS, values![], read_models::projections)
    }

    fn rows(&self, of: RowsOf, keys: Vec<String>) -> Answer<Vec<Option<ModelRow>>> {
        let keys: Vec<_> = keys.iter().map(|it| escaped(it)).collect();
        let values = values![escaped(&of.projection), of.number.map(bound), keys];
        self.readers.all(read_models::ROWS, values, read_models::row)
    }

    fn scan_rows(&self, of: RowsOf, range: KeyRange, limit: usize) -> Answer<Vec<(String, ModelRow)>> {
        let KeyRange { from, is_after, to } = range;
        let (from, to) = (escaped(&from), to.as_deref().map(escaped));
        let number = of.number.map(bound);
        let values = values![escaped(&of.projection), number, from, is_after, to, bound(limit)];
        self.readers.all(read_models::SCAN, values, read_models::scanned)
    }

    fn parked_streams(&self, generation: Generation, limit: usize) -> Answer<Vec<ParkedStream>> {
        let values = values![escaped(&generation.projection), bound(generation.number), bound(limit)];
        let parked = move |row: &Row| read_models::parked_stream(row, &generation);
        self.readers.all(read_models::PARKED_STREAMS, values, parked)
    }

    fn close(&self) -> Answer<()> {
        let closed = match self.jobs {
            Some(_) => self.write(|reply| Job::Close { reply }),
            None => Box::pin(async { Ok(()) }),
        };
        let it = self.clone();
        Box::pin(async move {
            closed.await?;
            it.listener.iter().for_each(|it| it.stop());
            it.readers.close();
            if let Some(pulse) = &it.pulse {
                pulse.stop().await;
            }
            Ok(())
        })
    }
}

fn escaped(text: &str) -> String {
    escape(text).into_owned()
}

fn first_position(row: &Row) -> rows::Read<Position> {
    get(row, 0).map(position)
}
