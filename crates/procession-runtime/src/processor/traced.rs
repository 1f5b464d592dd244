//! Spans for those who listen to every message. When nobody does, one flag is looked at.

use std::collections::BTreeSet;

use procession_core::log::{Entry, Position, ProcessId};
use tracing::{Level, Span, field::Empty, span::EnteredSpan};

use super::{
    Processor,
    backlog::Pending,
    batching::{Batching, Cause},
};
use crate::{Cache, StoreError, trace::Trace};

/// The traces of processes, while somebody listens.
pub(super) struct Traces {
    are_heard: bool,
    known: Cache<ProcessId, Trace>,
}

impl Default for Traces {
    fn default() -> Self {
        const MOST: usize = 10_000;
        Self { are_heard: false, known: Cache::new(MOST) }
    }
}

impl Traces {
    /// Looks whether somebody listens, once for each batch.
    pub(super) fn listen(&mut self) {
        self.are_heard = tracing::span_enabled!(Level::TRACE);
    }

    /// Keeps the trace of a process that begins: its first message may not be in the store yet when others are handled.
    pub(super) fn offered(&mut self, pending: &Pending) {
        if self.are_heard && pending.position == pending.process.began_at() {
            self.known.insert(pending.process, Trace::begun_by(pending.position, &pending.entry));
        }
    }

    /// The span of a message that is handled from now on.
    pub(super) fn handling(&mut self, pending: &Pending) -> Option<EnteredSpan> {
        if !self.are_heard {
            return None;
        }
        let trace = self.known.get_mut(&pending.process).copied();
        Some(span(pending.position, pending.process, pending.causation, &pending.entry, trace))
    }

    /// The span of a command that a client waits for, and that will get the next position.
    pub(super) fn executing(
        &mut self,
        command: &Entry,
        cause: Option<Cause>,
        next: Position,
    ) -> Option<EnteredSpan> {
        if !self.are_heard {
            return None;
        }
        let process = cause.map_or(next.into(), |it| it.process);
        let trace = match cause {
            Some(cause) => self.known.get_mut(&cause.process).copied(),
            None => Some(Trace::begun_by(next, command)),
        };
        Some(span(next, process, cause.map(|it| it.position), command, trace))
    }
}

/// The fields of a span that follow from the trace of its process.
fn span(
    position: Position,
    process: ProcessId,
    causation: Option<Position>,
    message: &Entry,
    trace: Option<Trace>,
) -> EnteredSpan {
    let span = tracing::trace_span!(
        "message", message = %message.name, stream = %message.stream, position = position.0, process = process.0,
        causation = causation.map(|it| it.0), trace_id = Empty, span_id = Empty, parent_span_id = Empty,
    );
    if let Some(trace) = trace {
        span.record("trace_id", tracing::field::display(trace.id()));
        span.record("span_id", tracing::field::display(trace.span(position)));
        if let Some(parent) = trace.parent(position, causation) {
            span.record("parent_span_id", tracing::field::display(parent));
        }
    }
    span.entered()
}

/// The span of a batch.
pub(super) fn batch_span(after: Position) -> Span {
    tracing::debug_span!("batch", after = after.0, messages = Empty, entries = Empty, bytes = Empty)
}

/// Says how large a batch has become.
pub(super) fn tell_size(span: &Span, batching: &Batching) {
    span.record("messages", batching.handled);
    span.record("entries", batching.batch.entries.len());
    span.record("bytes", batching.bytes);
}

impl Processor {
    /// Finds the traces of processes that have begun before somebody listened.
    pub(super) async fn load_traces(&mut self, round: &[Pending]) -> Result<(), StoreError> {
        if !self.traces.are_heard {
            return Ok(());
        }
        let processes: BTreeSet<ProcessId> = round.iter().map(|it| it.process).collect();
        for process in processes {
            if self.traces.known.get_mut(&process).is_none() {
                let before = Position(process.0.saturating_sub(1));
                let root = self.store.read_log(before, 1).await?.pop();
                if let Some(root) = root.filter(|it| it.position == process.began_at()) {
                    self.traces.known.insert(process, Trace::begun_by(root.position, &root.entry));
                }
            }
        }
        Ok(())
    }
}
