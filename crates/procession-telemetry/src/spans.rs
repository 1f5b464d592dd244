//! How messages become spans.

use std::{
    borrow::Cow,
    collections::{HashMap, VecDeque},
    time::SystemTime,
};

use opentelemetry::{
    InstrumentationScope, KeyValue, SpanId, TraceFlags, TraceId,
    trace::{Link, SpanContext, SpanKind, Status, TraceState},
};
use opentelemetry_sdk::trace::{SpanData, SpanEvents, SpanLinks};
use procession_core::log::{Kind, Position, Recorded};
use procession_runtime::{
    store::Parked,
    trace::{Trace, TraceContext},
};

/// The messages that were read, and are not exported yet: in the order of the log, each with what came of it so far.
pub(crate) struct Window {
    messages: VecDeque<Message>,
    scope: InstrumentationScope,
    store: String,
}

/// A message, without its payload.
struct Message {
    position: Position,
    span: Option<SpanData>,
    /// Whether something that it has caused was seen.
    is_answered: bool,
}

impl Window {
    pub(crate) fn new(store: String) -> Self {
        let scope =
            InstrumentationScope::builder("procession").with_version(env!("CARGO_PKG_VERSION")).build();
        Self { messages: VecDeque::new(), scope, store }
    }

    pub(crate) fn len(&self) -> usize {
        self.messages.len()
    }

    /// Takes the next entry of the log; without a trace when that is not exported.
    pub(crate) fn push(&mut self, recorded: &Recorded, trace: Option<&Trace>) {
        self.note_cause(recorded);
        let is_outcome = matches!(recorded.entry.kind, Kind::Rejection | Kind::Ignored | Kind::Failure);
        // What came of a message is told by the span of the message.
        let span = trace.filter(|_| !is_outcome).map(|trace| self.span(recorded, trace));
        self.messages.push_back(Message { position: recorded.position, span, is_answered: false });
    }

    /// The cause ends when the first thing that it has caused is there.
    fn note_cause(&mut self, effect: &Recorded) {
        let Some(message) = effect.causation.and_then(|it| self.find(it)) else { return };
        let is_first = !std::mem::replace(&mut message.is_answered, true);
        let Some(span) = &mut message.span else { return };
        if is_first {
            span.end_time = span.start_time.max(effect.entry.at.into());
        }
        match effect.entry.kind {
            Kind::Rejection => {
                span.status = Status::error(format!("rejected: {}", effect.entry.name));
                span.attributes.push(KeyValue::new("procession.outcome", "rejected"));
                span.attributes.push(KeyValue::new("procession.rejection", effect.entry.name.to_string()));
            }
            Kind::Ignored => span.attributes.push(KeyValue::new("procession.outcome", "ignored")),
            _ => {}
        }
    }

    fn find(&mut self, position: Position) -> Option<&mut Message> {
        let first = self.messages.front()?.position.0;
        let index = usize::try_from(position.0.checked_sub(first)?).ok()?;
        self.messages.get_mut(index)
    }

    /// The spans of the next messages up to a position, which are handled: at most so many messages, and the last of them.
    pub(crate) fn take(
        &mut self,
        through: Position,
        most: usize,
        parked: &HashMap<Position, Parked>,
    ) -> Option<(Position, Vec<SpanData>)> {
        let count = self.messages.iter().take(most).take_while(|it| it.position <= through).count();
        let last = self.messages.get(count.checked_sub(1)?)?.position;
        let spans = self.messages.drain(..count).filter_map(|it| {
            let mut span = it.span?;
            if let Some(parked) = parked.get(&it.position) {
                tell_parked(&mut span, parked);
            }
            Some(span)
        });
        Some((last, spans.collect()))
    }

    fn span(&self, recorded: &Recorded, trace: &Trace) -> SpanData {
        let Recorded { position, process, causation, version, entry } = recorded;
        let recorded_at = SystemTime::from(entry.at);
        let mut attributes = vec![
            KeyValue::new("procession.store", self.store.clone()),
            KeyValue::new("procession.kind", kind(entry.kind)),
            KeyValue::new("procession.category", entry.stream.category().to_owned()),
            KeyValue::new("procession.stream", entry.stream.to_string()),
            KeyValue::new("procession.position", number(position.0)),
            KeyValue::new("procession.process", number(process.0)),
        ];
        attributes.extend(causation.map(|it| KeyValue::new("procession.causation", number(it.0))));
        attributes.extend(version.map(|it| KeyValue::new("procession.version", number(it.0))));
        let parent = trace.parent(*position, *causation);
        SpanData {
            span_context: SpanContext::new(
                TraceId::from_bytes(trace.id().0),
                SpanId::from_bytes(trace.span(*position).0),
                TraceFlags::SAMPLED,
                false,
                TraceState::NONE,
            ),
            parent_span_id: parent.map_or(SpanId::INVALID, |it| SpanId::from_bytes(it.0)),
            parent_span_is_remote: causation.is_none() && parent.is_some(),
            span_kind: span_kind(recorded),
            name: Cow::Owned(entry.name.to_string()),
            start_time: recorded_at,
            end_time: recorded_at,
            attributes,
            dropped_attributes_count: 0,
            events: SpanEvents::default(),
            links: links(recorded),
            status: Status::Unset,
            instrumentation_scope: self.scope.clone(),
        }
    }
}

/// An answer from outside belongs to the process that it answers, and points to the trace that it came from.
fn links(recorded: &Recorded) -> SpanLinks {
    let mut links = SpanLinks::default();
    let context = recorded.entry.trace_context.as_deref().filter(|_| recorded.causation.is_some());
    if let Some(TraceContext { trace_id, span_id, is_sampled }) = context.and_then(|it| it.parse().ok()) {
        let flags = TraceFlags::default().with_sampled(is_sampled);
        let (trace_id, span_id) = (TraceId::from_bytes(trace_id.0), SpanId::from_bytes(span_id.0));
        let context = SpanContext::new(trace_id, span_id, flags, true, TraceState::NONE);
        links.links.push(Link::with_context(context));
    }
    links
}

fn tell_parked(span: &mut SpanData, parked: &Parked) {
    let cause = parked.cause.clone().unwrap_or_else(|| "an earlier message of its stream is parked".into());
    span.status = Status::error(format!("parked for {}: {cause}", parked.handler));
    span.attributes.push(KeyValue::new("procession.outcome", "parked"));
    span.attributes.push(KeyValue::new("procession.handler", parked.handler.to_string()));
}

fn span_kind(recorded: &Recorded) -> SpanKind {
    match recorded.entry.kind {
        Kind::Command | Kind::ExecutedCommand if recorded.causation.is_none() => SpanKind::Server,
        Kind::Command | Kind::ExecutedCommand | Kind::Input => SpanKind::Consumer,
        _ => SpanKind::Internal,
    }
}

fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Event => "event",
        Kind::Command => "command",
        Kind::ExecutedCommand => "executed_command",
        Kind::Rejection => "rejection",
        Kind::Input => "input",
        Kind::Ignored => "ignored",
        Kind::PublicEvent => "public_event",
        Kind::Failure => "failure",
        Kind::Operation => "operation",
        Kind::EffectResult => "effect result",
    }
}

/// OpenTelemetry has no unsigned numbers; a log never becomes so long that it matters.
fn number(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}
