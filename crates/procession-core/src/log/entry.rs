use std::{borrow::Cow, sync::Arc};

use jiff::Timestamp;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::value::RawValue;

use super::{Position, ProcessId};
use crate::{Stream, Version};

/// What an entry of the log is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A fact of its stream; it has a version.
    Event,
    /// A command that its stream's partition will handle.
    Command,
    /// A command that was handled in the very transaction that logged it.
    ExecutedCommand,
    /// A decider's "no" to the command that caused this entry.
    Rejection,
    /// An event or rejection on its way to the process manager that its stream belongs to.
    Input,
    /// That a process manager did not take a message, and why.
    Ignored,
    /// What a module tells others, in the stream of the decider whose event it was made from. It has no version.
    PublicEvent,
    /// That a handler has failed on the message that caused this entry, and why.
    Failure,
    /// What an operator asks for, by whom and why.
    Operation,
    /// What came of the call of an effect that the event which caused this entry has asked for.
    EffectResult,
}

impl Kind {
    /// Whether it is a command, handled already or not.
    #[must_use]
    pub fn is_command(self) -> bool {
        matches!(self, Self::Command | Self::ExecutedCommand)
    }

    /// Whether it is read again, however old it is: states are folded from events, and read models from events and public
    /// events. The rest is needed until its process has ended, and may be archived then.
    #[must_use]
    pub fn is_kept(self) -> bool {
        matches!(self, Self::Event | Self::PublicEvent)
    }
}

/// A message encoded for the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Encoded {
    /// The name of the message's type.
    pub name: Cow<'static, str>,
    /// The version of the payload's shape.
    pub schema_version: u16,
    /// The message as JSON.
    pub payload: Box<str>,
}

/// A message with its address and time: everything about it that does not depend on its place in the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// Event, command, rejection, and so on.
    pub kind: Kind,
    /// The stream that an event belongs to, or that a command is addressed to.
    pub stream: Stream,
    /// Commands only: the process manager's instance that sent it, and is told if it is rejected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sender: Option<Stream>,
    /// The name of the message's type.
    pub name: Cow<'static, str>,
    /// The version of the payload's shape.
    pub schema_version: u16,
    /// The message as JSON.
    #[serde(serialize_with = "as_json")]
    pub payload: Box<str>,
    /// Messages from outside only: the W3C trace context (`traceparent`) that they came with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trace_context: Option<Box<str>>,
    /// When it was decided, to the microsecond.
    pub at: Timestamp,
}

impl Entry {
    /// An entry made from an encoded message. The time is cut to the microseconds that stores keep.
    #[must_use]
    pub fn new(kind: Kind, stream: Stream, message: Encoded, at: Timestamp) -> Self {
        let at = Timestamp::from_microsecond(at.as_microsecond()).unwrap_or(at);
        let Encoded { name, schema_version, payload } = message;
        Self { kind, stream, sender: None, name, schema_version, payload, trace_context: None, at }
    }

    /// The message in it, to be written once more.
    #[must_use]
    pub fn encoded(&self) -> Encoded {
        let (name, schema_version, payload) = (self.name.clone(), self.schema_version, self.payload.clone());
        Encoded { name, schema_version, payload }
    }

    /// The same, with the trace context that it came with.
    #[must_use]
    pub fn traced_by(self, trace_context: Option<Box<str>>) -> Self {
        Self { trace_context, ..self }
    }

    /// The same, sent by an instance that is told if it is rejected.
    #[must_use]
    pub fn sent_by(self, sender: Option<Stream>) -> Self {
        Self { sender, ..self }
    }
}

/// An entry with its place in the log and its cause.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Recorded {
    /// The place in the log.
    pub position: Position,
    /// The process that it belongs to (its correlation id).
    pub process: ProcessId,
    /// The message whose handling recorded it; none for a message from outside.
    pub causation: Option<Position>,
    /// Events only: the version of its stream.
    pub version: Option<Version>,
    /// What was recorded.
    #[serde(flatten)]
    pub entry: Arc<Entry>,
}

/// As it stands, so that no number loses digits. What breaks a line stands between tokens only.
fn as_json<S: Serializer>(payload: &str, serializer: S) -> Result<S::Ok, S::Error> {
    let value = RawValue::from_string(payload.replace(['\n', '\r'], " "));
    value.map_err(serde::ser::Error::custom)?.serialize(serializer)
}
