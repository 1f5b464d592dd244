use crate::{Decider, EncodeError, Payload, log::Encoded};

/// A named, versioned piece of data that can be written to the log and read back.
///
/// Implement it with `#[derive(Event)]` or `#[derive(Command)]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a message",
    note = "write `#[derive(Event)]` (a fact) or `#[derive(Command)]` (an intention) above `{Self}`"
)]
pub trait Message: Payload {
    /// The name in the log, on the map, and in every tool. The derives take the type's own name.
    const NAME: &'static str;
    /// The version of the payload's shape. It starts at 1.
    const SCHEMA_VERSION: u16 = 1;

    /// The message as it is written to the log: encoded once, passed on as it is.
    ///
    /// # Errors
    /// When the message cannot be written as JSON, for example a map whose keys are not strings.
    fn encode(&self) -> Result<Encoded, EncodeError> {
        let payload =
            self.to_json().map_err(|error| EncodeError { message: Self::NAME, reason: error.to_string() })?;
        Ok(Encoded {
            name: Self::NAME.into(),
            schema_version: Self::SCHEMA_VERSION,
            payload: payload.into_boxed_str(),
        })
    }
}

/// A fact, named in the past tense, recorded in the stream of the decider that decided it.
///
/// ```
/// # extern crate procession_core as procession;
/// use procession::Event;
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Event, Serialize, Deserialize)]
/// struct RoomCleaned {
///     room: u16,
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an event",
    note = "write `#[derive(Event)]` above `{Self}`"
)]
pub trait Event: Message {}

/// An intention, named in the imperative, addressed to exactly one instance of one decider.
///
/// `#[command(to = ..., id = ...)]` names the decider and the field that names the instance.
///
/// ```
/// # extern crate procession_core as procession;
/// use procession::Command;
/// use serde::{Deserialize, Serialize};
/// # use procession::doc::Room;
///
/// #[derive(Command, Serialize, Deserialize)]
/// #[command(to = Room, id = room)]
/// struct CleanRoom {
///     room: u16,
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a command",
    note = "write `#[derive(Command)]` and `#[command(to = TheDecider, id = the_field)]` above `{Self}`"
)]
pub trait Command: Message {
    /// The decider that handles this command.
    type To: Decider;

    /// The id of the instance that it is addressed to.
    fn target(&self) -> String;
}
