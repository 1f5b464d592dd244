use crate::{HandlerError, InvalidId};

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
    /// The payload was written with a schema version that this program has no shape for.
    #[error(
        "`{name}` was written with schema version {found}, and this program reads {known}{}",
        if found > known { "; run a newer program" } else { "; add `upcast_from = ...` with the older shape" }
    )]
    SchemaVersion {
        /// The name of the message.
        name: String,
        /// The version that was written.
        found: u16,
        /// The version that this program writes.
        known: u16,
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
    /// The process manager of this category does not take this message.
    #[error(
        "`{category}` does not take `{name}` any more; was its `.on::<{name}>()` removed while a message was on its way?"
    )]
    UnknownInput {
        /// The category.
        category: String,
        /// The message.
        name: String,
    },
    /// Nobody takes the event that a test lets happen.
    #[error("{by} does not take `{name}`")]
    NotTaken {
        /// Who was asked.
        by: String,
        /// The event.
        name: &'static str,
    },
    /// A message does not name the instance that it must name.
    #[error("`{name}` must name an instance of `{category}`, and does not")]
    NoInstance {
        /// The category.
        category: &'static str,
        /// The message.
        name: &'static str,
    },
    /// A message is parked for a handler that is not there.
    #[error("no part of this program is called `{handler}` and takes the message; was it renamed?")]
    UnknownHandler {
        /// The handler that the message waits for.
        handler: String,
    },
    /// A message names an instance that cannot exist.
    #[error("`{name}` names an impossible instance: {reason}")]
    Instance {
        /// The message.
        name: &'static str,
        /// Why its id is refused.
        reason: InvalidId,
    },
    /// A handler recorded something behind the event that ends its instance.
    #[error(
        "`{event}` was recorded behind `{end}`, which ends the instance; record it before, or not at all"
    )]
    RecordedAfterTheEnd {
        /// The event.
        event: String,
        /// The event that ends the instance.
        end: &'static str,
    },
    /// A completed step could not be undone.
    #[error("the compensation of step `{step}` has failed: {reason}")]
    CompensationFailed {
        /// The step.
        step: String,
        /// Why.
        reason: String,
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
    /// The handler said so.
    #[error(transparent)]
    Said(#[from] HandlerError),
    /// The handler panicked.
    #[error("the handler panicked: {message}")]
    Panicked {
        /// What it said.
        message: String,
    },
    /// The handler emitted more at once than is allowed.
    #[error(
        "the handler emitted {size} messages at once, more than the {limit} that `Limits::emitted_messages` allows; let it \
         emit them in several steps, or raise the limit"
    )]
    TooManyEmitted {
        /// How many it emitted.
        size: usize,
        /// The limit.
        limit: usize,
    },
    /// The process has no room for what the handler emitted.
    #[error(
        "the process would have {size} messages, more than the {limit} that `Limits::messages_per_process` allows; if its \
         handlers answer each other without end, mend them, otherwise raise the limit"
    )]
    ProcessTooLong {
        /// How many messages it would have.
        size: u64,
        /// The limit.
        limit: u64,
    },
    /// The process has no room for the commands that the handler asked to be sent later.
    #[error(
        "the process would wait for {size} timers, more than the {limit} that `Limits::timers_per_process` allows; let its \
         handlers take back what they do not wait for any more, or raise the limit"
    )]
    TooManyTimers {
        /// How many commands would wait for their time.
        size: u64,
        /// The limit.
        limit: u64,
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

impl Failure {
    /// Whether trying again changes nothing, as the handler itself says.
    #[must_use]
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Said(HandlerError::Park(_)))
    }
}
