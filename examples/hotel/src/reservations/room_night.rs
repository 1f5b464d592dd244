use std::collections::BTreeSet;

use procession::{Context, Decider, Events, Handle};
use serde::{Deserialize, Serialize};

use super::{
    Availability, BookedNightRecorded, DailyOverbookingDetected, Night, NightReleased, NightReserved,
    RecordBookedNight, ReleaseNight, ReserveNight,
};
use crate::ReservationId;

/// The rooms of one type in one night: who has them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RoomNight {
    /// Who has a room, or was sold one.
    pub taken: BTreeSet<ReservationId>,
}

/// The events of a night.
#[derive(Events)]
pub enum RoomNightEvent {
    /// A room is taken.
    Reserved(NightReserved),
    /// A room that was sold elsewhere is taken.
    BookedNightRecorded(BookedNightRecorded),
    /// A room is free again.
    Released(NightReleased),
    /// There are not as many rooms.
    OverbookingDetected(DailyOverbookingDetected),
}

/// Why a night refuses a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum RoomNightRejection {
    /// All rooms are taken.
    #[error("no room of the type {room_type} is left on {date}", room_type = .0.room_type, date = .0.date)]
    Full(Night),
}

impl Decider for RoomNight {
    const CATEGORY: &'static str = "room_night";
    type Event = RoomNightEvent;
    type Rejection = RoomNightRejection;

    fn evolve(&mut self, event: &RoomNightEvent) {
        match event {
            RoomNightEvent::Reserved(event) => _ = self.taken.insert(event.reservation.clone()),
            RoomNightEvent::BookedNightRecorded(event) => _ = self.taken.insert(event.reservation.clone()),
            RoomNightEvent::Released(event) => _ = self.taken.remove(&event.reservation),
            RoomNightEvent::OverbookingDetected(_) => {}
        }
    }
}

impl RoomNight {
    /// How many rooms are left. A night does not know its name before something has happened in it.
    fn availability(&self, night: Night) -> Availability {
        Availability { night, reserved: self.taken.len().try_into().unwrap_or(u32::MAX) }
    }
}

impl Handle<ReserveNight> for RoomNight {
    type Records = Option<NightReserved>;

    fn handle(&self, command: ReserveNight, context: &Context) -> Result<Self::Records, RoomNightRejection> {
        let ReserveNight { night, reservation } = command;
        if self.taken.contains(&reservation) {
            return Ok(None);
        }
        if self.availability(night).available() == 0 {
            return Err(RoomNightRejection::Full(night));
        }
        Ok(Some(NightReserved { night, reservation, at: context.now }))
    }
}

impl Handle<RecordBookedNight> for RoomNight {
    type Records = Option<(BookedNightRecorded, Option<DailyOverbookingDetected>)>;

    fn handle(
        &self,
        command: RecordBookedNight,
        context: &Context,
    ) -> Result<Self::Records, RoomNightRejection> {
        let RecordBookedNight { night, reservation } = command;
        if self.taken.contains(&reservation) {
            return Ok(None);
        }
        let at = context.now;
        let now = self.availability(night);
        let then = Availability { reserved: now.reserved.saturating_add(1), ..now };
        let (overbooked, over_the_limit) = (then.overbooked(), then.over_the_limit());
        let detected = DailyOverbookingDetected { night, overbooked, over_the_limit, at };
        Ok(Some((BookedNightRecorded { night, reservation, at }, (overbooked > 0).then_some(detected))))
    }
}

impl Handle<ReleaseNight> for RoomNight {
    type Records = Option<NightReleased>;

    fn handle(&self, command: ReleaseNight, context: &Context) -> Result<Self::Records, RoomNightRejection> {
        let ReleaseNight { night, reservation } = command;
        let is_theirs = self.taken.contains(&reservation);
        Ok(is_theirs.then_some(NightReleased { night, reservation, at: context.now }))
    }
}

