use jiff::civil::date;
use procession::{
    Decider,
    check::{Check, IntoApplication, World, check},
};

use super::NotACheck;
use crate::{
    BookingId, ChannelId, GuestId, ReservationId,
    reservations::{
        BookedNightRecorded, CancelReservation, DailyOverbookingDetected, Night, Nights, RecordBooking,
        Reservation, ReservationRejection, ReserveRoom, RoomNight, RoomType, Status,
    },
};

/// Guests who want the last suites, for two nights that overlap in one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rush {
    /// How many guests ask the hotel.
    pub guests: usize,
    /// How many guests have booked through a channel.
    pub booked: usize,
}

/// Guests ask for the last suites while a channel sells some, and two of them may think better of it at any moment.
///
/// # Errors
/// Never, as a test makes sure.
pub fn every_reservation_is_kept_or_undone(
    hotel: impl IntoApplication,
    rush: Rush,
) -> Result<Check, NotACheck> {
    let guests: Vec<ReservationId> = ids("guest", rush.guests)?;
    let bookings: Vec<BookingId> = ids("booking", rush.booked)?;
    let channel: ChannelId = "rooms.example".parse()?;
    let who: GuestId = "amara".parse()?;
    // Every second guest arrives a day later.
    let nights = |index: usize| match index % 2 {
        0 => Nights::new(RoomType::Suite, date(2099, 12, 24), date(2099, 12, 26)),
        _ => Nights::new(RoomType::Suite, date(2099, 12, 25), date(2099, 12, 27)),
    };
    let ask = |(index, reservation): (usize, &ReservationId)| {
        Ok(ReserveRoom { reservation: reservation.clone(), guest: who.clone(), nights: nights(index)? })
    };
    let asked: Vec<_> = guests.iter().enumerate().map(ask).collect::<Result<_, NotACheck>>()?;
    let book = |(index, booking): (usize, &BookingId)| {
        let reservation = ReservationId::of_booking(&channel, booking);
        let (channel, booking, guest) = (channel.clone(), booking.clone(), who.clone());
        Ok(RecordBooking { reservation, channel, booking, guest, nights: nights(index)? })
    };
    let booked: Vec<_> = bookings.iter().enumerate().map(book).collect::<Result<_, NotACheck>>()?;
    let all = || asked.iter().map(|it| &it.reservation).chain(booked.iter().map(|it| &it.reservation));
    // Each one more takes some times as long.
    let cancel: Vec<_> = all().take(2).map(|it| CancelReservation { reservation: it.clone() }).collect();
    Ok(check(hotel)
        .when(asked)
        .when(booked)
        .meanwhile(cancel)
        .always("no guest of the hotel's own is overbooked", nobody_is_overbooked_by_the_hotel)
        .always("overbooking is told once for each booking", overbooking_is_told_once)
        .finally("a reservation has all of its nights, or none", all_or_nothing)
        // Whoever cancels what was refused is told so.
        .may_reject::<ReservationRejection>()
        .is_partial())
}

fn ids<T: std::str::FromStr<Err = crate::InvalidName>>(
    name: &str,
    count: usize,
) -> Result<Vec<T>, NotACheck> {
    Ok((1..=count).map(|it| format!("{name}-{it}").parse()).collect::<Result<_, _>>()?)
}

/// Beyond the rooms that there are, only those have one whose booking is a fact.
fn nobody_is_overbooked_by_the_hotel(world: &World<'_>) -> Result<(), String> {
    for night in world.instances(RoomNight::CATEGORY) {
        let taken = world.state::<RoomNight>(&night).taken;
        let own = taken.iter().filter(|it| world.state::<Reservation>(*it).booking.is_none()).count();
        if own > RoomType::Suite.rooms() as usize {
            return Err(format!("{own} guests have a room in the night {night}"));
        }
    }
    Ok(())
}

fn overbooking_is_told_once(world: &World<'_>) -> Result<(), String> {
    let told: Vec<Night> =
        world.events::<DailyOverbookingDetected>().into_iter().map(|it| it.night).collect();
    let booked: Vec<Night> = world.events::<BookedNightRecorded>().into_iter().map(|it| it.night).collect();
    let count = |of: &[Night], night| of.iter().filter(|it| **it == night).count();
    let lie = told.iter().find(|it| count(&told, **it) > count(&booked, **it));
    lie.map_or(Ok(()), |it| Err(format!("{it} was told to be overbooked more often than it was booked")))
}

fn all_or_nothing(world: &World<'_>) -> Result<(), String> {
    for reservation in world.instances(Reservation::CATEGORY) {
        let Reservation { status, nights, .. } = world.state::<Reservation>(&reservation);
        let has =
            |night: Night| world.state::<RoomNight>(night).taken.iter().any(|it| it.as_str() == reservation);
        let is_right = match status {
            Status::Reserved | Status::Confirmed => nights.is_some_and(|it| it.each().all(has)),
            Status::Refused | Status::Cancelled => nights.is_some_and(|it| !it.each().any(has)),
            Status::New | Status::Requested => false,
        };
        if !is_right {
            return Err(format!("{reservation} is {status:?}, and its nights are otherwise"));
        }
    }
    Ok(())
}
