use procession::Saga;

use super::{BookingRecorded, RecordBookedNight, ReleaseNight, ReservationCancelled};

/// What follows from facts that nobody can refuse: sold nights are taken, and those of a cancelled reservation are free.
#[must_use]
pub fn reservation_saga() -> Saga {
    Saga::named("reservation_nights").on(record_each_night).on(release_each_night)
}

fn record_each_night(event: &BookingRecorded) -> Vec<RecordBookedNight> {
    let reservation = &event.reservation;
    let record = |night| RecordBookedNight { night, reservation: reservation.clone() };
    event.nights.each().map(record).collect()
}

fn release_each_night(event: &ReservationCancelled) -> Vec<ReleaseNight> {
    let reservation = &event.reservation;
    let release = |night| ReleaseNight { night, reservation: reservation.clone() };
    event.nights.each().rev().map(release).collect()
}

#[cfg(test)]
mod tests {
    use jiff::{Timestamp, civil::date};
    use procession::test::given_saga;

    use super::*;
    use crate::{
        ReservationId,
        reservations::{Night, Nights, RoomType},
    };

    const AT: Timestamp = Timestamp::UNIX_EPOCH;

    fn reservation() -> ReservationId {
        "r".parse().unwrap()
    }

    fn nights() -> Nights {
        Nights::new(RoomType::Double, date(2099, 12, 31), date(2100, 1, 2)).unwrap()
    }

    fn each<C>(command: impl Fn(Night, ReservationId) -> C) -> [C; 2] {
        [date(2099, 12, 31), date(2100, 1, 1)]
            .map(|date| command(Night { room_type: RoomType::Double, date }, reservation()))
    }

    #[test]
    fn every_night_that_was_sold_is_recorded() {
        let [first, second] = each(|night, reservation| RecordBookedNight { night, reservation });
        given_saga(reservation_saga())
            .when(BookingRecorded {
                reservation: reservation(),
                channel: "rooms.example".parse().unwrap(),
                booking: "8845".parse().unwrap(),
                guest: "amara".parse().unwrap(),
                nights: nights(),
                at: AT,
            })
            .then((first, second));
    }

    #[test]
    fn every_night_of_a_cancelled_reservation_is_given_back() {
        let [first, second] = each(|night, reservation| ReleaseNight { night, reservation });
        given_saga(reservation_saga())
            .when(ReservationCancelled { reservation: reservation(), nights: nights(), at: AT })
            .then((second, first));
    }
}
