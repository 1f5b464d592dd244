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
//! - [`Records`], [`Sends`], [`After`], [`Either`]: what handlers may return.
//! - [`Module`] and [`Application`]: parts put together, checked ([`WiringErrors`]), and drawn ([`ProcessMap`]).
//! - [`Engine`]: runs a handler on a message. [`log`]: what comes of it, as it is written.
//! - [`test`]: given / when / then. [`history`]: a process, layer by layer. [`replay`]: the log, decided again.

extern crate self as procession;

mod application;
mod decider;
mod emit;
mod engine;
mod errors;
mod message;
mod module;
mod saga;
mod stream;
mod wiring;

#[doc(hidden)]
pub mod doc;
pub mod history;
pub mod log;
pub mod map;
pub mod replay;
pub mod test;

pub use application::Application;
pub use decider::{Context, Decider, Events, Handle, Never, Rejection};
pub use emit::{After, Either, Emission, EmissionKind, Output, Records, Sends, Times};
pub use engine::{Engine, Handlers, InstanceState, Step};
pub use errors::{DecodeError, EncodeError, Failure};
pub use map::ProcessMap;
pub use message::{Command, Event, Message};
pub use module::{MessageType, Module};
pub use procession_derive::{Command, Event, Events};
pub use saga::Saga;
pub use stream::{InvalidId, Partition, Stream, Version};
pub use wiring::{WiringError, WiringErrors};

/// What the derives write calls these.
#[doc(hidden)]
pub mod derived {
    use crate::DecodeError;

    /// Reads the payload of an event.
    ///
    /// # Errors
    /// When the payload does not fit the type.
    pub fn decode<M: crate::Message>(payload: &str) -> Result<M, DecodeError> {
        crate::engine::decode(M::NAME, payload)
    }

    /// The error for an event that no variant holds.
    ///
    /// # Errors
    /// Always.
    pub fn unknown<T>(name: &str, known: &'static [&'static str]) -> Result<T, DecodeError> {
        Err(DecodeError::UnknownEvent { name: name.into(), known })
    }
}
