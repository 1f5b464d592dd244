//! Mistakes in the wiring of effects are found when modules are put together.

use procession::{
    Application, Command, Context, Decider, Effect, Event, Events, Handle, Module, Never,
    doc::{CleanRoom, GuestLeft, RoomCleaned},
};
use serde::{Deserialize, Serialize};

#[derive(Command, Serialize, Deserialize)]
#[command(to = Party, id = party)]
struct EndParty {
    party: String,
}

#[derive(Event, Serialize, Deserialize)]
struct PartyEnded {}

#[derive(Events)]
enum PartyEvent {
    Ended(PartyEnded),
}

#[derive(Default)]
struct Party;

impl Decider for Party {
    const CATEGORY: &'static str = "party";
    type Event = PartyEvent;
    type Rejection = Never;

    fn evolve(&mut self, _: &PartyEvent) {}
}

impl Handle<EndParty> for Party {
    type Records = PartyEnded;

    fn handle(&self, _: EndParty, _: &Context) -> Result<PartyEnded, Never> {
        Ok(PartyEnded {})
    }
}

fn assembled(effect: Effect<RoomCleaned>) -> Result<Application, String> {
    let rooms = Module::named("rooms").handles::<CleanRoom>().handles::<EndParty>();
    let rooms = rooms.external_event::<GuestLeft>().effect(effect);
    Application::assemble([rooms]).map_err(|errors| errors.to_string())
}

fn lights() -> Effect<RoomCleaned> {
    Effect::named("lights").on(async |_: RoomCleaned, _| Ok(()))
}

#[test]
fn an_effect_whose_calls_an_event_of_another_decider_is_to_take_back_is_named() {
    assert_eq!(
        assembled(lights().until::<PartyEnded>()).unwrap_err(),
        "1 mistake in the wiring of the modules:\n\
         - the effect `lights` in module `rooms` is called for `RoomCleaned` of `room`, but its \
         `.until::<PartyEnded>()` names an event of `party`, which takes no call back: calls are taken back by their own \
         stream; name an event of `room`, or let a saga send it a command that records one"
    );
}

#[test]
fn an_event_of_the_same_decider_or_one_whose_stream_nobody_knows_may_take_calls_back() {
    assembled(lights().until::<GuestLeft>()).unwrap();
    let again = Effect::named("lights").on(async |_: GuestLeft, _| Ok(())).until::<RoomCleaned>();
    let rooms = Module::named("rooms").handles::<CleanRoom>().external_event::<GuestLeft>().effect(again);
    Application::assemble([rooms]).unwrap();
}
