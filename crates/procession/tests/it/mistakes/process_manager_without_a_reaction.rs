//! A process manager lists an event for which it has no reaction.

use procession::{Decider, Event, Events, Never, ProcessManager};
use serde::{Deserialize, Serialize};

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

fn main() {
    ProcessManager::<Stay>::new().on::<StayBegun>();
}
