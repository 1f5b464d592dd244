//! A command is put into a module, and its decider has no `handle` for it.

use procession::{Command, Decider, Event, Events, Module, Never};
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
struct RoomCleaned {
    room: u16,
}

#[derive(Events)]
enum RoomEvent {
    Cleaned(RoomCleaned),
}

#[derive(Command, Serialize, Deserialize)]
#[command(to = Room, id = room)]
struct CleanRoom {
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

fn main() {
    Module::named("rooms").handles::<CleanRoom>();
}
