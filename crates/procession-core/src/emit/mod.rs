//! What handlers may return. The type says what *can* come out (the map), the value what *does*.

mod combinations;
mod either;
mod emits;
mod records;
mod sends;
mod timers;

pub use either::Either;
pub use emits::Emits;
pub use records::Records;
pub use sends::Sends;
pub use timers::{After, Cancel, Reschedule};

pub(crate) use timers::send;

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
    pub(crate) fn within(self, outer: Self) -> Self {
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
    /// A public event, told to other modules.
    Publishes,
    /// A command, sent at once.
    Sends,
    /// A command, sent when its time has come.
    SendsLater,
    /// A command that undoes a completed step, sent at once.
    Compensates,
    /// A command that waits for its time, and will not be sent.
    Cancels,
}

/// One message that a handler did emit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// An event for the handler's own stream.
    Record(Encoded),
    /// A public event.
    Publish(Encoded),
    /// A command for another stream, `after` some time (zero: at once).
    Send {
        /// The instance that it is addressed to.
        to: Stream,
        /// The command.
        message: Encoded,
        /// How much later it becomes due.
        after: Duration,
    },
    /// A message for an instance of a process manager.
    Deliver {
        /// The instance.
        to: Stream,
        /// The message.
        message: Encoded,
    },
    /// The decider's "no".
    Reject(Encoded),
    /// That the message was not taken, and why.
    Ignore(Encoded),
    /// Commands that wait for their time, and will not be sent.
    Cancel(Cancellation),
    /// A call of an effect, for the event that is handled.
    Call {
        /// The name of the effect.
        effect: &'static str,
    },
    /// Calls of an effect for the stream of the event that is handled, which nobody wants any more.
    TakeBackCalls {
        /// The name of the effect.
        effect: &'static str,
    },
}

impl Output {
    /// The message that is written to the log, or will be.
    #[must_use]
    pub fn message(&self) -> Option<&Encoded> {
        match self {
            Self::Record(message)
            | Self::Publish(message)
            | Self::Reject(message)
            | Self::Ignore(message)
            | Self::Deliver { message, .. }
            | Self::Send { message, .. } => Some(message),
            Self::Cancel(_) | Self::Call { .. } | Self::TakeBackCalls { .. } => None,
        }
    }
}

/// Which commands that wait for their time will not be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cancellation {
    /// All of this name for this instance.
    Command {
        /// The instance that they are addressed to.
        to: Stream,
        /// The command.
        name: &'static str,
    },
    /// All that this instance has sent to itself: the timeouts of a process manager that has ended.
    TimeoutsOf(Stream),
}

impl Cancellation {
    /// Whether it takes back a command of this name for an instance, sent by another or the same one.
    #[must_use]
    pub fn takes_back(&self, name: &str, to: &Stream, sender: Option<&Stream>) -> bool {
        match self {
            Self::Command { to: instance, name: command } => instance == to && *command == name,
            Self::TimeoutsOf(instance) => instance == to && sender == Some(instance),
        }
    }
}

/// Collects what one decision emits.
pub(crate) type Outputs = Vec<Output>;

/// Collects what a signature says.
pub(crate) type Emissions = Vec<Emission>;

pub(crate) fn once<M: crate::Message>(kind: EmissionKind, times: Times) -> Emission {
    Emission { kind, message: MessageType::of::<M>(), times }
}

type Emitted = Result<(), Failure>;
