//! What the examples of linear sagas share: a trip that needs reservations, some of which cannot be had.
#![allow(dead_code, reason = "each example uses a part of it")]

use procession::{
    Application, Command, Context, Correlation, Decider, Either, Event, Events, Handle, LinearSaga, Module,
    Never, Step, WiringErrors,
};
use serde::{Deserialize, Serialize};

/// Asks for a trip. What is sold out makes it fail.
#[derive(Command, Serialize, Deserialize)]
#[command(to = Trip, id = trip)]
pub(crate) struct RequestTrip {
    pub(crate) trip: String,
    pub(crate) sold_out: Option<String>,
}

/// Somebody wants to travel.
#[derive(Event, Serialize, Deserialize)]
pub(crate) struct TripRequested {
    pub(crate) trip: String,
    pub(crate) sold_out: Option<String>,
}

/// Asks for one thing that the trip needs.
#[derive(Command, Serialize, Deserialize)]
#[command(to = Reservation, id = reservation)]
pub(crate) struct Reserve {
    pub(crate) reservation: String,
    pub(crate) trip: String,
    pub(crate) is_sold_out: bool,
}

/// Gives it back.
#[derive(Command, Serialize, Deserialize)]
#[command(to = Reservation, id = reservation)]
pub(crate) struct CancelReservation {
    pub(crate) reservation: String,
    pub(crate) trip: String,
}

/// It is ours.
#[derive(Event, Serialize, Deserialize)]
pub(crate) struct Reserved {
    pub(crate) reservation: String,
    pub(crate) trip: String,
}

/// It cannot be had.
#[derive(Event, Serialize, Deserialize)]
pub(crate) struct SoldOut {
    pub(crate) reservation: String,
    pub(crate) trip: String,
}

/// It was given back.
#[derive(Event, Serialize, Deserialize)]
pub(crate) struct ReservationCancelled {
    pub(crate) reservation: String,
    pub(crate) trip: String,
}

/// What the saga knows.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Plan {
    pub(crate) trip: String,
    pub(crate) sold_out: Option<String>,
}

/// A saga that has no steps yet: it begins when a trip is requested.
pub(crate) fn trip_saga() -> LinearSaga<Plan> {
    LinearSaga::named("trip_saga").starts_on(|event: &TripRequested| {
        (event.trip.clone(), Plan { trip: event.trip.clone(), sold_out: event.sold_out.clone() })
    })
}

/// Reserves one thing; its compensation gives it back. Reservations are named after what they are for.
pub(crate) fn reserve(what: &'static str) -> Step<Plan> {
    let is_ours =
        move |trip: &str, reservation: &str| Correlation::maybe(reservation.ends_with(what).then_some(trip));
    Step::named(what, move |plan: &Plan| Reserve {
        reservation: format!("{}-{what}", plan.trip),
        trip: plan.trip.clone(),
        is_sold_out: plan.sold_out.as_deref() == Some(what),
    })
    .completes_on(move |event: &Reserved| is_ours(&event.trip, &event.reservation))
    .fails_on(move |event: &SoldOut| is_ours(&event.trip, &event.reservation))
    .compensates(
        move |plan| CancelReservation {
            reservation: format!("{}-{what}", plan.trip),
            trip: plan.trip.clone(),
        },
        move |event: &ReservationCancelled| is_ours(&event.trip, &event.reservation),
    )
}

/// The agency, with its saga.
pub(crate) fn agency(saga: LinearSaga<Plan>) -> Result<Application, WiringErrors> {
    Application::assemble([Module::named("agency")
        .handles::<RequestTrip>()
        .handles::<Reserve>()
        .handles::<CancelReservation>()
        .linear_saga(saga)])
}

#[derive(Default)]
pub(crate) struct Trip;

#[derive(Events)]
pub(crate) enum TripEvent {
    Requested(TripRequested),
}

impl Decider for Trip {
    const CATEGORY: &'static str = "trip";
    type Event = TripEvent;
    type Rejection = Never;

    fn evolve(&mut self, _: &TripEvent) {}
}

impl Handle<RequestTrip> for Trip {
    type Records = TripRequested;

    fn handle(&self, command: RequestTrip, _: &Context) -> Result<TripRequested, Never> {
        Ok(TripRequested { trip: command.trip, sold_out: command.sold_out })
    }
}

#[derive(Debug, Default, PartialEq)]
pub(crate) struct Reservation {
    pub(crate) is_ours: bool,
}

#[derive(Events)]
pub(crate) enum ReservationEvent {
    Reserved(Reserved),
    SoldOut(SoldOut),
    Cancelled(ReservationCancelled),
}

impl Decider for Reservation {
    const CATEGORY: &'static str = "reservation";
    type Event = ReservationEvent;
    type Rejection = Never;

    fn evolve(&mut self, event: &ReservationEvent) {
        self.is_ours = matches!(event, ReservationEvent::Reserved(_));
    }
}

impl Handle<Reserve> for Reservation {
    type Records = Either<Reserved, SoldOut>;

    fn handle(&self, command: Reserve, _: &Context) -> Result<Self::Records, Never> {
        let Reserve { reservation, trip, is_sold_out } = command;
        Ok(if is_sold_out {
            Either::Right(SoldOut { reservation, trip })
        } else {
            Either::Left(Reserved { reservation, trip })
        })
    }
}

impl Handle<CancelReservation> for Reservation {
    type Records = ReservationCancelled;

    fn handle(&self, command: CancelReservation, _: &Context) -> Result<ReservationCancelled, Never> {
        let CancelReservation { reservation, trip } = command;
        Ok(ReservationCancelled { reservation, trip })
    }
}
