//! Waiting for what other nodes do: read off the store, because no node sees everything that happens.

use std::time::Duration;

use procession_core::{
    Handlers, Partition,
    log::{Kind, Position, ProcessId, Recorded},
};
use tokio::{sync::Mutex, time::Instant};

use crate::{
    Quiet, ReplyError, Runtime, Store, StoreError, WaitError,
    store::{ParkedOf, Progress, TimersOf},
};

/// Entries that are read at once.
const ENTRIES_PER_READ: usize = 1024;
/// Longer processes are looked at less often.
const SHORTEST_PAUSE: Duration = Duration::from_millis(2);
const LONGEST_PAUSE: Duration = Duration::from_millis(50);

/// The pause before the store is looked at again.
struct Pause(Duration);

impl Pause {
    async fn wait(&mut self) {
        tokio::time::sleep(self.0).await;
        self.0 = (self.0 * 3 / 2).min(LONGEST_PAUSE);
    }
}

/// How far the store was when somebody has looked last: many wait, and one look does for all of them.
#[derive(Default)]
pub(crate) struct LastLook(Mutex<Option<(Instant, Progress)>>);

/// A look that is as young is not repeated.
const YOUNG: Duration = Duration::from_millis(5);

impl LastLook {
    async fn progress(&self, store: &dyn Store) -> Result<Progress, StoreError> {
        let mut last = self.0.lock().await;
        if let Some((at, progress)) = &*last
            && at.elapsed() < YOUNG
        {
            return Ok(progress.clone());
        }
        let looked = Instant::now();
        let progress = store.progress().await?;
        *last = Some((looked, progress.clone()));
        Ok(progress)
    }
}

/// What of a process was seen on its way.
#[derive(Default)]
struct OnTheWay {
    unhandled: Vec<(Partition, Position)>,
    seen: Option<Position>,
}

impl Runtime {
    pub(crate) async fn wait_over_nodes(&self, process: ProcessId) -> Result<Quiet, WaitError> {
        let (mut pause, mut seen) = (Pause(SHORTEST_PAUSE), OnTheWay::default());
        loop {
            match self.is_quiet(process, &mut seen).await {
                Ok(true) => break,
                Ok(false) | Err(StoreError::Transient(_)) if self.processor_has_ended() => {
                    return Err(WaitError::Stopped);
                }
                Ok(false) | Err(StoreError::Transient(_)) => pause.wait().await,
                Err(error) => return Err(error.into()),
            }
        }
        let parked = self.store().parked(ParkedOf::Process(process), usize::MAX).await?.len() as u64;
        Ok(Quiet { process, parked })
    }

    /// Whether nothing of a process is on the way, on any node. Its entries are read again only when all that were seen are
    /// handled.
    async fn is_quiet(&self, process: ProcessId, way: &mut OnTheWay) -> Result<bool, StoreError> {
        // First the checkpoints: what comes after them is seen, and only makes the answer a no.
        let checkpoints = self.last_look().progress(&**self.store()).await?.checkpoints;
        let is_handled = |partition: Partition, position: Position| {
            checkpoints.get(partition.index()).is_some_and(|checkpoint| position <= *checkpoint)
        };
        way.unhandled.retain(|(partition, position)| !is_handled(*partition, *position));
        if !way.unhandled.is_empty() {
            return Ok(false);
        }
        let mut after = way.seen.unwrap_or_else(|| checkpoints.iter().min().copied().unwrap_or_default());
        loop {
            let entries = self.store().read_process(process, after, ENTRIES_PER_READ).await?;
            let has_handlers = |it: &&Recorded| {
                it.entry.kind == Kind::Operation
                    || !matches!(self.reader().engine().handlers_of(&it.entry), Handlers::Nobody)
            };
            let place = |it: &Recorded| (it.entry.stream.partition(self.store().partitions()), it.position);
            let unhandled = entries.iter().filter(has_handlers).map(place);
            way.unhandled
                .extend(unhandled.filter(|(partition, position)| !is_handled(*partition, *position)));
            after = entries.last().map_or(after, |it| it.position);
            way.seen = Some(after);
            if entries.len() < ENTRIES_PER_READ {
                break;
            }
        }
        if !way.unhandled.is_empty() || self.store().calls().await?.iter().any(|it| it.process == process) {
            return Ok(false);
        }
        let first = self.store().timers(TimersOf::Process(process), 1).await?;
        Ok(first.first().is_none_or(|it| it.due > self.now()))
    }

    pub(crate) async fn first_over_nodes(
        &self,
        process: ProcessId,
        awaited: &[&'static str],
    ) -> Result<Recorded, ReplyError> {
        let (mut pause, mut seen, mut after) = (Pause(SHORTEST_PAUSE), Position::START, Position::START);
        loop {
            if self.processor_has_ended() {
                return Err(ReplyError::Stopped);
            }
            match self.look_for_reply(process, awaited, &mut seen, &mut after).await {
                Ok(Some(found)) => return Ok(found),
                // The database is away for a while; who waits has said for how long.
                Ok(None) | Err(StoreError::Transient(_)) => pause.wait().await,
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Looks only when the log has grown since the last look.
    async fn look_for_reply(
        &self,
        process: ProcessId,
        awaited: &[&'static str],
        seen: &mut Position,
        after: &mut Position,
    ) -> Result<Option<Recorded>, StoreError> {
        let head = self.last_look().progress(&**self.store()).await?.head;
        if head <= *seen {
            return Ok(None);
        }
        let found = self.recorded_after(process, awaited, after).await?;
        *seen = head;
        Ok(found)
    }
}
