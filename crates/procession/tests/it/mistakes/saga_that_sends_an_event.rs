//! A saga returns an event. It may only send commands: facts are decided by deciders.

use procession::{Event, Saga};
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
struct GuestLeft {
    room: u16,
}

#[derive(Event, Serialize, Deserialize)]
struct RoomCleaned {
    room: u16,
}

fn main() {
    Saga::named("housekeeping").on(|event: &GuestLeft| RoomCleaned { room: event.room });
}
