//! Give an event another shape. What was written with an older shape is read through a chain of them, which the compiler
//! checks.

use std::error::Error;

use procession::{Event, Events};
use serde::{Deserialize, Serialize};

/// As it was at first.
#[derive(Event, Serialize, Deserialize)]
#[event(name = "RoomCleaned")]
struct RoomCleanedV1 {
    room: u16,
}

/// Then somebody had to sign.
#[derive(Event, Serialize, Deserialize)]
#[event(name = "RoomCleaned", version = 2, upcast_from = RoomCleanedV1)]
struct RoomCleanedV2 {
    room: u16,
    by: Option<String>,
}

/// And now rooms have names.
#[derive(Event, Serialize, Deserialize, Debug, PartialEq)]
#[event(version = 3, upcast_from = RoomCleanedV2)]
struct RoomCleaned {
    room: String,
    by: Option<String>,
}

impl From<RoomCleanedV1> for RoomCleanedV2 {
    fn from(older: RoomCleanedV1) -> Self {
        Self { room: older.room, by: None }
    }
}

impl From<RoomCleanedV2> for RoomCleaned {
    fn from(older: RoomCleanedV2) -> Self {
        Self { room: format!("room {}", older.room), by: older.by }
    }
}

#[derive(Events)]
enum RoomEvent {
    Cleaned(RoomCleaned),
}

pub(crate) fn main() -> Result<(), Box<dyn Error>> {
    let read = |version, payload| RoomEvent::decode("RoomCleaned", version, payload);

    let RoomEvent::Cleaned(first) = read(1, r#"{"room":7}"#)?;
    assert_eq!(first, RoomCleaned { room: "room 7".into(), by: None });
    let RoomEvent::Cleaned(second) = read(2, r#"{"room":7,"by":"Ada"}"#)?;
    assert_eq!(second, RoomCleaned { room: "room 7".into(), by: Some("Ada".into()) });
    let RoomEvent::Cleaned(third) = read(3, r#"{"room":"suite","by":"Bob"}"#)?;
    assert_eq!(third, RoomCleaned { room: "suite".into(), by: Some("Bob".into()) });

    // What a newer program wrote is refused with both versions, and never read as something else.
    let newer = read(4, r#"{"room":"suite"}"#).err().map(|it| it.to_string());
    assert_eq!(
        newer.as_deref(),
        Some(
            "`RoomCleaned` was written with schema version 4, and this program reads 3; run a newer program"
        )
    );
    Ok(())
}
