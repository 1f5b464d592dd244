//! A decider records an event that its `Event` enum does not list.

use procession::{Command, Context, Decider, Event, Events, Handle, Never};
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
struct RoomCleaned {
    room: u16,
}

#[derive(Event, Serialize, Deserialize)]
struct RoomPainted {
    room: u16,
}

#[derive(Events)]
enum RoomEvent {
    Cleaned(RoomCleaned),
}

#[derive(Command, Serialize, Deserialize)]
#[command(to = Room, id = room)]
struct PaintRoom {
    room: u16,
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

impl Handle<PaintRoom> for Room {
    type Records = RoomPainted;

    fn handle(&self, command: PaintRoom, _: &Context) -> Result<RoomPainted, Never> {
        Ok(RoomPainted { room: command.room })
    }
}

fn main() {}
