//! A message is written to the log, and serde cannot write it.

use procession::Event;

#[derive(Event)]
struct RoomCleaned {
    room: u16,
}

fn main() {}
