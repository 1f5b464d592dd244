//! The pure core of Procession.
//!
//! Nothing in this crate reads a clock, draws a random number, does I/O, is async, or depends on the order of a hash
//! map. The same handlers, run by the same [`Engine`], serve the runtime, tests and replay.
//!
//! The story, in order:
//!
//! - [`Message`], [`Event`], [`Command`]: what is written to the log, and [`Stream`]: where it belongs.
//! - [`Decider`] and [`Handle`]: the source of truth for one category of instances.
//! - [`Saga`]: a stateless reaction, event in, commands out.
//! - [`ProcessManager`] and [`On`]: a stateful reaction, with a stream of its own; [`Join`], for many answers.
//! - [`LinearSaga`] and [`Step`]: a process written from top to bottom, with what undoes each step.
//! - [`Projection`] and [`Rows`]: a read model, kept by folding events.
//! - [`Records`], [`Sends`], [`Emits`], [`After`], [`Either`]: what handlers may return.
//! - [`Module`] and [`Application`]: parts put together, checked ([`WiringErrors`]), and drawn ([`ProcessMap`]).
//! - [`Engine`]: runs a handler on a message. [`log`]: what comes of it, as it is written.
//! - [`mod@test`]: given / when / then. [`history`]: a process, layer by layer. [`replay`]: the log, decided again.

extern crate self as procession;

mod application;
mod decider;
mod effect;
mod emit;
mod engine;
mod errors;
mod handler_error;
mod message;
mod module;
mod payload;
mod process;
mod projection;
mod publish;
mod rejection;
mod repairs;
mod reply;
mod retries;
mod saga;
mod stream;
mod wiring;

#[doc(hidden)]
pub mod derived;
#[doc(hidden)]
pub mod doc;
pub mod history;
pub mod linear;
pub mod log;
pub mod map;
pub mod replay;
pub mod test;

pub use application::Application;
pub use decider::{Context, Decider, Events, Handle, OneOf};
pub use effect::{
    CircuitBreaker, Effect, EffectCallContext, EffectError, EffectPolicy, EffectType, GivenUp,
    IntoEffectError, NamedEffect,
};
pub use emit::{
    After, Cancel, Cancellation, Either, Emission, EmissionKind, Emits, Output, Records, Reschedule, Sends,
    Times,
};
#[doc(hidden)]
pub use engine::panic_message;
pub use engine::{Engine, Handlers, InstanceState, effect_handler};
pub use errors::{DecodeError, EncodeError, Failure};
pub use handler_error::HandlerError;
pub use linear::{Branch, LinearSaga, SagaState, Step, StepStatus, StepWithoutEnd};
pub use map::ProcessMap;
pub use message::{Command, Event, Fact, Message, PublicEvent};
pub use module::{MessageType, Module};
pub use payload::Payload;
pub use process::{
    Answered, Correlation, Ignored, Join, Lifecycle, On, OnRejection, OnTimeout, ProcessManager, Reason,
    Rejected, Starts,
};
pub use procession_derive::{Command, Event, Events, PublicEvent};
pub use projection::{Folded, KnownRows, Poison, Projection, ProjectionError, Rows};
pub use publish::Publishes;
pub use rejection::{Never, Rejection};
pub use reply::Reply;
pub use retries::Retries;
pub use saga::Saga;
pub use stream::{InvalidId, Partition, Stream, Version};
pub use wiring::{WiringError, WiringErrors};
