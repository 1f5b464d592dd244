//! Send a command again without a second effect: after a time-out, nobody knows whether the first one arrived.

mod rooms;

use std::error::Error;

use procession::{ExecuteError, MemoryStore, RequestError, Runtime};
use rooms::{InspectRoom, Room};

#[tokio::main]
pub(crate) async fn main() -> Result<(), Box<dyn Error>> {
    let hotel = rooms::hotel(rooms::inspection())?;
    let runtime = Runtime::start(&hotel, MemoryStore::new()).await?;

    let first = runtime.execute(InspectRoom { room: 7 }).idempotency_key("monday").await?;
    let again = runtime.execute(InspectRoom { room: 7 }).idempotency_key("monday").await?;

    // The second one gets the answer of the first.
    assert_eq!(first, again);
    assert_eq!(runtime.reader().instance::<Room>(7).await?.state.inspections, 1);

    // The same key with another command is a mistake, and has no effect.
    let mistake = runtime.execute(InspectRoom { room: 8 }).idempotency_key("monday").await;
    assert!(matches!(mistake, Err(ExecuteError::NotTaken(RequestError::KeyReused { .. }))));

    runtime.stop().await?;
    Ok(())
}
