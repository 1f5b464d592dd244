use serde_json::value::RawValue;

use crate::{Command, Decider, DecodeError, EncodeError, MessageType, Rejection, log::Encoded};

/// A command that was rejected, as its sender is told.
#[derive(Debug)]
pub struct Rejected<C: Command> {
    /// The command.
    pub command: C,
    /// The decider's "no".
    pub rejection: <C::To as Decider>::Rejection,
}

/// The shape of a rejected command in the log.
#[derive(serde::Deserialize)]
struct Written<'a> {
    #[serde(borrow)]
    command: &'a RawValue,
    #[serde(borrow)]
    rejected: &'a RawValue,
}

impl<C: Command> Rejected<C> {
    /// What is known about it as a message.
    pub(crate) fn message_type() -> MessageType {
        MessageType {
            name: C::REJECTED,
            schema_version: C::SCHEMA_VERSION,
            rust_type: std::any::type_name::<Self>(),
        }
    }

    pub(crate) fn decode(schema_version: u16, payload: &str) -> Result<Self, DecodeError> {
        let unreadable = |error: serde_json::Error| DecodeError::Payload {
            name: C::REJECTED.into(),
            reason: error.to_string(),
        };
        let written: Written<'_> = serde_json::from_str(payload).map_err(unreadable)?;
        let command = crate::engine::decode::<C>(schema_version, written.command.get())?;
        let rejection = <<C::To as Decider>::Rejection as Rejection>::decode(written.rejected.get())?;
        Ok(Self { command, rejection })
    }

    /// As a test hands it to a process manager.
    pub(crate) fn encode(&self) -> Result<Encoded, EncodeError> {
        let unwritable =
            |error: serde_json::Error| EncodeError { message: C::NAME, reason: error.to_string() };
        let command = self.command.to_json().map_err(unwritable)?;
        Ok(encoded(C::REJECTED, C::SCHEMA_VERSION, &command, &self.rejection.encode()?.payload))
    }
}

/// The message that tells the sender of a command that it was rejected.
pub(crate) fn encoded(name: &'static str, schema_version: u16, command: &str, rejected: &str) -> Encoded {
    let payload = format!(r#"{{"command":{command},"rejected":{rejected}}}"#);
    Encoded { name: name.into(), schema_version, payload: payload.into_boxed_str() }
}
