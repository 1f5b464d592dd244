use crate::{Decider, DecodeError, EncodeError, Payload, log::Encoded};

/// A named, versioned piece of data that can be written to the log and read back.
///
/// Implement it with `#[derive(Event)]` or `#[derive(Command)]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a message",
    note = "write `#[derive(Event)]` (a fact) or `#[derive(Command)]` (an intention) above `{Self}`"
)]
pub trait Message: Payload {
    /// Whether it is an event, a public event or a command.
    #[doc(hidden)]
    type Kind;
    /// The name in the log, on the map, and in every tool. The derives take the type's own name.
    const NAME: &'static str;
    /// The version of the payload's shape. It starts at 1.
    const SCHEMA_VERSION: u16 = 1;

    /// Reads a payload that was written with an older schema version.
    ///
    /// `#[event(version = 2, upcast_from = OldShape)]` reads the old shape and turns it into this one by `From`, so
    /// that a chain of old shapes is checked by the compiler.
    ///
    /// # Errors
    /// When no older shape is known, or the payload is not of its shape.
    fn upcast(schema_version: u16, _payload: &str) -> Result<Self, DecodeError> {
        Err(DecodeError::SchemaVersion {
            name: Self::NAME.into(),
            found: schema_version,
            known: Self::SCHEMA_VERSION,
        })
    }

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

/// What can be reacted to: an [`Event`] or a [`PublicEvent`].
#[diagnostic::on_unimplemented(
    message = "nobody can react to `{Self}`: it is not an event",
    note = "if it is a struct of yours, write `#[derive(Event)]` or `#[derive(PublicEvent)]` above it",
    note = "an effect owns its event, and takes it without `&`: `|event: TheEvent, call|`; sagas and reactions of modules borrow \
            theirs: `|event: &TheEvent|`"
)]
pub trait Fact: Message {}

#[diagnostic::do_not_recommend]
impl<M: Message> Fact for M where M::Kind: kind::Happened {}

/// What a module tells other modules: made from an event of its own and the state as of that event, by
/// [`Module::publishes_as`](crate::Module::publishes_as).
///
/// It is a contract, and so it has a shape of its own: what a module keeps to itself may change without others
/// noticing. No decider records it.
///
/// ```
/// # extern crate procession_core as procession;
/// use procession::PublicEvent;
/// use serde::{Deserialize, Serialize};
///
/// #[derive(PublicEvent, Serialize, Deserialize)]
/// struct RoomBecameFree {
///     room: u16,
///     beds: u8,
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a public event",
    note = "write `#[derive(PublicEvent)]` above `{Self}`"
)]
pub trait PublicEvent: Message {}

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
    /// The name of the message that tells its sender of a rejection.
    #[doc(hidden)]
    const REJECTED: &'static str;

    /// The id of the instance that it is addressed to.
    fn target(&self) -> String;
}

/// What a message is, as a type, so that one trait can treat each kind in its own way.
#[doc(hidden)]
pub mod kind {
    /// Marks the kinds of what has happened.
    pub trait Happened {}
    impl Happened for Event {}
    impl Happened for PublicEvent {}

    #[derive(Debug)]
    pub enum Event {}
    #[derive(Debug)]
    pub enum PublicEvent {}
    /// Of a linear saga: nobody else reacts to it, since it does not say whose it is.
    #[derive(Debug)]
    pub enum SagaEvent {}
    #[derive(Debug)]
    pub enum Command {}
}
