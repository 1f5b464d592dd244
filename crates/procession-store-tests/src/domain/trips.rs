//! Three linear sagas of the same steps: one after the other, beside each other, and behind a save-point.

use std::time::Duration;

use procession::{
    Branch, Command, Context, Correlation, Decider, Either, Event, Events, Handle, LinearSaga, Module, Never,
    Step,
};
use serde::{Deserialize, Serialize};

/// Which of the sagas.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Journey {
    /// A flight, a room, a car.
    Trip,
    /// A flight; a room and a car beside each other.
    Tour,
    /// A flight; a save-point that is returned to twice, after 10 seconds each; a room, a car.
    Expedition,
}

impl Journey {
    pub(crate) fn saga(self) -> &'static str {
        match self {
            Self::Trip => "trip",
            Self::Tour => "tour",
            Self::Expedition => "expedition",
        }
    }
}

/// How a supplier answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Answer {
    Well,
    /// With an event that says no.
    Refuses,
    /// With an event that says no, so many times; then well.
    RefusesFirst(u32),
    Rejects,
    Panics,
    /// It does what it is asked for, and nobody hears of it.
    Silently,
}

/// What is to be booked, and how the suppliers will answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Plan {
    pub(crate) journey: Journey,
    pub(crate) trip: String,
    pub(crate) flight: Answer,
    pub(crate) room: Answer,
    pub(crate) car: Answer,
    /// How the cancellation of the room goes.
    pub(crate) cancellation: Answer,
}

/// A traveller's wish begins a saga.
#[derive(Debug, Default, Clone, PartialEq)]
pub(crate) struct Traveller;

#[derive(Command, Serialize, Deserialize)]
#[command(to = Traveller, id = traveller)]
pub(crate) struct Travel {
    pub(crate) traveller: String,
    pub(crate) plan: Plan,
}

#[derive(Event, Serialize, Deserialize)]
pub(crate) struct TripPlanned {
    plan: Plan,
}

#[derive(Event, Serialize, Deserialize)]
pub(crate) struct TourPlanned {
    plan: Plan,
}

#[derive(Event, Serialize, Deserialize)]
pub(crate) struct ExpeditionPlanned {
    plan: Plan,
}

#[derive(Events)]
pub(crate) enum TravellerEvent {
    Trip(TripPlanned),
    Tour(TourPlanned),
    Expedition(ExpeditionPlanned),
}

impl Decider for Traveller {
    const CATEGORY: &'static str = "traveller";
    type Event = TravellerEvent;
    type Rejection = Never;

    fn evolve(&mut self, _: &TravellerEvent) {}
}

impl Handle<Travel> for Traveller {
    type Records = Either<TripPlanned, Either<TourPlanned, ExpeditionPlanned>>;

    fn handle(&self, command: Travel, _: &Context) -> Result<Self::Records, Never> {
        let plan = command.plan;
        Ok(match plan.journey {
            Journey::Trip => Either::Left(TripPlanned { plan }),
            Journey::Tour => Either::Right(Either::Left(TourPlanned { plan })),
            Journey::Expedition => Either::Right(Either::Right(ExpeditionPlanned { plan })),
        })
    }
}

/// What can be booked for one trip: a flight, a room or a car.
#[derive(Debug, Default, Clone, PartialEq)]
pub(crate) struct Booking {
    pub(crate) asked: u32,
    pub(crate) booked: u32,
    pub(crate) cancelled: u32,
}

#[derive(Debug, Clone, PartialEq, thiserror::Error, Serialize, Deserialize)]
#[error("the supplier has gone home")]
pub(crate) struct GoneHome;

#[derive(Event, Serialize, Deserialize)]
pub(crate) struct BookedSilently {}

