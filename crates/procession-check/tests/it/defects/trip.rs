//! A trip that needs a hotel and a car, as a linear saga; when there is no car, the hotel is given back.

use procession::{
    Application, Context, Correlation, Decider, Either, Events, Handle, LinearSaga, Module, Never, Step,
    WiringErrors,
};
use procession_check::{Check, check};
use serde::{Deserialize, Serialize};

use super::defect::{Defect::*, has};
use crate::messages::{commands, events};

commands! {
    RequestTrip to Trip { trip: String }
    Reserve to Reservation { what: String, trip: String }
    GiveBack to Reservation { what: String, trip: String }
}

events! {
    TripRequested { trip: String }
    Reserved { what: String, trip: String }
    SoldOut { what: String, trip: String }
    GivenBack { what: String, trip: String }
}

/// Somebody wants a trip, and there are no cars.
pub(crate) fn a_trip_is_requested() -> Check {
    check(agency())
        .when(RequestTrip { trip: "rome".into() })
        .finally("what is not needed is given back", |world| {
            ["hotel", "car"].iter().all(|it| !world.state::<Reservation>(it).is_ours)
        })
        .is_partial()
}

fn agency() -> Result<Application, WiringErrors> {
    let saga = LinearSaga::named("trip_saga")
        .starts_on(|it: &TripRequested| (it.trip.clone(), Plan { trip: it.trip.clone() }))
        .step(reserve("hotel"))
        .step(reserve("car"));
    let trips =
        Module::named("trips").handles::<RequestTrip>().publishes::<TripRequested>().linear_saga(saga);
    let reservations = Module::named("reservations")
        .handles::<Reserve>()
        .handles::<GiveBack>()
        .publishes::<Reserved>()
        .publishes::<SoldOut>()
        .publishes::<GivenBack>();
    Application::assemble([trips, reservations])
}

fn reserve(what: &'static str) -> Step<Plan> {
    let is_ours = move |told: &str, trip: &str| Correlation::maybe((told == what).then_some(trip));
    let step = Step::named(what, move |it: &Plan| Reserve { what: what.into(), trip: it.trip.clone() })
        .completes_on(move |it: &Reserved| is_ours(&it.what, &it.trip));
    let step = match () {
        () if has(FailsOnForgotten) => step,
        () => step.fails_on(move |it: &SoldOut| is_ours(&it.what, &it.trip)),
    };
    let other = if has(GivesBackAnotherOne) { "car" } else { what };
    match () {
        () if has(CompensationForgotten) => step,
        () => step.compensates(
            move |it| GiveBack { what: other.into(), trip: it.trip.clone() },
            move |it: &GivenBack| Correlation::maybe((it.what == other).then_some(&it.trip)),
        ),
    }
}

/// What the saga knows.
#[derive(Clone, Serialize, Deserialize)]
struct Plan {
    trip: String,
}

#[derive(Default)]
pub(crate) struct Trip {
    is_requested: bool,
}

#[derive(Events)]
pub(crate) enum TripEvent {
    Requested(TripRequested),
}

impl Decider for Trip {
    const CATEGORY: &'static str = "trip";
    type Event = TripEvent;
    type Rejection = Never;

    fn evolve(&mut self, _: &TripEvent) {
        self.is_requested = true;
    }
}

impl Handle<RequestTrip> for Trip {
    type Records = Option<TripRequested>;

    fn handle(&self, command: RequestTrip, _: &Context) -> Result<Self::Records, Never> {
        Ok((!self.is_requested).then_some(TripRequested { trip: command.trip }))
    }
}

/// One thing that a trip needs.
#[derive(Default)]
pub(crate) struct Reservation {
    was_asked: bool,
    is_ours: bool,
}

#[derive(Events)]
pub(crate) enum ReservationEvent {
    Reserved(Reserved),
    SoldOut(SoldOut),
    GivenBack(GivenBack),
}

impl Decider for Reservation {
    const CATEGORY: &'static str = "reservation";
    type Event = ReservationEvent;
    type Rejection = Never;

    fn evolve(&mut self, event: &ReservationEvent) {
        self.was_asked = true;
        self.is_ours = matches!(event, ReservationEvent::Reserved(_));
    }
}

impl Handle<Reserve> for Reservation {
    type Records = Option<Either<Reserved, SoldOut>>;

    fn handle(&self, command: Reserve, _: &Context) -> Result<Self::Records, Never> {
        let Reserve { what, trip } = command;
        let is_new = !self.was_asked || has(ReservesWhatWasGivenBack);
        Ok(is_new.then_some(match what.as_str() {
            "car" => Either::Right(SoldOut { what, trip }),
            _ => Either::Left(Reserved { what, trip }),
        }))
    }
}

impl Handle<GiveBack> for Reservation {
    type Records = Option<GivenBack>;

    fn handle(&self, command: GiveBack, _: &Context) -> Result<Self::Records, Never> {
        let GiveBack { what, trip } = command;
        Ok((!has(CompensationNotConfirmed)).then_some(GivenBack { what, trip }))
    }
}
