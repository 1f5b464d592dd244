//! What the examples share: rooms of a hotel, which are cleaned and then inspected.
#![allow(dead_code, reason = "each example uses a part of it")]

use procession::{Application, Command, Context, Decider, Event, Events, Handle, Module, Saga, WiringErrors};
use serde::{Deserialize, Serialize};

/// Asks for a clean room.
#[derive(Command, Serialize, Deserialize)]
#[command(to = Room, id = room)]
pub(crate) struct CleanRoom {
    pub(crate) room: u16,
}

/// The room is clean.
#[derive(Event, Serialize, Deserialize)]
pub(crate) struct RoomCleaned {
    pub(crate) room: u16,
}

/// Asks for a look at the room.
#[derive(Command, Serialize, Deserialize)]
#[command(to = Room, id = room)]
pub(crate) struct InspectRoom {
    pub(crate) room: u16,
}

/// Somebody has looked.
#[derive(Event, Serialize, Deserialize)]
pub(crate) struct RoomInspected {
    pub(crate) room: u16,
}

/// One room.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Room {
    pub(crate) is_clean: bool,
    pub(crate) inspections: u32,
}

/// What can happen to a room.
#[derive(Events)]
pub(crate) enum RoomEvent {
    Cleaned(RoomCleaned),
    Inspected(RoomInspected),
}

/// When a room refuses.
#[derive(Debug, PartialEq, thiserror::Error, Serialize, Deserialize)]
pub(crate) enum RoomRejection {
    #[error("the room is clean already")]
    AlreadyClean,
}

impl Decider for Room {
    const CATEGORY: &'static str = "room";
    type Event = RoomEvent;
    type Rejection = RoomRejection;

    fn evolve(&mut self, event: &RoomEvent) {
        match event {
            RoomEvent::Cleaned(_) => self.is_clean = true,
            RoomEvent::Inspected(_) => self.inspections += 1,
        }
    }
}

impl Handle<CleanRoom> for Room {
    type Records = RoomCleaned;

    fn handle(&self, command: CleanRoom, _: &Context) -> Result<RoomCleaned, RoomRejection> {
        if self.is_clean {
            return Err(RoomRejection::AlreadyClean);
        }
        Ok(RoomCleaned { room: command.room })
    }
}

impl Handle<InspectRoom> for Room {
    type Records = RoomInspected;

    fn handle(&self, command: InspectRoom, _: &Context) -> Result<RoomInspected, RoomRejection> {
        Ok(RoomInspected { room: command.room })
    }
}

/// Each cleaned room is inspected.
pub(crate) fn inspection() -> Saga {
    Saga::named("inspection").on(|event: &RoomCleaned| InspectRoom { room: event.room })
}

/// The hotel, with its inspection.
pub(crate) fn hotel(inspection: Saga) -> Result<Application, WiringErrors> {
    let rooms = Module::named("rooms").handles::<CleanRoom>().handles::<InspectRoom>();
    Application::assemble([rooms.saga(inspection)])
}