/// The messages about one thing that can be booked, and how they are answered.
macro_rules! bookings {
    ($($thing:literal: $Book:ident $Booked:ident $Refused:ident $Cancel:ident $Cancelled:ident;)+) => {
        $(
            #[derive(Command, Serialize, Deserialize)]
            #[command(to = Booking, id = booking)]
            pub(crate) struct $Book {
                pub(crate) booking: String,
                pub(crate) journey: Journey,
                pub(crate) trip: String,
                pub(crate) how: Answer,
            }

            #[derive(Event, Serialize, Deserialize)]
            pub(crate) struct $Booked {
                journey: Journey,
                trip: String,
            }

            #[derive(Event, Serialize, Deserialize)]
            pub(crate) struct $Refused {
                journey: Journey,
                trip: String,
            }

            #[derive(Command, Serialize, Deserialize)]
            #[command(to = Booking, id = booking)]
            pub(crate) struct $Cancel {
                booking: String,
                journey: Journey,
                trip: String,
                how: Answer,
            }

            #[derive(Event, Serialize, Deserialize)]
            pub(crate) struct $Cancelled {
                journey: Journey,
                trip: String,
            }

            impl $Book {
                fn of(plan: &Plan, how: Answer) -> Self {
                    let (journey, trip) = (plan.journey, plan.trip.clone());
                    Self { booking: booking(&trip, $thing), journey, trip, how }
                }
            }

            impl $Cancel {
                fn of(plan: &Plan, how: Answer) -> Self {
                    let (journey, trip) = (plan.journey, plan.trip.clone());
                    Self { booking: booking(&trip, $thing), journey, trip, how }
                }
            }

            impl Handle<$Book> for Booking {
                type Records = Either<$Booked, Either<$Refused, BookedSilently>>;

                fn handle(&self, command: $Book, _: &Context) -> Result<Self::Records, GoneHome> {
                    let $Book { journey, trip, how, .. } = command;
                    let refuses = match how {
                        Answer::Well | Answer::Silently => false,
                        Answer::Refuses => true,
                        Answer::RefusesFirst(times) => self.asked < times,
                        Answer::Rejects => return Err(GoneHome),
                        Answer::Panics => panic!("the computer is down"),
                    };
                    Ok(match how {
                        Answer::Silently => Either::Right(Either::Right(BookedSilently {})),
                        _ if refuses => Either::Right(Either::Left($Refused { journey, trip })),
                        _ => Either::Left($Booked { journey, trip }),
                    })
                }
            }

            impl Handle<$Cancel> for Booking {
                type Records = $Cancelled;

                fn handle(&self, command: $Cancel, _: &Context) -> Result<$Cancelled, GoneHome> {
                    let $Cancel { journey, trip, how, .. } = command;
                    match how {
                        Answer::Rejects => Err(GoneHome),
                        Answer::Panics => panic!("the computer is down"),
                        _ => Ok($Cancelled { journey, trip }),
                    }
                }
            }
        )+

        #[derive(Events)]
        pub(crate) enum BookingEvent {
            Silently(BookedSilently),
            $($Booked($Booked), $Refused($Refused), $Cancelled($Cancelled),)+
        }

        impl Decider for Booking {
            const CATEGORY: &'static str = "booking";
            type Event = BookingEvent;
            type Rejection = GoneHome;

            fn evolve(&mut self, event: &BookingEvent) {
                match event {
                    $(
                        BookingEvent::$Booked(_) => {
                            self.asked += 1;
                            self.booked += 1;
                        }
                        BookingEvent::$Refused(_) => self.asked += 1,
                        BookingEvent::$Cancelled(_) => self.cancelled += 1,
                    )+
                    BookingEvent::Silently(_) => {
                        self.asked += 1;
                        self.booked += 1;
                    }
                }
            }
        }
    };
}

bookings! {
    "flight": BookFlight FlightBooked FlightRefused CancelFlight FlightCancelled;
    "room": BookRoom RoomBooked RoomRefused CancelRoom RoomCancelled;
    "car": HireCar CarHired CarRefused ReturnCar CarReturned;
}

/// The id of one of the bookings of a trip.
pub(crate) fn booking(trip: &str, thing: &str) -> String {
    format!("{trip} {thing}")
}

/// An event concerns the saga of its journey, and no other.
fn of(saga: Journey, journey: Journey, trip: &str) -> Correlation {
    Correlation::maybe((journey == saga).then_some(trip))
}

fn flight(saga: Journey) -> Step<Plan> {
    Step::named("flight", |plan: &Plan| BookFlight::of(plan, plan.flight))
        .completes_on(move |event: &FlightBooked| of(saga, event.journey, &event.trip))
        .fails_on(move |event: &FlightRefused| of(saga, event.journey, &event.trip))
        .compensates(
            |plan| CancelFlight::of(plan, Answer::Well),
            move |event: &FlightCancelled| of(saga, event.journey, &event.trip),
        )
}

fn room(saga: Journey) -> Step<Plan> {
    Step::named("room", |plan: &Plan| BookRoom::of(plan, plan.room))
        .completes_on(move |event: &RoomBooked| of(saga, event.journey, &event.trip))
        .fails_on(move |event: &RoomRefused| of(saga, event.journey, &event.trip))
        .compensates(
            |plan| CancelRoom::of(plan, plan.cancellation),
            move |event: &RoomCancelled| of(saga, event.journey, &event.trip),
        )
}

fn car(saga: Journey) -> Step<Plan> {
    Step::named("car", |plan: &Plan| HireCar::of(plan, plan.car))
        .completes_on(move |event: &CarHired| of(saga, event.journey, &event.trip))
        .fails_on(move |event: &CarRefused| of(saga, event.journey, &event.trip))
        .within(Duration::from_secs(60))
        .compensates(
            |plan| ReturnCar::of(plan, Answer::Well),
            move |event: &CarReturned| of(saga, event.journey, &event.trip),
        )
}

pub(crate) fn module() -> Module {
    use Journey::{Expedition, Tour, Trip};
    let trip = LinearSaga::named(Trip.saga())
        .starts_on(|event: &TripPlanned| (event.plan.trip.clone(), event.plan.clone()))
        .step(flight(Trip))
        .step(room(Trip))
        .step(car(Trip));
    let tour = LinearSaga::named(Tour.saga())
        .starts_on(|event: &TourPlanned| (event.plan.trip.clone(), event.plan.clone()))
        .step(flight(Tour))
        .in_parallel([Branch::new().step(room(Tour)), Branch::new().step(car(Tour))]);
    let expedition = LinearSaga::named(Expedition.saga())
        .starts_on(|event: &ExpeditionPlanned| (event.plan.trip.clone(), event.plan.clone()))
        .step(flight(Expedition))
        .save_point("save-point", 2, Duration::from_secs(10))
        .step(room(Expedition))
        .step(car(Expedition));
    Module::named("trips")
        .handles::<Travel>()
        .handles::<BookFlight>()
        .handles::<CancelFlight>()
        .handles::<BookRoom>()
        .handles::<CancelRoom>()
        .handles::<HireCar>()
        .handles::<ReturnCar>()
        .linear_saga(trip)
        .linear_saga(tour)
        .linear_saga(expedition)
}
