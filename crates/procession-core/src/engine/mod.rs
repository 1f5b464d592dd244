//! The pure engine: a message, the state it touches and the time in; events, commands and rejections out.
//!
//! It reads no clock, no randomness and does no I/O. The runtime, given / when / then tests and replay all use it.

mod erased;
mod register;
mod step;

pub use register::{Engine, effect_handler};
pub use step::{Handlers, InstanceState, panic_message};

pub(crate) use erased::{HandleFn, InstanceType, PublishFn, ReactFn, decode, downcast, handle_command};
pub(crate) use step::caught;
