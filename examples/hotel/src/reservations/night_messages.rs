use jiff::Timestamp;
use procession::{Command, Event};
use serde::{Deserialize, Serialize};

use super::{Night, RoomNight};
use crate::ReservationId;

/// Takes a room for one night, if there is one.
#[derive(Command, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[command(to = RoomNight, id = night)]
pub struct ReserveNight {
    /// The night.
    #[serde(flatten)]
    pub night: Night,
    /// For whom.
    pub reservation: ReservationId,
}

/// Takes a room for one night that a channel has sold, whether there is one or not.
#[derive(Command, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[command(to = RoomNight, id = night)]
pub struct RecordBookedNight {
    /// The night.
    #[serde(flatten)]
    pub night: Night,
    /// For whom.
    pub reservation: ReservationId,
}

/// Gives a room back for one night.
#[derive(Command, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[command(to = RoomNight, id = night)]
pub struct ReleaseNight {
    /// The night.
    #[serde(flatten)]
    pub night: Night,
    /// Who has it.
    pub reservation: ReservationId,
}

/// There was a room, and now it is taken.
#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
pub struct NightReserved {
    /// The night.
    #[serde(flatten)]
    pub night: Night,
    /// For whom.
    pub reservation: ReservationId,
    /// When.
    pub at: Timestamp,
}

/// A room that a channel has sold is taken, whether there is one or not.
#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
pub struct BookedNightRecorded {
    /// The night.
    #[serde(flatten)]
    pub night: Night,
    /// For whom.
    pub reservation: ReservationId,
    /// When.
    pub at: Timestamp,
}

/// A room is free again.
#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
pub struct NightReleased {
    /// The night.
    #[serde(flatten)]
    pub night: Night,
    /// Who had it.
    pub reservation: ReservationId,
    /// When.
    pub at: Timestamp,
}

/// More rooms are taken than there are, by one more than before.
#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
pub struct DailyOverbookingDetected {
    /// The night.
    #[serde(flatten)]
    pub night: Night,
    /// How many rooms are missing.
    pub overbooked: u32,
    /// How many of them the hotel does not find elsewhere.
    pub over_the_limit: u32,
    /// When.
    pub at: Timestamp,
}
