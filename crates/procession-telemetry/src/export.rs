use opentelemetry_sdk::{Resource, trace::SpanExporter};
use procession_core::log::Position;
use procession_runtime::Runtime;
use tokio::{sync::oneshot, task::JoinHandle};

use crate::{CursorError, CursorFile, follow::Follower};

/// Exports the messages of a runtime's log as spans.
///
/// - A span begins when its message was recorded, and ends when the first thing that it caused was.
/// - Spans are exported in the order of the log, when their messages are handled. What the destination does not take is
///   tried again, with a growing pause, and nothing is passed over.
/// - With a [`CursorFile`] nothing is lost by a restart, and at most the last 512 messages are exported twice, with the same
///   ids, so that tracing systems keep one. Without one it begins at the end of the log whenever it is started.
/// - What a message causes more than 16,384 positions later, or from outside, or when a timer is due, still has the message as
///   its parent, but the span of the message has no length.
#[derive(Clone)]
#[must_use = "nothing is exported until it is started"]
pub struct TraceExport {
    runtime: Runtime,
    resource: Resource,
    cursor: Option<CursorFile>,
    from: Option<Position>,
    share: f64,
}

/// An export that is under way. It ends with its runtime, or when it is stopped.
#[derive(Debug)]
pub struct Exporting {
    stop: oneshot::Sender<()>,
    follower: JoinHandle<()>,
}

impl TraceExport {
    /// Exports the log of a runtime, for a service of this name.
    pub fn of(runtime: &Runtime, service: impl Into<String>) -> Self {
        let resource = Resource::builder().with_service_name(service.into()).build();
        Self { runtime: runtime.clone(), resource, cursor: None, from: None, share: 1.0 }
    }

    /// Tells more of the service than its name.
    pub fn resource(mut self, resource: Resource) -> Self {
        self.resource = resource;
        self
    }

    /// Remembers how far it has come, and goes on from there.
    pub fn cursor(mut self, cursor: CursorFile) -> Self {
        self.cursor = Some(cursor);
        self
    }

    /// Begins after a position when there is no cursor yet: [`Position::START`] for the whole log. Without it, at its end.
    pub fn after(mut self, position: Position) -> Self {
        self.from = Some(position);
        self
    }

    /// Exports only this share of the traces, from 0 to 1, chosen by their ids. A trace that came from outside is exported if,
    /// and only if, its sender has said so. Without it, all.
    pub fn share(mut self, share: f64) -> Self {
        self.share = share.clamp(0.0, 1.0);
        self
    }

    /// Starts to export.
    ///
    /// # Errors
    /// When the cursor cannot be read or written.
    pub fn start(self, mut exporter: impl SpanExporter + 'static) -> Result<Exporting, CursorError> {
        let Self { runtime, resource, cursor, from, share } = self;
        let head = *runtime.committed().borrow();
        let stored = cursor.as_ref().map_or(Ok(None), CursorFile::load)?;
        // One that is ahead of the log belongs to another log.
        let after = stored.filter(|it| *it <= head).or(from).unwrap_or(head);
        if let Some(cursor) = &cursor {
            // What is recorded from now on is not missed, whenever the program ends.
            cursor.save(after)?;
        }
        exporter.set_resource(&resource);
        let (stop, stopped) = oneshot::channel();
        let follower = Follower::new(&runtime, exporter, cursor, after, share);
        Ok(Exporting { stop, follower: tokio::spawn(follower.run(stopped)) })
    }
}

impl Exporting {
    /// Exports what is handled by now, if the destination takes it at once, and ends.
    pub async fn stop(self) {
        // An error means that it has ended with its runtime.
        _ = self.stop.send(());
        _ = self.follower.await;
    }
}
