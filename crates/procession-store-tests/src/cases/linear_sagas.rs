//! P16: linear sagas, and how they undo what is done.

use std::collections::BTreeMap;

use procession::{
    Lifecycle,
    linear::{CompensationStarted, StepFailed},
    log::{Kind, Recorded},
};
use procession_runtime::{Runtime, Store, store::ParkedOf};

use crate::{
    Settings, StoreUnderTest,
    batches::log,
    domain::{Answer, BookRoom, Booking, Journey, Plan, Travel, booking},
    moments::{at_every_commit, send_surely},
    running::{advance, counts, is_sound, start_at, state},
};

pub(super) const WELL: Plan = Plan {
    journey: Journey::Trip,
    trip: String::new(),
    flight: Answer::Well,
    room: Answer::Well,
    car: Answer::Well,
    cancellation: Answer::Well,
};

/// What can be seen of a journey. Of a booking: how often it was asked for, made and cancelled.
#[derive(Debug, PartialEq)]
pub(super) struct Outcome {
    pub(super) lifecycle: Lifecycle,
    pub(super) flight: Booking,
    pub(super) room: Booking,
    pub(super) car: Booking,
    pub(super) messages: BTreeMap<String, u64>,
}

pub(super) fn made(asked: u32, booked: u32, cancelled: u32) -> Booking {
    Booking { asked, booked, cancelled }
}

fn travel(plan: &Plan) -> Travel {
    Travel { traveller: "t".into(), plan: Plan { trip: "t".into(), ..plan.clone() } }
}

pub(super) async fn begin(runtime: &Runtime, plan: &Plan) {
    send_surely(runtime, || travel(plan), "travel").await;
    runtime.settled().await.unwrap();
}

pub(super) async fn lifecycle(runtime: &Runtime, journey: Journey) -> Lifecycle {
    runtime.reader().linear_saga::<Plan>(journey.saga(), "t").await.unwrap().lifecycle
}

pub(super) async fn outcome(runtime: &Runtime, journey: Journey) -> Outcome {
    let store = runtime.reader().store().as_ref();
    is_sound(store).await;
    let booked = async |thing| state::<Booking>(runtime, &booking("t", thing)).await;
    Outcome {
        lifecycle: lifecycle(runtime, journey).await,
        flight: booked("flight").await,
        room: booked("room").await,
        car: booked("car").await,
        messages: counts(&log(store).await),
    }
}

/// Lets the whole journey happen, on one store without a fault.
pub(super) async fn happens<U: StoreUnderTest>(plan: &Plan, seconds: u64) -> (Outcome, Vec<Recorded>) {
    let (_place, store) = U::create(Settings::default()).await;
    let runtime = start_at(store.clone(), 0).await;
    begin(&runtime, plan).await;
    advance(&runtime, seconds).await;
    let outcome = outcome(&runtime, plan.journey).await;
    assert_eq!(store.parked(ParkedOf::Everything, usize::MAX).await.unwrap(), []);
    assert_eq!(store.next_due().await.unwrap(), None, "nothing waits for a time when it has ended");
    (outcome, log(&store).await)
}

/// The commands that cancel something, in log order.
pub(super) fn cancellations(log: &[Recorded]) -> Vec<&str> {
    let commands = log.iter().filter(|it| it.entry.kind == Kind::Command).map(|it| &*it.entry.name);
    commands.filter(|it| ["CancelFlight", "CancelRoom", "ReturnCar"].contains(it)).collect()
}

pub(super) const COMPLETED: Lifecycle = Lifecycle::Ended("SagaCompleted");
pub(super) const COMPENSATED: Lifecycle = Lifecycle::Ended("SagaCompensated");

pub async fn p16_a_saga_whose_steps_go_well_undoes_nothing<U: StoreUnderTest>() {
    for journey in [Journey::Trip, Journey::Tour, Journey::Expedition] {
        let (outcome, log) = happens::<U>(&Plan { journey, ..WELL }, 600).await;

        assert_eq!(outcome.lifecycle, COMPLETED);
        assert_eq!(
            [outcome.flight, outcome.room, outcome.car],
            [made(1, 1, 0), made(1, 1, 0), made(1, 1, 0)]
        );
        assert!(cancellations(&log).is_empty());
    }
}

