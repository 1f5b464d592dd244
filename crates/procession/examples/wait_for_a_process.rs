//! Wait until everything that follows from a command has happened.

mod rooms;

use std::error::Error;

use procession::{MemoryStore, Runtime};
use rooms::{CleanRoom, Room};

#[tokio::main]
pub(crate) async fn main() -> Result<(), Box<dyn Error>> {
    let hotel = rooms::hotel(rooms::inspection())?;
    let runtime = Runtime::start(&hotel, MemoryStore::new()).await?;

    // `send` returns when the command is durable; it is handled when its turn comes.
    let sent = runtime.send(CleanRoom { room: 7 }).await?;

    // `wait` returns when no message of the process is on its way any more, and all of it is durable.
    let quiet = runtime.wait(sent.process).await?;
    assert_eq!(quiet.parked, 0, "no handler has failed");

    let room = runtime.reader().instance::<Room>(7).await?;
    assert_eq!(room.state, Room { is_clean: true, inspections: 1 });

    runtime.stop().await?;
    Ok(())
}