#[cfg(test)]
mod tests {
    use jiff::{Timestamp, civil::date};
    use procession::test::given;

    use super::*;
    use crate::reservations::RoomType;

    const AT: Timestamp = Timestamp::UNIX_EPOCH;
    /// There are two suites, and the hotel finds one more.
    const NIGHT: Night = Night { room_type: RoomType::Suite, date: date(2099, 12, 24) };

    fn id(id: &str) -> ReservationId {
        id.parse().unwrap()
    }

    fn reserve(reservation: &str) -> ReserveNight {
        ReserveNight { night: NIGHT, reservation: id(reservation) }
    }

    fn book(reservation: &str) -> RecordBookedNight {
        RecordBookedNight { night: NIGHT, reservation: id(reservation) }
    }

    fn release(reservation: &str) -> ReleaseNight {
        ReleaseNight { night: NIGHT, reservation: id(reservation) }
    }

    fn reserved(reservation: &str) -> NightReserved {
        NightReserved { night: NIGHT, reservation: id(reservation), at: AT }
    }

    fn booked(reservation: &str) -> BookedNightRecorded {
        BookedNightRecorded { night: NIGHT, reservation: id(reservation), at: AT }
    }

    fn released(reservation: &str) -> NightReleased {
        NightReleased { night: NIGHT, reservation: id(reservation), at: AT }
    }

    fn overbooked(overbooked: u32, over_the_limit: u32) -> DailyOverbookingDetected {
        DailyOverbookingDetected { night: NIGHT, overbooked, over_the_limit, at: AT }
    }

    #[test]
    fn rooms_are_reserved_until_none_is_left() {
        given::<RoomNight>(reserved("a")).when(reserve("b")).then(reserved("b"));
        given::<RoomNight>((reserved("a"), booked("b")))
            .when(reserve("c"))
            .then_rejected(RoomNightRejection::Full(NIGHT));
    }

    #[test]
    fn what_a_channel_has_sold_is_recorded_and_overbooking_is_told() {
        given::<RoomNight>(reserved("a")).when(book("b")).then(booked("b"));
        given::<RoomNight>((reserved("a"), reserved("b")))
            .when(book("c"))
            .then((booked("c"), overbooked(1, 0)));
        given::<RoomNight>((reserved("a"), reserved("b"), booked("c"), overbooked(1, 0)))
            .when(book("d"))
            .then((booked("d"), overbooked(2, 1)));
    }

    #[test]
    fn a_reservation_has_one_room_however_often_it_asks() {
        given::<RoomNight>((reserved("a"), reserved("b"))).when(reserve("b")).then(());
        given::<RoomNight>((reserved("a"), reserved("b"), booked("c"), overbooked(1, 0)))
            .when(book("c"))
            .then(());
    }

    #[test]
    fn a_room_that_is_given_back_is_free_again() {
        given::<RoomNight>((reserved("a"), reserved("b"))).when(release("a")).then(released("a"));
        given::<RoomNight>((reserved("a"), reserved("b"), released("a")))
            .when(reserve("c"))
            .then(reserved("c"));
    }

    #[test]
    fn who_has_no_room_gives_none_back() {
        given::<RoomNight>(reserved("a")).when(release("b")).then(());
        given::<RoomNight>((reserved("a"), released("a"))).when(release("a")).then(());
    }

    #[test]
    fn it_is_told_again_when_it_gets_worse_again() {
        let before = (reserved("a"), reserved("b"), booked("c"), overbooked(1, 0), released("a"));
        given::<RoomNight>(before).when(book("d")).then((booked("d"), overbooked(1, 0)));
    }

    #[test]
    fn an_overbooked_night_gives_a_room_away_only_when_one_is_left() {
        let before = (reserved("a"), reserved("b"), booked("c"), overbooked(1, 0), released("a"));
        given::<RoomNight>(before).when(reserve("d")).then_rejected(RoomNightRejection::Full(NIGHT));
    }
}
