//! The small types that the examples in this documentation share.
#![allow(missing_docs)]

use serde::{Deserialize, Serialize};

use crate::{Command, Context, Decider, Event, Events, Handle};

#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
pub struct GuestLeft {
    pub room: u16,
}

#[derive(Command, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[command(to = Room, id = room)]
pub struct CleanRoom {
    pub room: u16,
}

#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
pub struct RoomCleaned {
    pub room: u16,
}

#[derive(Events)]
pub enum RoomEvent {
    Cleaned(RoomCleaned),
}

#[derive(Debug, Clone, PartialEq, thiserror::Error, Serialize, Deserialize)]
pub enum RoomRejection {
    #[error("the room is clean already")]
    AlreadyClean,
}

#[derive(Debug, Default)]
pub struct Room {
    pub clean: bool,
}

impl Decider for Room {
    const CATEGORY: &'static str = "room";
    type Event = RoomEvent;
    type Rejection = RoomRejection;

    fn evolve(&mut self, event: &RoomEvent) {
        match event {
            RoomEvent::Cleaned(_) => self.clean = true,
        }
    }
}

impl Handle<CleanRoom> for Room {
    type Records = RoomCleaned;

    fn handle(&self, command: CleanRoom, _: &Context) -> Result<RoomCleaned, RoomRejection> {
        if self.clean {
            return Err(RoomRejection::AlreadyClean);
        }
        Ok(RoomCleaned { room: command.room })
    }
}
