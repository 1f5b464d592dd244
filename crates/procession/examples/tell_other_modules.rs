//! Tell other modules what has happened: by a public event that is made from an internal one and the state as of it.

mod rooms;

use std::error::Error;

use procession::{
    Application, Command, Context, Decider, Event, Events, Handle, MemoryStore, Module, Never, PublicEvent,
    Runtime,
};
use rooms::{CleanRoom, InspectRoom, Room, RoomInspected};
use serde::{Deserialize, Serialize};

/// What others may know. Its shape is a contract; that of `RoomInspected` is not.
#[derive(PublicEvent, Serialize, Deserialize)]
struct RoomBecameReady {
    room: u16,
    inspections: u32,
}

#[derive(Command, Serialize, Deserialize)]
#[command(to = RoomList, id = house)]
struct OfferRoom {
    house: String,
    room: u16,
}

#[derive(Event, Serialize, Deserialize)]
struct RoomOffered {
    room: u16,
}

#[derive(Events)]
enum RoomListEvent {
    Offered(RoomOffered),
}

#[derive(Default)]
struct RoomList {
    rooms: Vec<u16>,
}

impl Decider for RoomList {
    const CATEGORY: &'static str = "room_list";
    type Event = RoomListEvent;
    type Rejection = Never;

    fn evolve(&mut self, event: &RoomListEvent) {
        match event {
            RoomListEvent::Offered(event) => self.rooms.push(event.room),
        }
    }
}

impl Handle<OfferRoom> for RoomList {
    type Records = RoomOffered;

    fn handle(&self, command: OfferRoom, _: &Context) -> Result<RoomOffered, Never> {
        Ok(RoomOffered { room: command.room })
    }
}

#[tokio::main]
pub(crate) async fn main() -> Result<(), Box<dyn Error>> {
    let rooms = Module::named("rooms").handles::<CleanRoom>().handles::<InspectRoom>().publishes_as(
        |room: &Room, event: &RoomInspected| {
            let inspections = room.inspections;
            room.is_clean.then_some(RoomBecameReady { room: event.room, inspections })
        },
    );
    let front_desk = Module::named("front_desk").handles::<OfferRoom>().on(|event: &RoomBecameReady| {
        (event.inspections == 1).then(|| OfferRoom { house: "main".into(), room: event.room })
    });
    let runtime = Runtime::start(&Application::assemble([rooms, front_desk])?, MemoryStore::new()).await?;

    runtime.execute(InspectRoom { room: 6 }).await?;
    runtime.execute(CleanRoom { room: 7 }).await?;
    runtime.execute(InspectRoom { room: 7 }).await?;
    runtime.execute(InspectRoom { room: 8 }).await?;
    runtime.settled().await?;

    assert_eq!(runtime.reader().instance::<RoomList>("main").await?.state.rooms, [7]);
    Ok(())
}
