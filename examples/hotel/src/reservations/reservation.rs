use jiff::civil::Date;
use procession::{Context, Decider, Events, Handle};
use serde::{Deserialize, Serialize};

use super::{
    BookingRecorded, CancelReservation, ConfirmReservation, Nights, RecordBooking, ReservationCancelled,
    ReservationConfirmed, ReservationRefused, ReservationRequested, ReserveRoom, RoomReserved,
};
use crate::{BookingId, ChannelId, GuestId};

/// One reservation of a room.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Reservation {
    /// What has come of it.
    pub status: Status,
    /// Who comes.
    pub guest: Option<GuestId>,
    /// What for.
    pub nights: Option<Nights>,
    /// The booking elsewhere, if that is what it was.
    pub booking: Option<Booking>,
    /// The night without a room, if it was refused.
    pub full: Option<Date>,
}

/// A booking that was made elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Booking {
    /// Who has sold the room.
    pub channel: ChannelId,
    /// What the channel calls it.
    pub id: BookingId,
}

/// What has come of a reservation.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Nobody has asked.
    #[default]
    New,
    /// Its nights are taken now, one after the other.
    Requested,
    /// The guest has a room.
    Reserved,
    /// The guest has a room, and will come.
    Confirmed,
    /// There was no room.
    Refused,
    /// The guest will not come.
    Cancelled,
}

/// The events of a reservation.
#[derive(Events)]
pub enum ReservationEvent {
    /// Its nights are taken now.
    Requested(ReservationRequested),
    /// The guest has a room.
    #[ends]
    Reserved(RoomReserved),
    /// There was no room.
    #[ends]
    Refused(ReservationRefused),
    /// The room was sold elsewhere; that it is confirmed follows at once.
    BookingRecorded(BookingRecorded),
    /// The guest will come.
    #[ends]
    Confirmed(ReservationConfirmed),
    /// The guest will not come.
    #[ends]
    Cancelled(ReservationCancelled),
}

/// Why a reservation refuses a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum ReservationRejection {
    /// It was made before.
    #[error("this reservation was made before")]
    AlreadyMade,
    /// The same booking, with other days or another guest.
    #[error("this booking was recorded before, with other days or another guest")]
    BookedOtherwise,
    /// Time does not go back.
    #[error("the last night of the stay is over")]
    Over,
    /// Nobody has made it.
    #[error("there is no such reservation")]
    Unknown,
    /// It is not known yet whether there is a room.
    #[error("the nights of this reservation are still being reserved")]
    NotYet,
    /// There was no room.
    #[error("this reservation was refused, because no room was left")]
    Refused,
    /// It was taken back.
    #[error("this reservation was cancelled")]
    Cancelled,
}

use ReservationRejection as No;

impl Decider for Reservation {
    const CATEGORY: &'static str = "reservation";
    type Event = ReservationEvent;
    type Rejection = ReservationRejection;

    fn evolve(&mut self, event: &ReservationEvent) {
        match event {
            ReservationEvent::Requested(event) => {
                self.status = Status::Requested;
                self.guest = Some(event.guest.clone());
                self.nights = Some(event.nights);
            }
            ReservationEvent::BookingRecorded(event) => {
                // Whoever has sold it has said that the guest will come.
                self.status = Status::Confirmed;
                self.guest = Some(event.guest.clone());
                self.nights = Some(event.nights);
                let (channel, id) = (event.channel.clone(), event.booking.clone());
                self.booking = Some(Booking { channel, id });
            }
            ReservationEvent::Reserved(_) => self.status = Status::Reserved,
            ReservationEvent::Refused(event) => {
                self.status = Status::Refused;
                self.full = Some(event.full);
            }
            ReservationEvent::Confirmed(_) => self.status = Status::Confirmed,
            ReservationEvent::Cancelled(_) => self.status = Status::Cancelled,
        }
    }
}

impl Handle<ReserveRoom> for Reservation {
    type Records = ReservationRequested;

