//! The log is the trace: every message has a process and a cause, so traces and spans need not be written down anywhere.
//!
//! Their ids are derived from what began the process, and from positions. So they are the same whoever derives them: the
//! spans of `tracing`, an exporter, the same exporter after a restart.

mod context;
mod ids;

pub use context::{InvalidTraceContext, TraceContext};
pub use ids::{SpanId, Trace, TraceId};
