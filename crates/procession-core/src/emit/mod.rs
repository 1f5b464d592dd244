//! What handlers may return. The type says what *can* come out (the map), the value what *does*.

mod either;
mod records;
mod sends;

pub use either::Either;
pub use records::Records;
pub use sends::{After, Sends};

use std::time::Duration;

use serde::Serialize;

use crate::{Failure, MessageType, Stream, log::Encoded};

/// How often a handler emits a message in one decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Times {
    /// Always one.
    Once,
    /// One or none: under `Option` or `Either`.
    Maybe,
    /// Any number: under `Vec` or an array.
    Many,
}

impl Times {
    fn within(self, outer: Self) -> Self {
        self.max(outer)
    }
}

/// One message that a handler can emit, as its signature says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Emission {
    /// What happens with the message.
    pub kind: EmissionKind,
    /// The message.
    pub message: MessageType,
    /// How often.
    pub times: Times,
}

/// What happens with an emitted message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum EmissionKind {
    /// An event, recorded in the handler's own stream.
    Records,
    /// A command, sent at once.
    Sends,
    /// A command, sent when its time has come.
    SendsLater,
}

/// One message that a handler did emit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// An event for the handler's own stream.
    Record(Encoded),
    /// A command for another stream, `after` some time (zero: at once).
    Send {
        /// The instance that it is addressed to.
        to: Stream,
        /// The command.
        message: Encoded,
        /// How much later it becomes due.
        after: Duration,
    },
    /// The decider's "no".
    Reject(Encoded),
}

/// Collects what one decision emits.
pub(crate) type Outputs = Vec<Output>;

/// Collects what a signature says.
pub(crate) type Emissions = Vec<Emission>;

pub(crate) fn once<M: crate::Message>(kind: EmissionKind, times: Times) -> Emission {
    Emission { kind, message: MessageType::of::<M>(), times }
}

type Emitted = Result<(), Failure>;
