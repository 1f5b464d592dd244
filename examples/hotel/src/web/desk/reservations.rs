use std::time::Duration;

use hotel::{
    GuestId, ReservationId,
    reservations::{
        Availability, GUEST_RESERVATIONS, Night, ROOM_AVAILABILITY, RecordBooking, Reservation, ReserveRoom,
        RoomType, Status, reservations_of,
    },
};
use jiff::civil::Date;
use procession::{Command, Executed, Instance, Version, log::ProcessId};

use super::Desk;
use crate::web::{
    conditions::{Conditions, ExpectedVersion},
    problem::{Problem, ProblemKind},
};

/// Taking the nights is a matter of milliseconds; who waits longer is told where to look.
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// What has come of a reservation so far.
pub(in crate::web) struct Asked {
    pub(in crate::web) process: ProcessId,
    /// It is not known yet whether there is a room.
    pub(in crate::web) is_pending: bool,
}

impl Desk {
    /// A reservation that somebody has asked for.
    pub(in crate::web) async fn reservation(
        &self,
        id: &ReservationId,
    ) -> Result<Instance<Reservation>, Problem> {
        let reservation = self.runtime.reader().instance::<Reservation>(id).await?;
        if reservation.version == Version::NONE {
            return Err(Problem::new(ProblemKind::NotFound, format!("there is no reservation {id}")));
        }
        Ok(reservation)
    }

    /// The reservations of a guest, in the order of their ids.
    pub(in crate::web) async fn reservations_of(
        &self,
        guest: &GuestId,
        after: Option<&ReservationId>,
        limit: usize,
    ) -> Result<Vec<Instance<Reservation>>, Problem> {
        self.keep_up(GUEST_RESERVATIONS).await?;
        let rows = self.runtime.read_model(GUEST_RESERVATIONS);
        let ids = reservations_of(guest, after, limit, &rows).await?;
        Ok(self.runtime.reader().instances_with_ids(ids).await?)
    }

    /// Reserves a room, and waits for what comes of it.
    pub(in crate::web) async fn reserve(
        &self,
        command: ReserveRoom,
        conditions: Conditions,
    ) -> Result<Asked, Problem> {
        let id = command.reservation.clone();
        // Whoever asks again hears what was said before, however full the hotel is by now.
        if self.runtime.reader().instance::<Reservation>(&id).await?.version == Version::NONE {
            self.must_be_available(&command).await?;
        }
        let conditions = Conditions { version: ExpectedVersion::Any, ..conditions };
        let process = self.execute(command, conditions, Version::NONE).await?.process;
        if let Ok(quiet) = tokio::time::timeout(LONGEST_WAIT, self.runtime.wait(process)).await {
            quiet?;
        }
        let Reservation { status, full, nights, .. } = self.reservation(&id).await?.state;
        if let (Some(nights), Some(full)) = (nights, full) {
            return Err(no_room(nights.room_type(), &[full]).process(process));
        }
        Ok(Asked { process, is_pending: status == Status::Requested })
    }

    /// What is full now is refused at once, and nobody has to undo anything. The night itself has the last word.
    async fn must_be_available(&self, command: &ReserveRoom) -> Result<(), Problem> {
        let nights: Vec<Night> = command.nights.each().collect();
        let full = self.availability(&nights).await?.into_iter().filter(|it| it.available() == 0);
        let full: Vec<Date> = full.map(|it| it.night.date).collect();
        if full.is_empty() { Ok(()) } else { Err(no_room(command.nights.room_type(), &full)) }
    }

    /// Records a booking from elsewhere. It waits for nothing, because there is nothing to refuse.
    pub(in crate::web) async fn book(
        &self,
        command: RecordBooking,
        conditions: Conditions,
    ) -> Result<Executed, Problem> {
        self.execute(command, conditions, Version::NONE).await
    }

    /// Confirms or cancels a reservation that somebody has asked for.
    pub(in crate::web) async fn execute_for_reservation<C: Command<To = Reservation>>(
        &self,
        id: &ReservationId,
        command: C,
        conditions: Conditions,
    ) -> Result<Executed, Problem> {
        let actual = self.reservation(id).await?.version;
        self.execute(command, conditions, actual).await
    }

    /// How many rooms are left in each of some nights.
    pub(in crate::web) async fn availability(&self, nights: &[Night]) -> Result<Vec<Availability>, Problem> {
        Ok(Availability::of(nights, &self.runtime.read_model(ROOM_AVAILABILITY)).await?)
    }
}

fn no_room(room_type: RoomType, full: &[Date]) -> Problem {
    let days: Vec<String> = full.iter().map(Date::to_string).collect();
    let detail = format!("no room of the type {room_type} is left on {}", days.join(", "));
    Problem::new(ProblemKind::NoRoom, detail)
}
