//! Execute a command, and see at once what came of it: events, or a rejection.

mod rooms;

use std::error::Error;

use procession::{ExecuteError, MemoryStore, Runtime};
use rooms::{CleanRoom, RoomRejection};

#[tokio::main]
pub(crate) async fn main() -> Result<(), Box<dyn Error>> {
    let hotel = rooms::hotel(rooms::inspection())?;
    let runtime = Runtime::start(&hotel, MemoryStore::new()).await?;

    // When this returns, the outcome is durable.
    let executed = runtime.execute(CleanRoom { room: 7 }).await?;
    assert_eq!(executed.events[0].entry.name, "RoomCleaned");

    // A "no" of the decider is a value of its own type, and nothing to try again.
    let refused = runtime.execute(CleanRoom { room: 7 }).await;
    assert_eq!(refused, Err(ExecuteError::Rejected(RoomRejection::AlreadyClean)));

    runtime.stop().await?;
    Ok(())
}
