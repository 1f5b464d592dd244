//! Traces of processes for [OpenTelemetry](https://opentelemetry.io): every message of the log becomes a span, and a process is
//! one trace whose parents follow who caused what.
//!
//! Nothing is written down for it and the processor does nothing for it: the exporter follows the log, as everybody may. The ids
//! are derived ([`procession_runtime::trace`]), so they stay the same over a restart.
//!
//! - [`TraceExport`]: what is exported, from where on, and to whom.
//! - [`CursorFile`]: remembers how far it has come.
//! - `spans` (private): how a message becomes a span.

mod cursor;
mod export;
mod follow;
mod spans;

pub use cursor::{CursorError, CursorFile};
pub use export::{Exporting, TraceExport};