pub async fn p16_completed_steps_are_undone_in_reverse_order_and_no_others<U: StoreUnderTest>() {
    for car in [Answer::Refuses, Answer::Rejects] {
        let (outcome, log) = happens::<U>(&Plan { car, ..WELL }, 600).await;

        assert_eq!(outcome.lifecycle, COMPENSATED);
        assert_eq!([outcome.flight, outcome.room], [made(1, 1, 1), made(1, 1, 1)]);
        assert_eq!((outcome.car.booked, outcome.car.cancelled), (0, 0));
        assert_eq!(cancellations(&log), ["CancelRoom", "CancelFlight"]);
        let position = |name: &str| log.iter().position(|it| it.entry.name == name).unwrap();
        assert!(position("RoomCancelled") < position("CancelFlight"), "one after the other");
    }
    let (outcome, log) = happens::<U>(&Plan { flight: Answer::Refuses, ..WELL }, 600).await;
    assert_eq!((outcome.lifecycle, outcome.room), (COMPENSATED, made(0, 0, 0)));
    assert!(cancellations(&log).is_empty(), "nothing was done before the first step failed");
}

pub async fn p16_why_a_step_has_failed_is_recorded<U: StoreUnderTest>() {
    let reason = async |car| {
        let (_, log) = happens::<U>(&Plan { car, ..WELL }, 600).await;
        let failed = log.iter().find(|it| it.entry.name == "StepFailed").unwrap();
        let failed: StepFailed = serde_json::from_str(&failed.entry.payload).unwrap();
        (failed.step, failed.reason)
    };

    assert_eq!(reason(Answer::Refuses).await, ("car".into(), "CarRefused".into()));
    assert_eq!(reason(Answer::Rejects).await, ("car".into(), "the supplier has gone home".into()));
}

pub async fn p16_a_step_that_is_not_done_in_time_is_undone_too<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    let runtime = start_at(store.clone(), 0).await;
    begin(&runtime, &Plan { car: Answer::Silently, ..WELL }).await;
    advance(&runtime, 59).await;
    assert_eq!(lifecycle(&runtime, Journey::Trip).await, Lifecycle::Running);

    advance(&runtime, 1).await;

    let outcome = outcome(&runtime, Journey::Trip).await;
    assert_eq!(outcome.lifecycle, COMPENSATED);
    assert_eq!([outcome.flight, outcome.room, outcome.car], [made(1, 1, 1), made(1, 1, 1), made(1, 1, 1)]);
    assert_eq!(cancellations(&log(&store).await), ["ReturnCar", "CancelRoom", "CancelFlight"]);
    assert_eq!(store.next_due().await.unwrap(), None);
}

pub async fn p16_a_failing_branch_waits_for_the_others_and_all_is_undone<U: StoreUnderTest>() {
    let tour = Plan { journey: Journey::Tour, ..WELL };
    let (outcome, log) = happens::<U>(&Plan { room: Answer::Rejects, ..tour.clone() }, 600).await;
    assert_eq!(outcome.lifecycle, COMPENSATED);
    assert_eq!([outcome.flight, outcome.car], [made(1, 1, 1), made(1, 1, 1)]);
    assert_eq!(cancellations(&log), ["ReturnCar", "CancelFlight"]);

    let (outcome, log) = happens::<U>(&Plan { car: Answer::Refuses, ..tour.clone() }, 600).await;
    assert_eq!((outcome.lifecycle, outcome.room), (COMPENSATED, made(1, 1, 1)));
    assert_eq!(cancellations(&log), ["CancelRoom", "CancelFlight"]);

    // One branch fails while the other is silent: its time is waited for.
    let plan = Plan { room: Answer::Refuses, car: Answer::Silently, ..tour };
    let (_place, store) = U::create(Settings::default()).await;
    let runtime = start_at(store.clone(), 0).await;
    begin(&runtime, &plan).await;
    assert!(!counts(&crate::batches::log(&store).await).contains_key("RollbackStarted"));
    advance(&runtime, 60).await;
    assert_eq!(lifecycle(&runtime, Journey::Tour).await, COMPENSATED);
    assert_eq!(cancellations(&crate::batches::log(&store).await), ["ReturnCar", "CancelFlight"]);
    is_sound(&store).await;
}

