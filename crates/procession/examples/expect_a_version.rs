//! Execute a command only if nobody has changed the instance since you looked at it.

mod rooms;

use std::error::Error;

use procession::{ExecuteError, MemoryStore, RequestError, Runtime, Version};
use rooms::{CleanRoom, InspectRoom, Room};

#[tokio::main]
pub(crate) async fn main() -> Result<(), Box<dyn Error>> {
    let hotel = rooms::hotel(rooms::inspection())?;
    let runtime = Runtime::start(&hotel, MemoryStore::new()).await?;

    let seen = runtime.reader().instance::<Room>(7).await?;
    assert_eq!(seen.version, Version::NONE);

    // Somebody else is faster.
    runtime.execute(InspectRoom { room: 7 }).await?;

    let conflict = runtime.execute(CleanRoom { room: 7 }).expected_version(seen.version).await;
    assert!(matches!(conflict, Err(ExecuteError::NotTaken(RequestError::Conflict { .. }))));

    // Look again, and decide again.
    let seen = runtime.reader().instance::<Room>(7).await?;
    runtime.execute(CleanRoom { room: 7 }).expected_version(seen.version).await?;

    runtime.stop().await?;
    Ok(())
}
