use jiff::{Timestamp, civil::Date};
use procession::{Command, Event};
use serde::{Deserialize, Serialize};

use super::{Nights, Reservation};
use crate::{BookingId, ChannelId, GuestId, ReservationId};

/// Asks for a room.
#[derive(Command, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[command(to = Reservation, id = reservation)]
pub struct ReserveRoom {
    /// The reservation.
    pub reservation: ReservationId,
    /// Who comes.
    pub guest: GuestId,
    /// What for.
    #[serde(flatten)]
    pub nights: Nights,
}

/// Takes over a booking that was made elsewhere.
#[derive(Command, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[command(to = Reservation, id = reservation)]
pub struct RecordBooking {
    /// The reservation; see [`ReservationId::of_booking`].
    pub reservation: ReservationId,
    /// Who has sold the room.
    pub channel: ChannelId,
    /// What the channel calls the booking.
    pub booking: BookingId,
    /// Who comes.
    pub guest: GuestId,
    /// What for.
    #[serde(flatten)]
    pub nights: Nights,
}

/// The guest will come.
#[derive(Command, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[command(to = Reservation, id = reservation)]
pub struct ConfirmReservation {
    /// The reservation.
    pub reservation: ReservationId,
}

/// The guest will not come.
#[derive(Command, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[command(to = Reservation, id = reservation)]
pub struct CancelReservation {
    /// The reservation.
    pub reservation: ReservationId,
}

/// Somebody wants a room, and the nights are taken now, one after the other.
#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
pub struct ReservationRequested {
    /// The reservation.
    pub reservation: ReservationId,
    /// Who comes.
    pub guest: GuestId,
    /// What for.
    #[serde(flatten)]
    pub nights: Nights,
    /// When.
    pub at: Timestamp,
}

/// The guest has a room for every night.
#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
pub struct RoomReserved {
    /// The reservation.
    pub reservation: ReservationId,
    /// When.
    pub at: Timestamp,
}

/// The guest has no room, because one night is full. The nights before it are given back.
#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
pub struct ReservationRefused {
    /// The reservation.
    pub reservation: ReservationId,
    /// The night that is full.
    pub full: Date,
    /// When.
    pub at: Timestamp,
}

/// A channel has sold a room.
#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
pub struct BookingRecorded {
    /// The reservation.
    pub reservation: ReservationId,
    /// Who has sold the room.
    pub channel: ChannelId,
    /// What the channel calls the booking.
    pub booking: BookingId,
    /// Who comes.
    pub guest: GuestId,
    /// What for.
    #[serde(flatten)]
    pub nights: Nights,
    /// When it was recorded.
    pub at: Timestamp,
}

/// The guest will come.
#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
pub struct ReservationConfirmed {
    /// The reservation.
    pub reservation: ReservationId,
    /// When.
    pub at: Timestamp,
}

/// The guest will not come, and the nights are given back.
#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
pub struct ReservationCancelled {
    /// The reservation.
    pub reservation: ReservationId,
    /// What it was for.
    #[serde(flatten)]
    pub nights: Nights,
    /// When.
    pub at: Timestamp,
}
