use jiff::Timestamp;

use crate::{Command, DecodeError, Event, Records, Rejection};

/// The source of truth for one category of instances: a state folded from its own events.
///
/// The implementing type *is* the state, and its `Default` is the state before any event. A decider is pure: it
/// reads no clock, no randomness and no I/O, so that replaying its stream gives the same state, always. The idea
/// is the decider pattern of functional event sourcing (Chassaing, 2021).
///
/// Each command it takes is an implementation of [`Handle`].
///
/// ```
/// # extern crate procession_core as procession;
/// use procession::{Context, Command, Decider, Event, Events, Handle};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Event, Serialize, Deserialize)]
/// struct RoomCleaned { room: u16 }
///
/// #[derive(Events)]
/// enum RoomEvent { RoomCleaned(RoomCleaned) }
///
/// #[derive(Command, Serialize, Deserialize)]
/// #[command(to = Room, id = room)]
/// struct CleanRoom { room: u16 }
///
/// #[derive(Debug, thiserror::Error, Serialize, Deserialize)]
/// enum RoomRejection {
///     #[error("the room is clean")]
///     AlreadyClean,
/// }
///
/// #[derive(Default)]
/// struct Room { clean: bool }
///
/// impl Decider for Room {
///     const CATEGORY: &'static str = "room";
///     type Event = RoomEvent;
///     type Rejection = RoomRejection;
///     fn evolve(&mut self, event: &RoomEvent) {
///         match event { RoomEvent::RoomCleaned(_) => self.clean = true }
///     }
/// }
///
/// impl Handle<CleanRoom> for Room {
///     type Records = RoomCleaned;
///     fn handle(&self, command: CleanRoom, _: &Context) -> Result<RoomCleaned, RoomRejection> {
///         if self.clean { return Err(RoomRejection::AlreadyClean) }
///         Ok(RoomCleaned { room: command.room })
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a decider",
    note = "write `impl Decider for {Self}`: its category, its events, its rejection, and how an event changes it"
)]
pub trait Decider: Default + Send + 'static {
    /// The name that all its instances share; with an id it is the address of a stream.
    const CATEGORY: &'static str;
    /// The enum of the events that its streams hold.
    type Event: Events;
    /// Its typed business "no".
    type Rejection: Rejection;

    /// Applies one event. It cannot fail: the event has happened.
    fn evolve(&mut self, event: &Self::Event);
}

/// How a decider turns one command into events, or rejects it.
///
/// The signature is the declaration: the process map is read from it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not handle `{C}`",
    note = "write `impl Handle<{C}> for {Self}`, or address the command to another decider with `#[command(to = ...)]`"
)]
pub trait Handle<C: Command>: Decider {
    /// What it may record: events of its own stream, or `Option`, `Vec`, arrays, `Either` and tuples of them.
    type Records: Records<Self>;

    /// Decides, from the state and the command alone.
    ///
    /// # Errors
    /// A rejection is a business outcome: it is recorded as the command's answer and never retried.
    fn handle(&self, command: C, context: &Context) -> Result<Self::Records, Self::Rejection>;
}

/// The enum of one stream's events. Implement it with `#[derive(Events)]` on an enum of event structs.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not the enum of a stream's events",
    note = "write `#[derive(Events)]` above an enum whose variants hold one event each: `Opened(AccountOpened)`"
)]
pub trait Events: Sized + Send + 'static {
    /// The names of all its events.
    const NAMES: &'static [&'static str];
    /// The names of those that end an instance: the variants that are marked with `#[ends]`.
    const ENDS: &'static [&'static str] = &[];

    /// The name of this event.
    fn name(&self) -> &'static str;

    /// Reads one event of the stream.
    ///
    /// # Errors
    /// When no variant has that name, or the payload is not of its shape.
    fn decode(name: &str, schema_version: u16, payload: &str) -> Result<Self, DecodeError>;
}

/// An event that an enum of events lists. `#[derive(Events)]` implements it for the event of each variant.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not one of the events in `{Es}`",
    label = "not an event of this decider's stream",
    note = "a decider records events of its own stream only: add a variant that holds it to `{Es}`, and handle it in `evolve`"
)]
pub trait OneOf<Es>: Event {}

/// What a handler may know beside its state and its message.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Context {
    /// The time of the decision. It is an input: handlers read no clock.
    pub now: Timestamp,
}

impl Context {
    /// A context at a given time.
    #[must_use]
    pub fn at(now: Timestamp) -> Self {
        Self { now }
    }
}