pub async fn p16_a_compensation_that_fails_is_parked_and_never_skipped<U: StoreUnderTest>() {
    for (cancellation, handler, why) in [
        (Answer::Panics, "booking", "the handler panicked: the computer is down"),
        (Answer::Rejects, "trip", "the compensation of step `room` has failed: the supplier has gone home"),
    ] {
        let (place, store) = U::create(Settings::default()).await;
        let runtime = start_at(store, 0).await;
        let sent =
            send_surely(&runtime, || travel(&Plan { car: Answer::Refuses, cancellation, ..WELL }), "travel")
                .await;
        assert_eq!(runtime.wait(sent.process).await.unwrap().parked, 1);
        advance(&runtime, 600).await;
        runtime.stop().await.unwrap();

        // It stays so over a restart: the step before it is not undone, and the saga has not ended.
        let store = place.reopen().await;
        let runtime = start_at(store.clone(), 600).await;
        runtime.settled().await.unwrap();
        let parked = store.parked(ParkedOf::Everything, usize::MAX).await.unwrap();
        assert_eq!(parked.len(), 1, "{parked:#?}");
        assert_eq!((&*parked[0].handler, parked[0].cause.as_deref()), (handler, Some(why)));
        let outcome = outcome(&runtime, Journey::Trip).await;
        assert_eq!(outcome.lifecycle, Lifecycle::Running);
        assert_eq!([outcome.flight, outcome.room], [made(1, 1, 0), made(1, 1, 0)]);
        let log = log(&store).await;
        let started = log.iter().find(|it| it.entry.name == "CompensationStarted").unwrap();
        let started: CompensationStarted = serde_json::from_str(&started.entry.payload).unwrap();
        assert_eq!(started.step, "room");
    }
}

pub async fn p16_a_step_whose_handler_panics_is_parked_and_its_time_limit_counts<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    let runtime = start_at(store.clone(), 0).await;
    begin(&runtime, &Plan { car: Answer::Panics, ..WELL }).await;
    assert_eq!(store.parked(ParkedOf::Everything, usize::MAX).await.unwrap().len(), 1);

    advance(&runtime, 60).await;

    // The car is undone like a completed one, behind the command that is parked: so the saga waits for an operator.
    let parked = store.parked(ParkedOf::Everything, usize::MAX).await.unwrap();
    assert_eq!(parked.iter().map(|it| it.cause.is_some()).collect::<Vec<_>>(), [true, false]);
    assert_eq!(lifecycle(&runtime, Journey::Trip).await, Lifecycle::Running);
    assert_eq!(cancellations(&log(&store).await), ["ReturnCar"]);
    is_sound(&store).await;
}

pub async fn p16_late_answers_and_answers_nobody_waits_for_are_ignored<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    let runtime = start_at(store.clone(), 0).await;
    let plan = Plan { journey: Journey::Expedition, car: Answer::RefusesFirst(1), ..WELL };
    begin(&runtime, &plan).await;
    let book = |trip: &str| BookRoom {
        booking: "another room".into(),
        journey: Journey::Expedition,
        trip: trip.into(),
        how: Answer::Well,
    };
    let answer = async |trip: &str| {
        runtime.execute(book(trip)).await.unwrap();
        runtime.settled().await.unwrap();
        let log = log(&store).await;
        assert_eq!(log.last().unwrap().entry.kind, Kind::Ignored);
        log.last().unwrap().entry.payload.to_string()
    };

    assert!(answer("t").await.contains("not_expected"), "it waits at its save-point");
    assert!(answer("another").await.contains("not_started"));
    advance(&runtime, 10).await;
    assert_eq!(lifecycle(&runtime, Journey::Expedition).await, COMPLETED);
    assert!(answer("t").await.contains("ended"));
    is_sound(&store).await;
}

/// A journey to its end, with a fault at every commit. Every effect is there once, in the right order.
pub(super) async fn once_whatever_fails<U: StoreUnderTest>(plan: Plan) -> Outcome {
    at_every_commit::<U, Outcome>(async |store| {
        let runtime = start_at(store, 0).await;
        begin(&runtime, &plan).await;
        advance(&runtime, 600).await;
        let outcome = outcome(&runtime, plan.journey).await;
        runtime.stop().await.unwrap();
        outcome
    })
    .await
}

pub async fn p16_a_saga_goes_on_after_a_crash_at_every_commit_and_undoes_all_once<U: StoreUnderTest>() {
    let outcome = once_whatever_fails::<U>(Plan { car: Answer::Refuses, ..WELL }).await;

    assert_eq!(outcome.lifecycle, COMPENSATED);
    assert_eq!([outcome.flight, outcome.room], [made(1, 1, 1), made(1, 1, 1)]);
}

pub async fn p16_a_saga_in_parallel_goes_on_after_a_crash_at_every_commit<U: StoreUnderTest>() {
    let plan = Plan { journey: Journey::Tour, room: Answer::Rejects, car: Answer::Silently, ..WELL };

    let outcome = once_whatever_fails::<U>(plan).await;

    assert_eq!(outcome.lifecycle, COMPENSATED);
    assert_eq!([outcome.flight, outcome.car], [made(1, 1, 1), made(1, 1, 1)]);
}
