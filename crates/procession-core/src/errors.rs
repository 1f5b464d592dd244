use crate::InvalidId;

/// A message that cannot be written as JSON.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{message}` cannot be written as JSON: {reason}")]
pub struct EncodeError {
    /// The name of the message.
    pub message: &'static str,
    /// What serde said.
    pub reason: String,
}

/// A stored message that this program cannot read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// The stream holds an event that its decider does not list.
    #[error(
        "`{name}` is in the stream, but its decider knows only {}; add a variant for it to the enum of events",
        known.join(", ")
    )]
    UnknownEvent {
        /// The name that was found.
        name: String,
        /// The names that the decider lists.
        known: &'static [&'static str],
    },
    /// The payload does not fit the type.
    #[error("the payload of `{name}` does not fit its type: {reason}")]
    Payload {
        /// The name of the message.
        name: String,
        /// What serde said.
        reason: String,
    },
}

/// A technical failure of a handler: a bug or unreadable data, never a business "no".
///
/// Its message is parked with this reason; nothing that the handler returned takes effect.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// No module handles this command.
    #[error(
        "no module handles the command `{name}`; was it renamed, or is its module not part of this program?"
    )]
    UnknownCommand {
        /// The command's name.
        name: String,
    },
    /// No decider owns streams of this category.
    #[error("no decider has the category `{category}`; is its module not part of this program?")]
    UnknownCategory {
        /// The category.
        category: String,
    },
    /// The message, or an event of the stream, cannot be read.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// What the handler returned cannot be written.
    #[error(transparent)]
    Encode(#[from] EncodeError),
    /// The handler sent a command to an instance that cannot exist.
    #[error("the handler sent `{command}` to an impossible instance: {reason}")]
    Target {
        /// The command that was sent.
        command: &'static str,
        /// Why its id is refused.
        reason: InvalidId,
    },
    /// The handler panicked.
    #[error("the handler panicked: {message}")]
    Panicked {
        /// What it said.
        message: String,
    },
    /// The handler returned more than a limit allows.
    #[error("{what} is {size}, more than the {limit} that this store allows")]
    TooLarge {
        /// What is too large.
        what: String,
        /// How large it is.
        size: usize,
        /// The limit.
        limit: usize,
    },
}
