//! The older shape of an event has another name, and so it is not the older shape of this one.

use procession::Event;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
struct RoomCleanedV1 {
    room: u16,
}

#[derive(Event, Serialize, Deserialize)]
#[event(version = 2, upcast_from = RoomCleanedV1)]
struct RoomCleaned {
    room: String,
}

impl From<RoomCleanedV1> for RoomCleaned {
    fn from(older: RoomCleanedV1) -> Self {
        Self { room: older.room.to_string() }
    }
}

fn main() {}
