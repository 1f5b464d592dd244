//! Read what a process has done: all its messages, each below its cause. It works beside the program that writes.

mod rooms;

use std::{error::Error, sync::Arc};

use procession::{Reader, Runtime, history, log::Position, sqlite::SqliteStore};
use rooms::CleanRoom;

#[tokio::main]
pub(crate) async fn main() -> Result<(), Box<dyn Error>> {
    let hotel = rooms::hotel(rooms::inspection())?;
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("hotel.db");
    let runtime = Runtime::start(&hotel, SqliteStore::open(&file)?).await?;
    let sent = runtime.send(CleanRoom { room: 7 }).await?;
    runtime.wait(sent.process).await?;

    let reader = Reader::new(&hotel, Arc::new(SqliteStore::open_read_only(&file)?));
    let messages = reader.history(sent.process, Position::START).await?;
    let mut lines = Vec::new();
    for layer in history::layers(&messages) {
        for message in layer.messages {
            let written = history::written(&message.entry.name, &message.entry.payload);
            lines.push(format!("{}{written}", "  ".repeat(layer.depth)));
        }
    }
    assert_eq!(
        lines,
        [
            "CleanRoom { room: 7 }",
            "  RoomCleaned { room: 7 }",
            "    InspectRoom { room: 7 }",
            "      RoomInspected { room: 7 }",
        ]
    );

    runtime.stop().await?;
    Ok(())
}
