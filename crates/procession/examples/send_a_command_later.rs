//! Send a command that becomes due after a while. It waits in the store, so a restart does not lose it.

mod rooms;

use std::{error::Error, time::Duration};

use procession::{After, Runtime, Saga, sqlite::SqliteStore};
use rooms::{CleanRoom, InspectRoom, Room, RoomCleaned};

#[tokio::main]
pub(crate) async fn main() -> Result<(), Box<dyn Error>> {
    let when_it_is_dry = Duration::from_millis(20);
    let inspection = Saga::named("inspection")
        .on(move |event: &RoomCleaned| After(when_it_is_dry, InspectRoom { room: event.room }));
    let hotel = rooms::hotel(inspection)?;
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("hotel.db");

    let runtime = Runtime::start(&hotel, SqliteStore::open(&file)?).await?;
    let sent = runtime.send(CleanRoom { room: 7 }).await?;
    runtime.wait(sent.process).await?;
    runtime.stop().await?;

    // The command waits in the file. Who opens it next sends it when it is due.
    let runtime = Runtime::start(&hotel, SqliteStore::open(&file)?).await?;
    let mut committed = runtime.committed();
    while runtime.reader().instance::<Room>(7).await?.state.inspections == 0 {
        committed.changed().await?;
    }

    runtime.stop().await?;
    Ok(())
}
