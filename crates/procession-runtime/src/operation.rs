use jiff::Timestamp;
use procession_core::{
    DecodeError, EncodeError, Stream,
    log::{Encoded, Entry, Kind, Position, ProcessId},
};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::store::{Delivery, TimerId};

/// What an operator asks of the runtime that handles the messages of a store.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Operation {
    /// Lets the handler try a failed message again. What is parked behind it follows, in order.
    ///
    /// Asked for twice it is tried once: a request is for one failure, and void when the message has failed again since.
    RetryParked(Delivery),
    /// Gives up a parked message for its handler, for ever. What is parked behind it goes on.
    DiscardParked(Delivery),
    /// Lets the handler see another payload, whenever it sees the message. The log keeps the message as it was.
    EditParked {
        /// The message, for one of its handlers.
        message: Delivery,
        /// The other payload: JSON of the same type and schema version.
        payload: Box<str>,
    },
    /// Takes a timer back: its command will not come.
    CancelTimer(TimerId),
    /// Lets a timer become due at another time, earlier or later.
    MoveTimer {
        /// The timer.
        timer: TimerId,
        /// Its new time.
        due: Timestamp,
    },
    /// Lets the messages of a process wait until it is resumed.
    SuspendProcess(ProcessId),
    /// Lets a suspended process go on.
    ResumeProcess(ProcessId),
    /// Ends a process by force. Its timers, calls of effects and parked messages are taken out, and what is on its way has no
    /// effect. What it has done stays done; nothing is compensated.
    CancelProcess(ProcessId),
    /// Fills a read model anew from the first event on, beside the one that is read, and puts it in its place.
    RebuildProjection(String),
    /// Folds what was left out of a read model, in order, and lets its streams go on.
    RetryProjection {
        /// The projection.
        projection: String,
        /// The stream that is meant; none for all that are parked there.
        stream: Option<Stream>,
    },
}

/// An operation as it stands in the log: what was asked for, by whom, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requested {
    /// What was asked for.
    pub operation: Operation,
    /// Who has asked.
    pub by: String,
    /// Why.
    pub why: String,
    /// Retries: how often the handler had failed on the message, when that was asked for.
    pub after_failures: Option<u32>,
}

/// What stands in the log, as JSON. Which fields there are depends on the operation.
#[derive(Default, Serialize, Deserialize)]
struct Body {
    by: String,
    why: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<Position>,
    #[serde(skip_serializing_if = "Option::is_none")]
    handler: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    after_failures: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    payload: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    timer: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    due: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    process: Option<ProcessId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    projection: Option<String>,
    /// Its category and id.
    #[serde(skip_serializing_if = "Option::is_none")]
    stream: Option<(String, String)>,
}

impl Operation {
    /// The name of its entries in the log.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::RetryParked(_) => "RetryParked",
            Self::DiscardParked(_) => "DiscardParked",
            Self::EditParked { .. } => "EditParked",
            Self::CancelTimer(_) => "CancelTimer",
            Self::MoveTimer { .. } => "MoveTimer",
            Self::SuspendProcess(_) => "SuspendProcess",
            Self::ResumeProcess(_) => "ResumeProcess",
            Self::CancelProcess(_) => "CancelProcess",
            Self::RebuildProjection(_) => "RebuildProjection",
            Self::RetryProjection { .. } => "RetryProjection",
        }
    }

    /// The projection that it is about, if it is about one.
    #[must_use]
    pub fn projection(&self) -> Option<&str> {
        match self {
            Self::RebuildProjection(projection) | Self::RetryProjection { projection, .. } => {
                Some(projection)
            }
            _ => None,
        }
    }
}

