use procession::{Context, Correlation, Either, On, OnRejection, ProcessManager, Rejected};

use super::{
    NightReserved, ReleaseNight, Reservation, ReservationRefused, ReservationRequested, ReserveNight,
    RoomNightRejection, RoomReserved,
};

/// Takes the nights of a reservation one after the other. When one is full, those before it are given back, the last one
/// first.
///
/// Everybody takes nights in the order of their days, and nobody waits for one: so there is nothing to wait for in a circle.
#[must_use]
pub fn reservation_process() -> ProcessManager<Reservation> {
    ProcessManager::new().on::<ReservationRequested>().on::<NightReserved>().on_rejection::<ReserveNight>()
}

impl On<ReservationRequested> for Reservation {
    type Emits = ReserveNight;

    fn correlate(event: &ReservationRequested) -> Correlation {
        Correlation::to(&event.reservation)
    }

    fn on(&self, event: ReservationRequested, _: &Context) -> ReserveNight {
        ReserveNight { night: event.nights.first(), reservation: event.reservation }
    }
}

impl On<NightReserved> for Reservation {
    type Emits = Option<Either<ReserveNight, RoomReserved>>;

    fn correlate(event: &NightReserved) -> Correlation {
        Correlation::to(&event.reservation)
    }

    fn on(&self, event: NightReserved, context: &Context) -> Self::Emits {
        let NightReserved { night, reservation, .. } = event;
        Some(match self.nights?.after(night) {
            Some(night) => Either::Left(ReserveNight { night, reservation }),
            None => Either::Right(RoomReserved { reservation, at: context.now }),
        })
    }
}

impl OnRejection<ReserveNight> for Reservation {
    type Emits = (ReservationRefused, Vec<ReleaseNight>);

    fn on_rejection(&self, rejected: Rejected<ReserveNight>, context: &Context) -> Self::Emits {
        let ReserveNight { reservation, .. } = rejected.command;
        let RoomNightRejection::Full(full) = rejected.rejection;
        let before = self.nights.into_iter().flat_map(|it| it.back_from(full));
        let release = |night| ReleaseNight { night, reservation: reservation.clone() };
        let undo = before.map(release).collect();
        (ReservationRefused { reservation, full: full.date, at: context.now }, undo)
    }
}

#[cfg(test)]
mod tests {
    use jiff::{Timestamp, civil::date};
    use procession::test::given;

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
        Nights::new(RoomType::Suite, date(2099, 12, 24), date(2099, 12, 27)).unwrap()
    }

    fn night(day: i8) -> Night {
        Night { room_type: RoomType::Suite, date: date(2099, 12, day) }
    }

    fn requested() -> ReservationRequested {
        let guest = "amara".parse().unwrap();
        ReservationRequested { reservation: reservation(), guest, nights: nights(), at: AT }
    }

    fn reserve(day: i8) -> ReserveNight {
        ReserveNight { night: night(day), reservation: reservation() }
    }

    fn release(day: i8) -> ReleaseNight {
        ReleaseNight { night: night(day), reservation: reservation() }
    }

    fn reserved(day: i8) -> NightReserved {
        NightReserved { night: night(day), reservation: reservation(), at: AT }
    }

    fn refused(day: i8) -> ReservationRefused {
        ReservationRefused { reservation: reservation(), full: night(day).date, at: AT }
    }

    #[test]
    fn the_nights_are_taken_one_after_the_other() {
        let given = || given::<Reservation>(requested());
        given().when_event(requested()).then(reserve(24));
        given().when_event(reserved(24)).then(reserve(25));
        given().when_event(reserved(25)).then(reserve(26));
        given().when_event(reserved(26)).then(RoomReserved { reservation: reservation(), at: AT });
    }

    #[test]
    fn p16_when_a_night_is_full_those_before_it_are_given_back_the_last_one_first() {
        let full = |day| {
            given::<Reservation>(requested())
                .when_rejected(reserve(day), RoomNightRejection::Full(night(day)))
        };
        full(24).then(refused(24));
        full(26).then((refused(26), release(25), release(24)));
    }
}
