//! A runtime that is at rest, and whose time is moved.

use std::time::Duration;

use jiff::Timestamp;
use procession::{
    After, Application, Module,
    doc::{CleanRoom, RoomCleaned},
};
use procession_runtime::{AdvanceError, Runtime, Store};

use crate::{
    Settings, StoreUnderTest,
    batches::{log, second},
    domain::{
        Answer, AskForReminders, How, Journey, Plan, Report, ReportAlarm, RunMachine, StartSurvey, Survey,
        Travel, Watch,
    },
    faulty::FaultyStore,
    running::{advance, counts, is_sound, is_sound_for, settles_soundly, start, start_at, state},
};

pub async fn a_runtime_is_settled_when_all_that_was_sent_is_done<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    let runtime = start(store.clone()).await;
    runtime.settled().await.unwrap();
    for round in 0..10 {
        for it in 0..3 {
            let survey = StartSurvey { survey: format!("{round} {it}"), respondents: 4 };
            runtime.send(survey).await.unwrap();
        }

        runtime.settled().await.unwrap();

        for it in 0..3 {
            assert_eq!(state::<Survey>(&runtime, &format!("{round} {it}")).await.ended, 1);
        }
    }
    is_sound(&store).await;
}

pub async fn a_runtime_is_not_settled_before_everything_is_durable<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    let faulty = FaultyStore::sound(store.clone());
    let runtime = start(faulty.clone()).await;
    faulty.hold_answers();
    let send = runtime.send(StartSurvey { survey: "s".into(), respondents: 3 });
    let before = faulty.commits();
    let sending = tokio::spawn(send.into_future());
    while faulty.commits() == before {
        tokio::task::yield_now().await;
    }
    let settling = {
        let runtime = runtime.clone();
        tokio::spawn(async move { runtime.settled().await })
    };
    for _ in 0..200 {
        tokio::task::yield_now().await;
    }
    assert!(!settling.is_finished());

    faulty.release_answers();

    sending.await.unwrap().unwrap();
    settling.await.unwrap().unwrap();
    assert_eq!(state::<Survey>(&runtime, "s").await.ended, 1);
    settles_soundly(&runtime).await;
}

pub async fn a_message_that_is_parked_does_not_keep_a_runtime_from_settling<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    let runtime = start(store.clone()).await;
    let how = How::PanicInHandle;
    for number in 0..3 {
        runtime.send(RunMachine { machine: "m".into(), number, how }).await.unwrap();
    }

    runtime.settled().await.unwrap();

    assert_eq!(runtime.reader().parked().await.unwrap().len(), 3);
    settles_soundly(&runtime).await;
}

pub async fn time_moves_from_timer_to_timer_and_each_fires_at_its_own<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    let runtime = start_at(store.clone(), 0).await;
    let raise = |alarm: &str, after: &[u64]| ReportAlarm {
        alarm: alarm.into(),
        report: Report::Raised(after.into()),
    };
    runtime.send(raise("a", &[30, 10])).await.unwrap();
    runtime.send(raise("b", &[20, 10, 100])).await.unwrap();

    advance(&runtime, 60).await;

    let log = log(&store).await;
    let rang = log.iter().filter(|it| it.entry.name == "Rang");
    let rang: Vec<_> = rang.map(|it| (it.entry.stream.id(), it.entry.at)).collect();
    let mut sorted = rang.clone();
    sorted.sort_by_key(|it| it.1);
    assert_eq!(rang, sorted);
    let times: Vec<_> = rang.iter().map(|it| it.1).collect();
    assert_eq!(times, [10, 10, 20, 30].map(second));
    advance(&runtime, 40).await;
    assert_eq!(state::<Watch>(&runtime, "b").await.rang, [1, 0, 2]);
    is_sound(&store).await;
}

/// A journey whose car is never heard of.
fn travel() -> Travel {
    let plan = Plan {
        journey: Journey::Expedition,
        trip: "t".into(),
        flight: Answer::Well,
        room: Answer::Well,
        car: Answer::Silently,
        cancellation: Answer::Well,
    };
    Travel { traveller: "t".into(), plan }
}

pub async fn a_timer_that_is_asked_for_while_another_one_fires_is_not_lost<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    let runtime = start_at(FaultyStore::late(store.clone()), 0).await;
    runtime.send(travel()).await.unwrap();

    tokio::time::timeout(Duration::from_secs(30), advance(&runtime, 200)).await.unwrap();

    assert_eq!(counts(&log(&store).await)["StepTimedOut"], 3);
    is_sound(&store).await;
}

pub async fn what_follows_from_a_timer_may_ask_for_the_next_before_the_time_is_up<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    let runtime = start_at(store.clone(), 0).await;
    runtime.send(travel()).await.unwrap();

    // Three times 60 seconds for the car, and two times 10 seconds of pause.
    advance(&runtime, 199).await;
    assert_eq!(counts(&log(&store).await)["StepTimedOut"], 2);
    advance(&runtime, 1).await;

    let log = log(&store).await;
    assert_eq!(counts(&log)["StepTimedOut"], 3);
    let end = log.iter().find(|it| it.entry.name == "SagaCompensated").unwrap();
    assert_eq!(end.entry.at, second(200));
    is_sound(&store).await;
}

/// Stores keep microseconds, so what is asked for in between becomes due at the next one.
pub async fn a_timer_between_two_microseconds_fires_and_not_too_early<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    let rooms = Module::named("rooms").handles::<CleanRoom>().on(|event: &RoomCleaned| {
        (event.room < 3).then_some(After(Duration::from_nanos(1_500), CleanRoom { room: event.room + 1 }))
    });
    let hotel = Application::assemble([rooms]).unwrap();
    let builder = Runtime::builder().virtual_time(second(0));
    let runtime = builder.start(&hotel, store.clone()).await.unwrap();
    runtime.send(CleanRoom { room: 1 }).await.unwrap();

    runtime.advance(Duration::from_nanos(1_400)).await.unwrap();
    assert_eq!(counts(&log(&store).await)["RoomCleaned"], 1);
    runtime.advance(Duration::from_secs(1)).await.unwrap();

    assert_eq!(counts(&log(&store).await)["RoomCleaned"], 3);
    assert_eq!(store.next_due().await.unwrap(), None);
    is_sound_for(&hotel, &store).await;
}

pub async fn the_end_of_all_time_is_reached_and_not_passed<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    let runtime = start_at(store.clone(), 0).await;
    let ask = AskForReminders { reminder: "r".into(), after_seconds: vec![u64::MAX] };
    runtime.send(ask).await.unwrap();

    runtime.advance(Duration::MAX).await.unwrap();
    runtime.advance(Duration::MAX).await.unwrap();

    let log = log(&store).await;
    let called = log.iter().filter(|it| it.entry.name == "CalledBack");
    let called: Vec<_> = called.map(|it| it.entry.at.as_second()).collect();
    assert_eq!(called, [Timestamp::MAX.as_second()]);
    settles_soundly(&runtime).await;
}

pub async fn only_a_virtual_time_is_moved<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    let runtime = start(store).await;

    let refused = runtime.advance(Duration::from_secs(1)).await;

    assert_eq!(refused, Err(AdvanceError::NotVirtual));
    assert!(refused.unwrap_err().to_string().contains("virtual_time"));
}

pub async fn who_settles_a_stopped_runtime_is_told_so<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    let runtime = start_at(store, 0).await;
    runtime.clone().stop().await.unwrap();

    assert_eq!(runtime.settled().await, Err(AdvanceError::Stopped));
    assert_eq!(runtime.advance(Duration::ZERO).await, Err(AdvanceError::Stopped));
}