    fn handle(&self, command: ReserveRoom, context: &Context) -> Result<ReservationRequested, No> {
        let ReserveRoom { reservation, guest, nights } = command;
        if self.status != Status::New {
            return Err(No::AlreadyMade);
        }
        // Wherever the hotel is, its day may have begun or ended some hours away from this one.
        let today = context.now.to_zoned(jiff::tz::TimeZone::UTC).date();
        if nights.departure() < today {
            return Err(No::Over);
        }
        Ok(ReservationRequested { reservation, guest, nights, at: context.now })
    }
}

impl Handle<RecordBooking> for Reservation {
    type Records = Option<(BookingRecorded, ReservationConfirmed)>;

    fn handle(&self, command: RecordBooking, context: &Context) -> Result<Self::Records, No> {
        let RecordBooking { reservation, channel, booking, guest, nights } = command;
        if self.status == Status::New {
            let at = context.now;
            let confirmed = ReservationConfirmed { reservation: reservation.clone(), at };
            return Ok(Some((
                BookingRecorded { reservation, channel, booking, guest, nights, at },
                confirmed,
            )));
        }
        let known = Self {
            status: self.status,
            guest: Some(guest),
            nights: Some(nights),
            booking: Some(Booking { channel, id: booking }),
            full: None,
        };
        if *self == known { Ok(None) } else { Err(No::BookedOtherwise) }
    }
}

impl Handle<ConfirmReservation> for Reservation {
    type Records = Option<ReservationConfirmed>;

    fn handle(&self, command: ConfirmReservation, context: &Context) -> Result<Self::Records, No> {
        let ConfirmReservation { reservation } = command;
        match self.status {
            Status::Reserved => Ok(Some(ReservationConfirmed { reservation, at: context.now })),
            Status::Confirmed => Ok(None),
            Status::New => Err(No::Unknown),
            Status::Requested => Err(No::NotYet),
            Status::Refused => Err(No::Refused),
            Status::Cancelled => Err(No::Cancelled),
        }
    }
}

impl Handle<CancelReservation> for Reservation {
    type Records = Option<ReservationCancelled>;

