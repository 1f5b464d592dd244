use std::time::Duration;

use hotel::{
    BookingId, ReservationId, Style, front_desk,
    reservations::{
        BookedNightRecorded, CancelReservation, DailyOverbookingDetected, Night, Nights, RecordBooking,
        Reservation, ReserveRoom, RoomNight, RoomType, Status,
    },
};
use jiff::{ToSpan, civil::date};
use procession::check::simulate::{Chance, Client, End, Scenario};

/// Guests want the last suites of some nights, channels sell some of them, and some guests think better of it.
pub(crate) fn guests_reserve(chance: &mut Chance) -> Scenario {
    let mut scenario = Scenario::of(front_desk(Style::default()));
    let mut all: Vec<ReservationId> = Vec::new();
    for number in 0..chance.between(1, 8) {
        let (reservation, client) = guest(number, chance);
        all.push(reservation);
        scenario = scenario.when(client);
    }
    let made = all.clone();
    scenario
        .finally("a reservation has all of its nights, or none", move |end| all_or_nothing(end, &made))
        .finally("nobody is overbooked by the hotel itself", move |end| nobody_is_overbooked(end, &all))
        .finally("overbooking is told once for each booking", overbooking_is_told_once)
}

/// Somebody who comes in the first days of July 2099, and asks twice when nobody answers.
fn guest(number: u64, chance: &mut Chance) -> (ReservationId, Client) {
    let arrival = date(2099, 7, 1).saturating_add(i64::try_from(chance.between(0, 3)).unwrap().days());
    let departure = arrival.saturating_add(i64::try_from(chance.between(1, 4)).unwrap().days());
    let nights = Nights::new(RoomType::Suite, arrival, departure).unwrap();
    let guest = format!("guest-{number}").parse().unwrap();
    let client = Client::new().pauses(chance.pause(Duration::from_secs(2)));
    let (reservation, client) = if chance.happens(0.3) {
        let channel = "rooms.example".parse().unwrap();
        let booking: BookingId = number.to_string().parse().unwrap();
        let reservation = ReservationId::of_booking(&channel, &booking);
        let book = RecordBooking { reservation: reservation.clone(), channel, booking, guest, nights };
        // A channel that is not sure whether it was heard sends the booking again.
        (reservation, client.executes_without_a_key(book.clone()).executes_without_a_key(book))
    } else {
        let reservation: ReservationId = format!("reservation-{number}").parse().unwrap();
        let reserve = ReserveRoom { reservation: reservation.clone(), guest, nights };
        (reservation, client.executes(reserve))
    };
    if !chance.happens(0.4) {
        return (reservation, client);
    }
    let cancel = CancelReservation { reservation: reservation.clone() };
    (reservation, client.pauses(chance.pause(Duration::from_secs(2))).executes(cancel))
}

fn all_or_nothing(end: &End, all: &[ReservationId]) -> Result<(), String> {
    for reservation in all {
        let Reservation { status, nights, .. } = end.state::<Reservation>(reservation);
        let has = |night: Night| end.state::<RoomNight>(night).taken.contains(reservation);
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

fn nobody_is_overbooked(end: &End, all: &[ReservationId]) -> Result<(), String> {
    for night in all.iter().filter_map(|it| end.state::<Reservation>(it).nights).flat_map(Nights::each) {
        let taken = end.state::<RoomNight>(night).taken;
        let own = taken.iter().filter(|it| end.state::<Reservation>(*it).booking.is_none()).count();
        if own > RoomType::Suite.rooms() as usize {
            return Err(format!("{own} guests have a room in the night {night}"));
        }
    }
    Ok(())
}

fn overbooking_is_told_once(end: &End) -> Result<(), String> {
    let told: Vec<Night> = end.events::<DailyOverbookingDetected>().into_iter().map(|it| it.night).collect();
    let booked: Vec<Night> = end.events::<BookedNightRecorded>().into_iter().map(|it| it.night).collect();
    let count = |of: &[Night], night| of.iter().filter(|it| **it == night).count();
    let lie = told.iter().find(|it| count(&told, **it) > count(&booked, **it));
    lie.map_or(Ok(()), |it| Err(format!("{it} was told to be overbooked more often than it was booked")))
}
