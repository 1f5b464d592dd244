//! What is written to the log: events, commands and rejections, each with its stream and its cause.

mod entry;
mod position;

pub use entry::{Encoded, Entry, Kind, Recorded};
pub use position::{Position, ProcessId};
