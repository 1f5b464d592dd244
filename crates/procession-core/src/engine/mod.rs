//! The pure engine: a message, the state it touches and the time in; events, commands and rejections out.
//!
//! It reads no clock, no randomness and does no I/O. The runtime, given / when / then tests and replay all use it.

mod erased;
mod step;

pub use step::{Engine, Handlers, InstanceState, Step};

pub(crate) use erased::{CommandFn, DeciderFns, ReactFn, decode, handle_command};
