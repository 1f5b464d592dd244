//! Retry the messages whose handler failed, when what they failed on is repaired. Who asks, and why, stands in the log.

mod rooms;

use std::{
    error::Error,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use procession::{MemoryStore, Operation, Runtime, Saga};
use rooms::{CleanRoom, InspectRoom, Room, RoomCleaned};

#[tokio::main]
pub(crate) async fn main() -> Result<(), Box<dyn Error>> {
    let is_repaired = Arc::new(AtomicBool::new(false));
    let repaired = Arc::clone(&is_repaired);
    let inspection = Saga::named("inspection").on(move |event: &RoomCleaned| {
        assert!(repaired.load(Ordering::Relaxed), "the bug");
        InspectRoom { room: event.room }
    });
    let runtime = Runtime::start(&rooms::hotel(inspection)?, MemoryStore::new()).await?;
    for room in [7, 8] {
        runtime.send(CleanRoom { room }).await?;
    }
    runtime.settled().await?;
    assert_eq!(runtime.reader().parked().await?.len(), 2);

    is_repaired.store(true, Ordering::Relaxed);
    // What waits behind a message that has failed follows by itself.
    let failed = runtime.reader().parked().await?.into_iter().filter(|it| it.cause.is_some());
    let anna = runtime.operator().by("anna").because("the bug is fixed");
    anna.request(failed.map(|it| Operation::RetryParked(it.delivery()))).await?;
    runtime.settled().await?;

    assert_eq!(runtime.reader().parked().await?, []);
    assert_eq!(runtime.reader().instance::<Room>(7).await?.state.inspections, 1);
    runtime.stop().await?;
    Ok(())
}
