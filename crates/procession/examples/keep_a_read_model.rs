//! Keep a read model: rows that a function makes of events, read by key, by range, and after one's own write.

mod rooms;

use std::{error::Error, time::Duration};

use procession::{Application, MemoryStore, Module, Projection, ProjectionError, Rows, Runtime};
use rooms::{CleanRoom, InspectRoom, RoomCleaned, RoomInspected};
use serde::{Deserialize, Serialize};

/// What the list of rooms shows.
#[derive(Serialize, Deserialize, Debug, Default, PartialEq)]
struct RoomRow {
    is_clean: bool,
    inspections: u32,
}

fn room_list() -> Projection {
    Projection::named("room_list").on(cleaned).on(inspected)
}

fn cleaned(event: &RoomCleaned, rows: &mut Rows<'_>) -> Result<(), ProjectionError> {
    rows.put(key(event.room), &RoomRow { is_clean: true, inspections: 0 });
    Ok(())
}

fn inspected(event: &RoomInspected, rows: &mut Rows<'_>) -> Result<(), ProjectionError> {
    rows.update(key(event.room), |it: &mut RoomRow| it.inspections += 1)
}

/// Ordered as the numbers are.
fn key(room: u16) -> String {
    format!("room/{room:05}")
}

#[tokio::main]
pub(crate) async fn main() -> Result<(), Box<dyn Error>> {
    let rooms = Module::named("rooms").handles::<CleanRoom>().handles::<InspectRoom>();
    let hotel = Application::assemble([rooms.projection(room_list())])?;
    let runtime = Runtime::start(&hotel, MemoryStore::new()).await?;
    for room in [7, 13, 104] {
        runtime.execute(CleanRoom { room }).await?;
    }

    let executed = runtime.execute(InspectRoom { room: 7 }).await?;
    let room_list = runtime.read_model("room_list");
    room_list.wait_for(executed.last_position(), Duration::from_secs(5)).await?;

    let seven: Option<RoomRow> = room_list.get(key(7)).await?;
    assert_eq!(seven, Some(RoomRow { is_clean: true, inspections: 1 }));
    let first: Vec<(String, RoomRow)> = room_list.range("room/00000".."room/00100", 50).await?;
    assert_eq!(first.len(), 2);
    let all: Vec<(String, RoomRow)> = room_list.prefix("room/", None, 50).await?;
    assert_eq!(all.len(), 3);

    runtime.stop().await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use procession::test::given_projection;

    use super::*;

    #[test]
    fn an_inspection_counts_and_cleaning_begins_anew() {
        given_projection(room_list())
            .when(RoomCleaned { room: 7 })
            .when(RoomInspected { room: 7 })
            .then_row(key(7), &RoomRow { is_clean: true, inspections: 1 })
            .when(RoomCleaned { room: 7 })
            .then_row(key(7), &RoomRow { is_clean: true, inspections: 0 })
            .then_no_row(key(8));
    }
}
