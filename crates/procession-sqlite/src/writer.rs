use std::{
    io,
    sync::{Arc, mpsc},
};

use procession_core::Partition;
use procession_runtime::{
    StoreError,
    store::{Batch, Committed, Ownership},
};
use rusqlite::{Connection, Result as SqlResult};
use tokio::sync::oneshot;

use crate::{
    apply::Applier, apply_read_models::acquire_projection, error::store_error, fault_points::FaultPoint,
    lock::WriteLock,
};

/// What the writer is asked for.
pub(crate) enum Job {
    Commit { batch: Box<Batch>, reply: Reply<Committed> },
    Acquire { partitions: Vec<Partition>, reply: Reply<Vec<Ownership>> },
    AcquireProjection { projection: Arc<str>, reply: Reply<u64> },
    Close { reply: Reply<()> },
}

type Reply<T> = oneshot::Sender<Result<T, StoreError>>;

/// The one thread that writes. All batches that wait when it is free are committed together.
pub(crate) struct Writer {
    connection: Connection,
    applier: Applier,
    /// Changes when another connection has written.
    data_version: Option<i64>,
    /// Held as long as the connection is open; none beside the process that holds it.
    lock: Option<WriteLock>,
}

/// Batches that are committed together, at most. Each is large already when there is much to do.
const MOST_BATCHES_TOGETHER: usize = 64;

impl Writer {
    pub(crate) fn new(connection: Connection, applier: Applier, lock: Option<WriteLock>) -> Self {
        Self { connection, applier, data_version: None, lock }
    }

    /// Starts its thread.
    pub(crate) fn start(self) -> io::Result<mpsc::Sender<Job>> {
        let (jobs, queue) = mpsc::channel();
        let thread = std::thread::Builder::new().name("procession-sqlite".into());
        thread.spawn(move || self.run(&queue))?;
        Ok(jobs)
    }

    fn run(mut self, queue: &mpsc::Receiver<Job>) {
        let mut waiting = Vec::new();
        while let Ok(job) = queue.recv() {
            let mut next = Some(job);
            while let Some(job) = next.take() {
                match job {
                    Job::Commit { batch, reply } => waiting.push((*batch, reply)),
                    Job::Acquire { partitions, reply } => {
                        self.commit_together(std::mem::take(&mut waiting));
                        _ = reply.send(self.acquire(&partitions));
                    }
                    Job::AcquireProjection { projection, reply } => {
                        self.commit_together(std::mem::take(&mut waiting));
                        _ = reply.send(self.acquire_projection(&projection));
                    }
                    Job::Close { reply } => {
                        self.commit_together(std::mem::take(&mut waiting));
                        return self.close(reply);
                    }
                }
                if waiting.len() < MOST_BATCHES_TOGETHER {
                    next = queue.try_recv().ok();
                }
            }
            self.commit_together(std::mem::take(&mut waiting));
        }
    }

    /// Commits batches in one transaction. When one of them fails, the others are applied again without it.
    fn commit_together(&mut self, mut waiting: Vec<(Batch, Reply<Committed>)>) {
        while !waiting.is_empty() {
            let result = self.try_together(waiting.iter().map(|(batch, _)| batch));
            match result {
                Ok(committed) => {
                    for ((_, reply), committed) in waiting.drain(..).zip(committed) {
                        _ = reply.send(Ok(committed));
                    }
                    FaultPoint::TransactionTold.pass();
                }
                Err(Failed::Batch(index, error)) => {
                    let (_, reply) = waiting.remove(index);
                    _ = reply.send(Err(error));
                }
                Err(Failed::Transaction(error)) => {
                    for (_, reply) in waiting.drain(..) {
                        _ = reply.send(Err(error.clone()));
                    }
                }
            }
        }
    }

    fn try_together<'a>(
        &mut self,
        batches: impl Iterator<Item = &'a Batch>,
    ) -> Result<Vec<Committed>, Failed> {
        let transaction_failed = |error| Failed::Transaction(store_error(error));
        FaultPoint::TransactionBeginning.pass();
        self.begin().map_err(Failed::Transaction)?;
        FaultPoint::TransactionBegun.pass();
        let mut committed = Vec::new();
        for (index, batch) in batches.enumerate() {
            match self.applier.apply(&self.connection, batch) {
                Ok(it) => committed.push(it),
                Err(error) => {
                    self.roll_back();
                    return Err(Failed::Batch(index, error));
                }
            }
        }
        FaultPoint::TransactionCommitting.pass();
        if let Err(error) = self.connection.execute_batch("COMMIT") {
            self.roll_back();
            return Err(transaction_failed(error));
        }
        FaultPoint::TransactionCommitted.pass();
        Ok(committed)
    }

    fn begin(&mut self) -> Result<(), StoreError> {
        let begun = self.try_begin();
        if begun.is_err() {
            self.roll_back();
        }
        begun.map_err(store_error)
    }

    /// Begins a transaction. If somebody else has written meanwhile, an operator or who has got past the lock, what is
    /// remembered is forgotten, so that they meet as conflicts and not as two logs in one file.
    fn try_begin(&mut self) -> SqlResult<()> {
        self.connection.execute_batch("BEGIN IMMEDIATE")?;
        let version = self
            .connection
            .prepare_cached("PRAGMA data_version")?
            .query_row([], |row| row.get::<_, i64>(0))?;
        if self.data_version.replace(version).is_some_and(|it| it != version) {
            tracing::debug!("somebody else has written the store");
            self.applier.forget();
        }
        Ok(())
    }

    fn acquire(&mut self, partitions: &[Partition]) -> Result<Vec<Ownership>, StoreError> {
        if self.lock.is_none() {
            let reason =
                "the store was opened beside the process that handles its messages; open it alone for that";
            return Err(StoreError::Permanent(reason.into()));
        }
        self.in_a_transaction(|it| it.applier.acquire(&it.connection, partitions))
    }

    fn acquire_projection(&mut self, projection: &str) -> Result<u64, StoreError> {
        self.in_a_transaction(|it| acquire_projection(&it.connection, projection).map_err(store_error))
    }

    fn in_a_transaction<T>(
        &mut self,
        write: impl FnOnce(&mut Self) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.begin()?;
        let committed = write(self).and_then(|written| {
            FaultPoint::AcquireCommitting.pass();
            self.connection.execute_batch("COMMIT").map_err(store_error)?;
            FaultPoint::AcquireCommitted.pass();
            Ok(written)
        });
        if committed.is_err() {
            self.roll_back();
        }
        committed
    }

    fn roll_back(&mut self) {
        FaultPoint::RollingBack.pass();
        // SQLite may have rolled back by itself already, for example when the disk is full.
        if !self.connection.is_autocommit()
            && let Err(error) = self.connection.execute_batch("ROLLBACK")
        {
            tracing::error!(%error, "a transaction could not be rolled back");
        }
        self.applier.forget();
        FaultPoint::RolledBack.pass();
    }

    fn close(self, reply: Reply<()>) {
        let Self { connection, lock, .. } = self;
        FaultPoint::CloseBegun.pass();
        if lock.is_some() {
            // Moves everything into the one file; if a reader is in the way, the next opening does it.
            _ = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
        }
        FaultPoint::CloseMoved.pass();
        let closed = connection.close().map_err(|(_, error)| store_error(error));
        FaultPoint::CloseDone.pass();
        drop(lock);
        _ = reply.send(closed);
    }
}

enum Failed {
    /// One batch is to blame.
    Batch(usize, StoreError),
    /// None is.
    Transaction(StoreError),
}
