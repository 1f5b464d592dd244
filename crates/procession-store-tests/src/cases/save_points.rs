//! P16: linear sagas that return to a save-point instead of giving up.

use procession::{
    linear::{RollbackStarted, StepStarted},
    log::Recorded,
};
use procession_runtime::Store;

use super::linear_sagas::{
    COMPENSATED, COMPLETED, WELL, begin, cancellations, happens, made, once_whatever_fails, outcome,
};
use crate::{
    Settings, StoreUnderTest,
    batches::log,
    domain::{Answer, Booking, Journey, Plan},
    running::{advance, start_at, state},
};

pub async fn p16_a_save_point_is_returned_to_after_its_pause<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    let runtime = start_at(store.clone(), 0).await;
    let plan = Plan { journey: Journey::Expedition, car: Answer::RefusesFirst(2), ..WELL };
    begin(&runtime, &plan).await;
    for round in 1..=2 {
        assert_eq!(state::<Booking>(&runtime, "t room").await, made(round, round, round));
        advance(&runtime, 9).await;
        assert_eq!(state::<Booking>(&runtime, "t room").await, made(round, round, round), "it still waits");
        advance(&runtime, 1).await;
    }

    let outcome = outcome(&runtime, Journey::Expedition).await;
    assert_eq!(outcome.lifecycle, COMPLETED);
    assert_eq!([outcome.flight, outcome.room, outcome.car], [made(1, 1, 0), made(3, 3, 2), made(3, 1, 0)]);
    assert_eq!(attempts(&log(&store).await, "car"), [1, 2, 3]);
    assert_eq!(store.next_due().await.unwrap(), None);
}

fn attempts(log: &[Recorded], step: &str) -> Vec<u32> {
    let started = log.iter().filter(|it| it.entry.name == "StepStarted");
    let started = started.map(|it| serde_json::from_str::<StepStarted>(&it.entry.payload).unwrap());
    started.filter(|it| it.step == step).map(|it| it.attempt).collect()
}

pub async fn p16_a_save_point_that_is_used_up_lets_the_saga_give_up<U: StoreUnderTest>() {
    let plan = Plan { journey: Journey::Expedition, car: Answer::Refuses, ..WELL };

    let (outcome, log) = happens::<U>(&plan, 600).await;

    assert_eq!(outcome.lifecycle, COMPENSATED);
    assert_eq!([outcome.flight, outcome.room, outcome.car], [made(1, 1, 1), made(3, 3, 3), made(3, 0, 0)]);
    let rollbacks = log.iter().filter(|it| it.entry.name == "RollbackStarted");
    let to: Vec<_> =
        rollbacks.map(|it| serde_json::from_str::<RollbackStarted>(&it.entry.payload).unwrap().to).collect();
    assert_eq!(to, [Some("save-point".to_owned()), Some("save-point".to_owned()), None]);
    assert_eq!(cancellations(&log), ["CancelRoom", "CancelRoom", "CancelRoom", "CancelFlight"]);
}

pub async fn p16_a_failure_before_a_save_point_does_not_return_to_it<U: StoreUnderTest>() {
    let plan = Plan { journey: Journey::Expedition, flight: Answer::Refuses, ..WELL };

    let (outcome, _) = happens::<U>(&plan, 600).await;

    assert_eq!((outcome.lifecycle, outcome.flight), (COMPENSATED, made(1, 0, 0)));
    assert!(!outcome.messages.contains_key("SagaResumed"));
}

pub async fn p16_a_saga_with_a_save_point_goes_on_after_a_crash_at_every_commit<U: StoreUnderTest>() {
    let plan = Plan { journey: Journey::Expedition, car: Answer::RefusesFirst(2), ..WELL };

    let outcome = once_whatever_fails::<U>(plan).await;

    assert_eq!(outcome.lifecycle, COMPLETED);
    assert_eq!([outcome.flight, outcome.room, outcome.car], [made(1, 1, 0), made(3, 3, 2), made(3, 1, 0)]);
}
