//! A saga's reaction does not say which event it takes, or takes a command.

use procession::{After, Command, Decider, Event, Events, Never, Saga};
use serde::{Deserialize, Serialize};
use std::time::Duration;

#[derive(Command, Serialize, Deserialize)]
#[command(to = Room, id = room)]
struct CleanRoom {
    room: u16,
}

#[derive(Event, Serialize, Deserialize)]
struct RoomCleaned {
    room: u16,
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

fn main() {
    Saga::named("housekeeping").on(|event| CleanRoom { room: event.room });
    Saga::named("housekeeping").on(|event: &CleanRoom| After(Duration::ZERO, CleanRoom { room: event.room }));
}
