//! Take back a command that waits for its time, or give it another time.

mod rooms;

use std::{error::Error, time::Duration};

use procession::{Cancel, Event, MemoryStore, Module, Reschedule, Runtime};
use rooms::{CleanRoom, InspectRoom, Room, RoomCleaned, RoomInspected};
use serde::{Deserialize, Serialize};

const HOUR: Duration = Duration::from_secs(60 * 60);

/// Something that somebody else tells us.
#[derive(Event, Serialize, Deserialize)]
struct RoomClosed {
    room: u16,
}

#[tokio::main]
pub(crate) async fn main() -> Result<(), Box<dyn Error>> {
    // Every cleaning moves the inspection, and a closed room is not inspected any more.
    let rooms = Module::named("rooms")
        .handles::<CleanRoom>()
        .handles::<InspectRoom>()
        .external_event::<RoomClosed>()
        .on(|event: &RoomCleaned| Reschedule(8 * HOUR, InspectRoom { room: event.room }))
        .on(|event: &RoomInspected| Reschedule(24 * HOUR, InspectRoom { room: event.room }))
        .on(|event: &RoomClosed| Cancel::<InspectRoom>::to(event.room));
    let hotel = procession::Application::assemble([rooms])?;
    let runtime = Runtime::builder().virtual_time("2030-01-01T00:00:00Z".parse()?);
    let runtime = runtime.start(&hotel, MemoryStore::new()).await?;

    runtime.execute(CleanRoom { room: 7 }).await?;
    runtime.advance(4 * HOUR).await?;
    // Somebody looks at it early: the inspection that waits is moved, and not made twice.
    runtime.execute(InspectRoom { room: 7 }).await?;
    runtime.advance(23 * HOUR).await?;
    assert_eq!(runtime.reader().instance::<Room>(7).await?.state.inspections, 1);
    runtime.advance(HOUR).await?;
    assert_eq!(runtime.reader().instance::<Room>(7).await?.state.inspections, 2);
    Ok(())
}
