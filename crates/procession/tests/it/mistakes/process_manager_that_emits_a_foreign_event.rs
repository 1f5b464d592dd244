//! A process manager returns an event that is not of its own stream.

use procession::{Context, Correlation, Decider, Event, Events, Never, On};
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
struct RoomCleaned {
    room: u16,
}

#[derive(Event, Serialize, Deserialize)]
struct StayBegun {
    room: u16,
}

#[derive(Event, Serialize, Deserialize)]
struct StayEnded {}

#[derive(Events)]
enum StayEvent {
    Begun(StayBegun),
    #[ends]
    Ended(StayEnded),
}

#[derive(Default)]
struct Stay;

impl Decider for Stay {
    const CATEGORY: &'static str = "stay";
    type Event = StayEvent;
    type Rejection = Never;

    fn evolve(&mut self, _: &StayEvent) {}
}

impl On<StayBegun> for Stay {
    type Emits = (RoomCleaned, StayEnded);

    fn correlate(event: &StayBegun) -> Correlation {
        Correlation::to(event.room)
    }

    fn on(&self, event: StayBegun, _: &Context) -> Self::Emits {
        (RoomCleaned { room: event.room }, StayEnded {})
    }
}

fn main() {}
