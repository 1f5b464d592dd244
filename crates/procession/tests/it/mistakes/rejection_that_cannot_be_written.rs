//! A rejection is recorded in the log, and serde cannot write it.

use procession::{Decider, Event, Events};
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
struct RoomCleaned {
    room: u16,
}

#[derive(Events)]
enum RoomEvent {
    Cleaned(RoomCleaned),
}

#[derive(Debug, thiserror::Error)]
enum RoomRejection {
    #[error("the room is clean already")]
    AlreadyClean,
}

#[derive(Default)]
struct Room;

impl Decider for Room {
    const CATEGORY: &'static str = "room";
    type Event = RoomEvent;
    type Rejection = RoomRejection;

    fn evolve(&mut self, event: &RoomEvent) {
        match event {
            RoomEvent::Cleaned(_) => {}
        }
    }
}

fn main() {}
