//! Rooms for the nights to come: who has reserved one, and which nights are overbooked.
//!
//! There are two ways to a room, and two truths behind them:
//!
//! - Who asks the hotel is refused when a night has no room left. The [`Reservation`] takes one night after the other, and
//!   gives them back when one is full: a process manager.
//! - Who has booked through a channel has booked: that is a fact, and takes its nights even where there are none. What that
//!   leads to is told as [`DailyOverbookingDetected`].
//!
//! [`RoomNight`] decides on one night, so two guests never get the last room by accident.

mod availability;
mod derived;
mod guest;
mod guest_reservations;
mod inventory;
mod messages;
mod night_messages;
mod nights;
mod process_manager;
mod reservation;
mod room_availability;
mod room_night;
mod saga;

pub use availability::{Availability, nights_from};
pub use guest::{GuestExternalId, InvalidGuest};
pub use guest_reservations::{GUEST_RESERVATIONS, guest_reservations, reservations_of};
pub use inventory::{RoomType, UnknownRoomType};
pub use messages::{
    BookingRecorded, CancelReservation, ConfirmReservation, RecordBooking, ReservationCancelled,
    ReservationConfirmed, ReservationRefused, ReservationRequested, ReserveRoom, RoomReserved,
};
pub use night_messages::{
    BookedNightRecorded, DailyOverbookingDetected, NightReleased, NightReserved, RecordBookedNight,
    ReleaseNight, ReserveNight,
};
pub use nights::{InvalidNights, Night, Nights};
pub use process_manager::reservation_process;
pub use reservation::{Booking, Reservation, ReservationEvent, ReservationRejection, Status};
pub use room_availability::{ROOM_AVAILABILITY, room_availability};
pub use room_night::{RoomNight, RoomNightEvent, RoomNightRejection};
pub use saga::reservation_saga;

use procession::Module;

/// The module of reservations. It is the same in every style of a group checkout.
#[must_use]
pub fn module() -> Module {
    Module::named("reservations")
        .handles::<ReserveRoom>()
        .handles::<RecordBooking>()
        .handles::<ConfirmReservation>()
        .handles::<CancelReservation>()
        .handles::<ReserveNight>()
        .handles::<RecordBookedNight>()
        .handles::<ReleaseNight>()
        .process_manager(reservation_process())
        .saga(reservation_saga())
        .publishes::<DailyOverbookingDetected>()
}