impl Requested {
    pub(crate) fn encoded(&self) -> Result<Encoded, EncodeError> {
        let message = self.operation.name();
        let unwritable = |error: serde_json::Error| EncodeError { message, reason: error.to_string() };
        let mut body = Body {
            by: self.by.clone(),
            why: self.why.clone(),
            after_failures: self.after_failures,
            ..Body::default()
        };
        match &self.operation {
            Operation::RetryParked(message) | Operation::DiscardParked(message) => body.is_about(message),
            Operation::EditParked { message, payload } => {
                body.is_about(message);
                body.payload = Some(RawValue::from_string(payload.to_string()).map_err(unwritable)?);
            }
            Operation::CancelTimer(timer) => body.timer = Some(timer.0),
            Operation::MoveTimer { timer, due } => (body.timer, body.due) = (Some(timer.0), Some(*due)),
            Operation::SuspendProcess(process)
            | Operation::ResumeProcess(process)
            | Operation::CancelProcess(process) => body.process = Some(*process),
            Operation::RebuildProjection(projection) => body.projection = Some(projection.clone()),
            Operation::RetryProjection { projection, stream } => {
                body.projection = Some(projection.clone());
                body.stream = stream.as_ref().map(|it| (it.category().into(), it.id().into()));
            }
        }
        let payload = serde_json::to_string(&body).map_err(unwritable)?;
        Ok(Encoded { name: message.into(), schema_version: 1, payload: payload.into_boxed_str() })
    }

    /// Reads an operation from the log. None if the entry is something else.
    ///
    /// # Errors
    /// When the payload is not that of an operation of this name.
    pub fn read(entry: &Entry) -> Result<Option<Self>, DecodeError> {
        if entry.kind != Kind::Operation {
            return Ok(None);
        }
        let wrong = |reason| DecodeError::Payload { name: entry.name.to_string(), reason };
        let body: Body = serde_json::from_str(&entry.payload).map_err(|error| wrong(error.to_string()))?;
        let (by, why, after_failures) = (body.by.clone(), body.why.clone(), body.after_failures);
        let operation = body.operation(&entry.name);
        let operation =
            operation.ok_or_else(|| wrong("a field is missing, or the name is unknown".into()))?;
        Ok(Some(Self { operation, by, why, after_failures }))
    }
}

impl Body {
    fn is_about(&mut self, message: &Delivery) {
        (self.message, self.handler) = (Some(message.position), Some(message.handler.to_string()));
    }

    fn operation(self, name: &str) -> Option<Operation> {
        let message = || Some(Delivery { position: self.message?, handler: self.handler.clone()?.into() });
        let timer = self.timer.map(TimerId);
        Some(match name {
            "RetryParked" => Operation::RetryParked(message()?),
            "DiscardParked" => Operation::DiscardParked(message()?),
            "EditParked" => {
                Operation::EditParked { message: message()?, payload: self.payload?.get().into() }
            }
            "CancelTimer" => Operation::CancelTimer(timer?),
            "MoveTimer" => Operation::MoveTimer { timer: timer?, due: self.due? },
            "SuspendProcess" => Operation::SuspendProcess(self.process?),
            "ResumeProcess" => Operation::ResumeProcess(self.process?),
            "CancelProcess" => Operation::CancelProcess(self.process?),
            "RebuildProjection" => Operation::RebuildProjection(self.projection?),
            "RetryProjection" => {
                let stream = self.stream.map(|(category, id)| Stream::new(category, id)).transpose();
                Operation::RetryProjection { projection: self.projection?, stream: stream.ok()? }
            }
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_asked_for_is_read_back_as_it_was() {
        let message = || Delivery { position: Position(7), handler: "saga housekeeping".into() };
        let due = "2030-01-01T00:00:00Z".parse().unwrap();
        for operation in [
            Operation::RetryParked(message()),
            Operation::DiscardParked(message()),
            Operation::EditParked { message: message(), payload: r#"{ "b": 1.50, "a": [] }"#.into() },
            Operation::CancelTimer(TimerId(3)),
            Operation::MoveTimer { timer: TimerId(3), due },
            Operation::SuspendProcess(ProcessId(1)),
            Operation::ResumeProcess(ProcessId(1)),
            Operation::CancelProcess(ProcessId(1)),
            Operation::RebuildProjection("rooms".into()),
            Operation::RetryProjection { projection: "rooms".into(), stream: None },
            Operation::RetryProjection {
                projection: "rooms".into(),
                stream: Some(Stream::new("room", "7/b").unwrap()),
            },
        ] {
            let requested =
                Requested { operation, by: "anna".into(), why: "a test".into(), after_failures: Some(2) };
            let stream = Stream::new("room", "7").unwrap();
            let entry = Entry::new(Kind::Operation, stream, requested.encoded().unwrap(), due);
            assert_eq!(Requested::read(&entry), Ok(Some(requested)));
        }
    }
}
