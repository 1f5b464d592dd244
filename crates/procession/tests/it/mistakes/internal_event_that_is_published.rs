//! An internal event is published as a public one.

use procession::{Decider, Event, Events, Module, Never};
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
    Module::named("stays").publishes_as(|_: &Stay, event: &StayBegun| StayBegun { room: event.room });
}
