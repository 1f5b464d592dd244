use std::fmt;

use procession_core::log::{Entry, Position};
use uuid::Uuid;

use super::TraceContext;

/// The id of a trace, shown as hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TraceId(pub [u8; 16]);

/// The id of a span, shown as hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SpanId(pub [u8; 8]);

/// The trace of a process: one for all that follows from one message from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trace {
    id: TraceId,
    began: Position,
    given: Option<TraceContext>,
    /// What the ids of its spans are derived from: another one for each process, also when several belong to one trace.
    seed: Uuid,
}

impl Trace {
    /// The trace of the process that the message at this position has begun.
    #[must_use]
    pub fn begun_by(position: Position, root: &Entry) -> Self {
        /// Sets these ids apart from all others that are derived from the same texts.
        const NAMESPACE: Uuid = Uuid::from_u128(0x3d1c_93a5_0f6e_4a57_8e2b_c95a_71d4_6f08);
        // Positions begin at 1 in every store; the time and the stream tell stores apart.
        let text = format!("{position} {} {} {}", root.at.as_microsecond(), root.stream, root.name);
        let seed = Uuid::new_v5(&NAMESPACE, text.as_bytes());
        let given: Option<TraceContext> = root.trace_context.as_deref().and_then(|it| it.parse().ok());
        let id = given.map_or_else(|| derived(seed), |it| it.trace_id);
        Self { id, began: position, given, seed }
    }

    /// Its id: the sender's, if there is one.
    #[must_use]
    pub fn id(&self) -> TraceId {
        self.id
    }

    /// Whether its sender records its own spans; without a sender, it is recorded.
    #[must_use]
    pub fn is_sampled(&self) -> bool {
        self.given.is_none_or(|it| it.is_sampled)
    }

    /// What the message that began the process came with.
    #[must_use]
    pub fn given(&self) -> Option<TraceContext> {
        self.given
    }

    /// The span of a message of the process.
    #[must_use]
    pub fn span(&self, message: Position) -> SpanId {
        let derived = Uuid::new_v5(&self.seed, &message.0.to_be_bytes()).into_bytes();
        SpanId(derived.first_chunk().copied().unwrap_or([1; 8]))
    }

    /// The span that a message of the process follows from: that of its cause, or the sender's.
    #[must_use]
    pub fn parent(&self, message: Position, causation: Option<Position>) -> Option<SpanId> {
        let given = || self.given.filter(|_| message == self.began).map(|it| it.span_id);
        causation.map(|it| self.span(it)).or_else(given)
    }
}

/// Six bits of a UUID are always the same, and samplers look at all of them.
fn derived(seed: Uuid) -> TraceId {
    let (mut id, more) = (seed.into_bytes(), Uuid::new_v5(&seed, b"trace").into_bytes());
    (id[6], id[8]) = (more[0], more[1]);
    TraceId(id)
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", u128::from_be_bytes(self.0))
    }
}

impl fmt::Display for SpanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", u64::from_be_bytes(self.0))
    }
}
