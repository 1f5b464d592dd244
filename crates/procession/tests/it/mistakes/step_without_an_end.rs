//! A step does not say when it is done.

use procession::{Command, Context, Decider, Event, Events, Handle, LinearSaga, Never, Step};
use serde::{Deserialize, Serialize};

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

    fn evolve(&mut self, _: &RoomEvent) {}
}

impl Handle<CleanRoom> for Room {
    type Records = RoomCleaned;

    fn handle(&self, command: CleanRoom, _: &Context) -> Result<RoomCleaned, Never> {
        Ok(RoomCleaned { room: command.room })
    }
}

#[derive(Clone, Serialize, Deserialize)]
struct Departure {
    room: u16,
}

fn main() {
    LinearSaga::named("departure").step(Step::named("clean", |it: &Departure| CleanRoom { room: it.room }));
}
