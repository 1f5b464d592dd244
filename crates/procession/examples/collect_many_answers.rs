//! Ask many, and go on when the last one has answered: a process manager with a join. A timeout ends the waiting.

mod rooms;

use std::{error::Error, time::Duration};

use procession::{
    After, Application, Command, Context, Correlation, Decider, Event, Events, Handle, Join, Lifecycle,
    MemoryStore, Module, Never, On, OnTimeout, ProcessManager, Runtime,
};
use rooms::{CleanRoom, RoomCleaned};
use serde::{Deserialize, Serialize};

const THIS_YEAR: u16 = 2030;
const TWO_HOURS: Duration = Duration::from_secs(2 * 60 * 60);

#[derive(Command, Serialize, Deserialize)]
#[command(to = SpringCleaning, id = year)]
struct BeginSpringCleaning {
    year: u16,
    rooms: Vec<u16>,
}

/// Time is up. The process manager sends it to itself.
#[derive(Command, Serialize, Deserialize)]
#[command(to = SpringCleaning, id = year)]
struct EndSpringCleaning {
    year: u16,
}

#[derive(Event, Serialize, Deserialize)]
struct SpringCleaningBegun {
    year: u16,
    rooms: Vec<u16>,
}

#[derive(Event, Serialize, Deserialize)]
struct RoomDone {
    room: u16,
}

#[derive(Event, Serialize, Deserialize)]
struct AllRoomsDone {}

#[derive(Event, Serialize, Deserialize)]
struct RoomsLeft {
    rooms: Vec<u16>,
}

#[derive(Events)]
enum SpringCleaningEvent {
    Begun(SpringCleaningBegun),
    RoomDone(RoomDone),
    #[ends]
    AllDone(AllRoomsDone),
    #[ends]
    RoomsLeft(RoomsLeft),
}

#[derive(Default)]
struct SpringCleaning {
    rooms: Join<u16>,
}

impl Decider for SpringCleaning {
    const CATEGORY: &'static str = "spring_cleaning";
    type Event = SpringCleaningEvent;
    type Rejection = Never;

    fn evolve(&mut self, event: &SpringCleaningEvent) {
        match event {
            SpringCleaningEvent::Begun(event) => self.rooms = Join::of(event.rooms.iter().copied()),
            SpringCleaningEvent::RoomDone(event) => self.rooms.record(&event.room, ()),
            SpringCleaningEvent::AllDone(_) | SpringCleaningEvent::RoomsLeft(_) => {}
        }
    }
}

impl Handle<BeginSpringCleaning> for SpringCleaning {
    type Records = SpringCleaningBegun;

    fn handle(&self, command: BeginSpringCleaning, _: &Context) -> Result<SpringCleaningBegun, Never> {
        Ok(SpringCleaningBegun { year: command.year, rooms: command.rooms })
    }
}

impl On<SpringCleaningBegun> for SpringCleaning {
    type Emits = (Vec<CleanRoom>, After<EndSpringCleaning>);

    fn correlate(event: &SpringCleaningBegun) -> Correlation {
        Correlation::to(event.year)
    }

    fn on(&self, event: SpringCleaningBegun, _: &Context) -> Self::Emits {
        let ask = event.rooms.into_iter().map(|room| CleanRoom { room }).collect();
        (ask, After(TWO_HOURS, EndSpringCleaning { year: event.year }))
    }
}

impl On<RoomCleaned> for SpringCleaning {
    type Emits = Option<(RoomDone, Option<AllRoomsDone>)>;

    fn correlate(_: &RoomCleaned) -> Correlation {
        Correlation::to(THIS_YEAR)
    }

    fn on(&self, event: RoomCleaned, _: &Context) -> Self::Emits {
        // A room that was done before, or is none of ours, gives none.
        let answered = self.rooms.with(&event.room, ())?;
        let end = answered.is_complete().then_some(AllRoomsDone {});
        Some((RoomDone { room: event.room }, end))
    }
}

impl OnTimeout<EndSpringCleaning> for SpringCleaning {
    type Emits = RoomsLeft;

    fn on_timeout(&self, _: EndSpringCleaning, _: &Context) -> RoomsLeft {
        RoomsLeft { rooms: self.rooms.missing().copied().collect() }
    }
}

#[tokio::main]
pub(crate) async fn main() -> Result<(), Box<dyn Error>> {
    let cleaning = ProcessManager::<SpringCleaning>::new()
        .on::<SpringCleaningBegun>()
        .on::<RoomCleaned>()
        .on_timeout::<EndSpringCleaning>();
    let hotel = Application::assemble([
        Module::named("rooms").handles::<CleanRoom>().publishes::<RoomCleaned>(),
        Module::named("cleaning").handles::<BeginSpringCleaning>().process_manager(cleaning),
    ])?;
    let runtime = Runtime::builder().virtual_time("2030-03-20T08:00:00Z".parse()?);
    let runtime = runtime.start(&hotel, MemoryStore::new()).await?;

    runtime.execute(BeginSpringCleaning { year: THIS_YEAR, rooms: vec![1, 2, 3] }).await?;
    runtime.settled().await?;

    let cleaning = runtime.reader().instance::<SpringCleaning>(THIS_YEAR).await?;
    assert_eq!(cleaning.lifecycle, Lifecycle::Ended("AllRoomsDone"));
    // It has ended, so its timeout is gone.
    assert_eq!(runtime.reader().store().next_due().await?, None);
    Ok(())
}