    fn handle(&self, command: CancelReservation, context: &Context) -> Result<Self::Records, No> {
        let CancelReservation { reservation } = command;
        match (self.status, self.nights) {
            (Status::Reserved | Status::Confirmed, Some(nights)) => {
                Ok(Some(ReservationCancelled { reservation, nights, at: context.now }))
            }
            (Status::Cancelled, _) => Ok(None),
            // A night that is asked for could be given back before it is taken, and then stay taken.
            (Status::Requested, _) => Err(No::NotYet),
            (Status::Refused, _) => Err(No::Refused),
            _ => Err(No::Unknown),
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::{Timestamp, civil::date};
    use procession::test::given;

    use super::*;
    use crate::{ReservationId, reservations::RoomType};

    const AT: Timestamp = Timestamp::UNIX_EPOCH;

    fn reservation() -> ReservationId {
        "r".parse().unwrap()
    }

    fn guest() -> GuestId {
        "amara".parse().unwrap()
    }

    fn nights() -> Nights {
        Nights::new(RoomType::Suite, date(2099, 12, 24), date(2099, 12, 27)).unwrap()
    }

    fn reserve() -> ReserveRoom {
        ReserveRoom { reservation: reservation(), guest: guest(), nights: nights() }
    }

    fn book() -> RecordBooking {
        RecordBooking {
            reservation: reservation(),
            channel: "rooms.example".parse().unwrap(),
            booking: "8845".parse().unwrap(),
            guest: guest(),
            nights: nights(),
        }
    }

    fn confirm() -> ConfirmReservation {
        ConfirmReservation { reservation: reservation() }
    }

    fn cancel() -> CancelReservation {
        CancelReservation { reservation: reservation() }
    }

    fn requested() -> ReservationRequested {
        ReservationRequested { reservation: reservation(), guest: guest(), nights: nights(), at: AT }
    }

    fn booked() -> (BookingRecorded, ReservationConfirmed) {
        let RecordBooking { reservation, channel, booking, guest, nights } = book();
        (BookingRecorded { reservation, channel, booking, guest, nights, at: AT }, confirmed())
    }

    fn reserved() -> RoomReserved {
        RoomReserved { reservation: reservation(), at: AT }
    }

    fn refused() -> ReservationRefused {
        ReservationRefused { reservation: reservation(), full: date(2099, 12, 25), at: AT }
    }

    fn confirmed() -> ReservationConfirmed {
        ReservationConfirmed { reservation: reservation(), at: AT }
    }

    fn cancelled() -> ReservationCancelled {
        ReservationCancelled { reservation: reservation(), nights: nights(), at: AT }
    }

    #[test]
    fn a_reservation_is_made_once() {
        given::<Reservation>(()).when(reserve()).then(requested());
        given::<Reservation>(requested()).when(reserve()).then_rejected(No::AlreadyMade);
        given::<Reservation>(booked()).when(reserve()).then_rejected(No::AlreadyMade);
    }

    #[test]
    fn nobody_reserves_the_past_and_every_clock_may_say_that_it_is_today() {
        let noon = |day| date(2099, 12, day).at(12, 0, 0, 0).to_zoned(jiff::tz::TimeZone::UTC).unwrap();
        let on = |day| given::<Reservation>(()).at(noon(day).timestamp()).when(reserve());
        on(28).then_rejected(No::Over);
        on(27).then(ReservationRequested { at: noon(27).timestamp(), ..requested() });
    }

    #[test]
    fn a_booking_is_a_fact_and_confirmed_at_once() {
        given::<Reservation>(()).when(book()).then(booked());
    }

    #[test]
    fn a_booking_that_comes_again_is_the_same_one_and_nothing_else() {
        given::<Reservation>(booked()).when(book()).then(());
        given::<Reservation>((booked(), cancelled())).when(book()).then(());
        let other = RecordBooking { guest: "nils".parse().unwrap(), ..book() };
        given::<Reservation>(booked()).when(other).then_rejected(No::BookedOtherwise);
        given::<Reservation>((requested(), reserved())).when(book()).then_rejected(No::BookedOtherwise);
    }

    #[test]
    fn a_guest_who_has_a_room_confirms() {
        given::<Reservation>((requested(), reserved())).when(confirm()).then(confirmed());
        given::<Reservation>((requested(), reserved(), confirmed())).when(confirm()).then(());
        given::<Reservation>(booked()).when(confirm()).then(());
    }

    #[test]
    fn a_guest_who_has_no_room_cannot_confirm() {
        given::<Reservation>(()).when(confirm()).then_rejected(No::Unknown);
        given::<Reservation>(requested()).when(confirm()).then_rejected(No::NotYet);
        given::<Reservation>((requested(), refused())).when(confirm()).then_rejected(No::Refused);
        given::<Reservation>((booked(), cancelled())).when(confirm()).then_rejected(No::Cancelled);
    }

    #[test]
    fn a_guest_who_has_a_room_cancels_once() {
        given::<Reservation>((requested(), reserved())).when(cancel()).then(cancelled());
        given::<Reservation>((requested(), reserved(), confirmed())).when(cancel()).then(cancelled());
        given::<Reservation>(booked()).when(cancel()).then(cancelled());
        given::<Reservation>((booked(), cancelled())).when(cancel()).then(());
    }

    #[test]
    fn there_is_nothing_to_cancel_where_there_is_no_room() {
        given::<Reservation>(()).when(cancel()).then_rejected(No::Unknown);
        given::<Reservation>(requested()).when(cancel()).then_rejected(No::NotYet);
        given::<Reservation>((requested(), refused())).when(cancel()).then_rejected(No::Refused);
    }
}
