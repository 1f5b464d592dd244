use std::{collections::HashMap, time::Duration};

use opentelemetry_sdk::{
    error::OTelSdkError,
    trace::{SpanData, SpanExporter},
};
use procession_core::log::{Position, ProcessId, Recorded};
use procession_runtime::{Cache, Reader, Runtime, StoreError, store::Parked, trace::Trace};
use tokio::{
    sync::{oneshot, watch},
    time::{sleep, timeout},
};

use crate::{CursorError, CursorFile, spans::Window};

/// Follows the log, and hands the spans of what is handled to an exporter.
pub(crate) struct Follower<E> {
    reader: Reader,
    committed: watch::Receiver<Position>,
    handled: watch::Receiver<Position>,
    exporter: E,
    cursor: Option<CursorFile>,
    share: f64,
    window: Window,
    /// Up to where the log is in the window.
    read: Position,
    traces: Cache<ProcessId, Trace>,
    /// What is with the exporter, and the last of its messages.
    exporting: Option<(Position, Vec<SpanData>)>,
}

/// Why something is not exported yet.
#[derive(Debug, thiserror::Error)]
enum NotExported {
    #[error("the log cannot be read: {0}")]
    Store(#[from] StoreError),
    #[error("the destination does not take them: {0}")]
    Destination(#[from] OTelSdkError),
    #[error(transparent)]
    Cursor(#[from] CursorError),
}

/// Messages that are exported at once, which is what may be repeated after a crash.
const MESSAGES_AT_ONCE: usize = 512;
/// Messages that are remembered until what they cause is seen.
const LONGEST_WINDOW: usize = 16_384;
const ENTRIES_PER_READ: usize = 1_024;
const CACHED_TRACES: usize = 10_000;
const SHORTEST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// How long the last messages may take when it is stopped.
const GRACE: Duration = Duration::from_secs(5);

impl<E: SpanExporter> Follower<E> {
    pub(crate) fn new(
        runtime: &Runtime,
        exporter: E,
        cursor: Option<CursorFile>,
        after: Position,
        share: f64,
    ) -> Self {
        let reader = runtime.reader().clone();
        let window = Window::new(reader.store().name());
        Self {
            reader,
            committed: runtime.committed(),
            handled: runtime.handled(),
            exporter,
            cursor,
            share,
            window,
            read: after,
            traces: Cache::new(CACHED_TRACES),
            exporting: None,
        }
    }

    /// Exports until it is stopped, or the processor has ended.
    pub(crate) async fn run(mut self, mut stopped: oneshot::Receiver<()>) {
        let mut pause = SHORTEST_PAUSE;
        loop {
            let exported = {
                let mut exporting = std::pin::pin!(self.export());
                tokio::select! {
                    exported = &mut exporting => exported,
                    // What is under way is waited for, or it would be sent again.
                    _ = &mut stopped => {
                        _ = timeout(GRACE, exporting).await;
                        break;
                    }
                }
            };
            let goes_on = tokio::select! {
                goes_on = self.wait(exported, &mut pause) => goes_on,
                _ = &mut stopped => false,
            };
            if !goes_on {
                break;
            }
        }
        if !matches!(timeout(GRACE, self.export()).await, Ok(Ok(()))) {
            tracing::debug!("the last traces are exported after the next start");
        }
        _ = self.exporter.shutdown();
    }

    /// Waits until there may be more to export, or until what has failed is to be tried again.
    async fn wait(&mut self, exported: Result<(), NotExported>, pause: &mut Duration) -> bool {
        let Err(error) = exported else {
            *pause = SHORTEST_PAUSE;
            return self.handled.changed().await.is_ok();
        };
        tracing::warn!(%error, ?pause, "traces are not exported, and tried again");
        sleep(*pause).await;
        *pause = (2 * *pause).min(LONGEST_PAUSE);
        true
    }

    /// Exports what is handled by now.
    async fn export(&mut self) -> Result<(), NotExported> {
        let through = *self.handled.borrow_and_update();
        let parked = self.parked().await?;
        loop {
            self.finish().await?;
            self.read_ahead().await?;
            self.exporting = self.window.take(through, MESSAGES_AT_ONCE, &parked);
            if self.exporting.is_none() {
                return Ok(());
            }
        }
    }

    /// Sees to it that the destination has what it was to take.
    async fn finish(&mut self) -> Result<(), NotExported> {
        let Some((last, spans)) = &self.exporting else { return Ok(()) };
        if !spans.is_empty() {
            self.exporter.export(spans.clone()).await?;
        }
        if let Some(cursor) = &self.cursor {
            cursor.save(*last)?;
        }
        self.exporting = None;
        Ok(())
    }

    /// Fills the window, as far as the log goes.
    async fn read_ahead(&mut self) -> Result<(), NotExported> {
        while self.window.len() < LONGEST_WINDOW && self.read < *self.committed.borrow() {
            let entries = self.reader.store().read_log(self.read, ENTRIES_PER_READ).await?;
            if entries.is_empty() {
                break;
            }
            for recorded in entries {
                let trace = self.trace_of(&recorded).await?;
                self.window.push(&recorded, trace.filter(|it| self.is_exported(it)).as_ref());
                self.read = recorded.position;
            }
        }
        Ok(())
    }

    async fn trace_of(&mut self, recorded: &Recorded) -> Result<Option<Trace>, StoreError> {
        let (process, began) = (recorded.process, recorded.process.began_at());
        if let Some(trace) = self.traces.get_mut(&process) {
            return Ok(Some(*trace));
        }
        let root = if recorded.position == began {
            Some(recorded.clone())
        } else {
            // None if it is archived; then the trace was exported long ago.
            self.reader.store().read_entries(vec![began]).await?.pop()
        };
        let trace = root.map(|it| Trace::begun_by(it.position, &it.entry));
        if let Some(trace) = trace {
            self.traces.insert(process, trace);
        }
        Ok(trace)
    }

    fn is_exported(&self, trace: &Trace) -> bool {
        if trace.given().is_some() {
            return trace.is_sampled();
        }
        // The same half of the id as the samplers of OpenTelemetry take.
        let [.., a, b, c, d, e, f, g, h] = trace.id().0;
        let place = u64::from_be_bytes([a, b, c, d, e, f, g, h]) as f64 / u64::MAX as f64;
        place < self.share || self.share >= 1.0
    }

    async fn parked(&self) -> Result<HashMap<Position, Parked>, StoreError> {
        let parked = self.reader.parked().await?;
        Ok(parked.into_iter().map(|it| (it.position, it)).collect())
    }
}
