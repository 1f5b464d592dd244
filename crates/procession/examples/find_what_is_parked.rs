//! Find the messages whose handler failed. They are parked with the reason; everything else goes on.

mod rooms;

use std::error::Error;

use procession::{MemoryStore, Runtime, Saga};
use rooms::{CleanRoom, InspectRoom, Room, RoomCleaned};

#[tokio::main]
pub(crate) async fn main() -> Result<(), Box<dyn Error>> {
    let inspection = Saga::named("inspection").on(|event: &RoomCleaned| {
        assert!(event.room != 13, "there is no room 13");
        InspectRoom { room: event.room }
    });
    let hotel = rooms::hotel(inspection)?;
    let runtime = Runtime::start(&hotel, MemoryStore::new()).await?;

    let unlucky = runtime.send(CleanRoom { room: 13 }).await?;
    assert_eq!(runtime.wait(unlucky.process).await?.parked, 1);

    let parked = runtime.reader().parked().await?;
    assert_eq!((&*parked[0].handler, parked[0].process), ("saga inspection", unlucky.process));
    assert_eq!(parked[0].cause.as_deref(), Some("the handler panicked: there is no room 13"));

    // The other rooms do not wait.
    let other = runtime.send(CleanRoom { room: 7 }).await?;
    assert_eq!(runtime.wait(other.process).await?.parked, 0);
    assert_eq!(runtime.reader().instance::<Room>(7).await?.state.inspections, 1);

    runtime.stop().await?;
    Ok(())
}
