//! Wait for the event that answers what you have asked, however many steps lie between.

mod rooms;

use std::{error::Error, time::Duration};

use procession::{MemoryStore, ReplyError, Runtime};
use rooms::{CleanRoom, RoomCleaned, RoomInspected};

#[tokio::main]
pub(crate) async fn main() -> Result<(), Box<dyn Error>> {
    let runtime = Runtime::start(&rooms::hotel(rooms::inspection())?, MemoryStore::new()).await?;

    let process = runtime.execute(CleanRoom { room: 7 }).await?.process;
    let inspected: RoomInspected = runtime.reply(process, Duration::from_secs(5)).await?;
    assert_eq!(inspected.room, 7);

    // A reply that does not come in time is an error. The process goes on.
    let other = runtime.execute(rooms::InspectRoom { room: 8 }).await?.process;
    let none = runtime.reply::<RoomCleaned>(other, Duration::from_millis(20)).await;
    assert!(matches!(none, Err(ReplyError::TooLate { .. })));
    Ok(())
}
