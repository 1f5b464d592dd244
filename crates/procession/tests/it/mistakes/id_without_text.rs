//! The field that names the instance has a type without `Display`.

use procession::{Command, Decider, Event, Events, Never};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct RoomNumber(u16);

#[derive(Command, Serialize, Deserialize)]
#[command(to = Room, id = room)]
struct CleanRoom {
    room: RoomNumber,
}

#[derive(Event, Serialize, Deserialize)]
struct RoomCleaned {
    room: RoomNumber,
}

#[derive(Events)]
enum RoomEvent {
    Cleaned(RoomCleaned),
}

#[derive(Default)]
struct Room;

impl Decider for Room {
    const CATEGORY: &'static str = "room";
    type Event = RoomEvent;
    type Rejection = Never;

    fn evolve(&mut self, event: &RoomEvent) {
        match event {
            RoomEvent::Cleaned(_) => {}
        }
    }
}

fn main() {}
