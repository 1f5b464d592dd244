//! T: commands that become due later, in a time that the case moves.

use procession::log::ProcessId;
use procession_runtime::{Runtime, Store};

use crate::{
    Settings, StoreUnderTest,
    batches::log,
    domain::{AskForReminders, CalledBack, Reminder, application},
    faulty::{Fault, FaultyStore},
    running::{advance, finish, is_sound, start_at, state},
};

async fn ask(runtime: &Runtime, reminder: &str, after_seconds: &[u64]) -> ProcessId {
    let ask = AskForReminders { reminder: reminder.into(), after_seconds: after_seconds.into() };
    let process = runtime.send(ask).await.unwrap().process;
    finish(runtime, process).await;
    process
}

/// Moves the time, and tells who was called.
async fn after(runtime: &Runtime, seconds: u64, id: &str) -> Vec<u32> {
    advance(runtime, seconds).await;
    state::<Reminder>(runtime, id).await.calls
}

pub async fn a_command_sent_later_comes_when_it_is_due_and_once<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    let runtime = start_at(store.clone(), 0).await;
    let process = ask(&runtime, "r", &[10]).await;

    assert!(after(&runtime, 9, "r").await.is_empty());
    assert_eq!(after(&runtime, 1, "r").await, [0]);
    assert_eq!(after(&runtime, 1000, "r").await, [0]);
    assert_eq!(store.next_due().await.unwrap(), None);
    let log = log(&store).await;
    assert_eq!(log.iter().filter(|it| it.process == process).count(), log.len());
    is_sound(&store).await;
}

pub async fn t6_several_timers_fire_in_the_order_of_their_times_and_of_asking<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    let runtime = start_at(store.clone(), 0).await;
    ask(&runtime, "r", &[30, 10, 20, 10, 20, 10, 10]).await;

    assert_eq!(after(&runtime, 10, "r").await, [1, 3, 5, 6]);
    assert_eq!(after(&runtime, 25, "r").await, [1, 3, 5, 6, 2, 4, 0]);
    assert_eq!(store.next_due().await.unwrap(), None);
    is_sound(&store).await;
}

pub async fn timers_fire_once_over_restarts<U: StoreUnderTest>() {
    let (place, store) = U::create(Settings::default()).await;
    let runtime = start_at(store, 0).await;
    ask(&runtime, "r", &[10, 20, 30, 40]).await;
    assert_eq!(after(&runtime, 10, "r").await, [0]);
    runtime.stop().await.unwrap();

    let runtime = start_at(place.reopen().await, 10).await;
    assert_eq!(after(&runtime, 0, "r").await, [0]);
    assert_eq!(after(&runtime, 10, "r").await, [0, 1]);
    runtime.stop().await.unwrap();

    let store = place.reopen().await;
    let runtime = start_at(store.clone(), 30).await;
    assert_eq!(after(&runtime, 0, "r").await, [0, 1, 2], "due while nobody was there");
    assert_eq!(after(&runtime, 10, "r").await, [0, 1, 2, 3]);
    is_sound(&store).await;
}

pub async fn t1_a_crash_at_every_commit_around_a_firing_changes_nothing<U: StoreUnderTest>() {
    for fault in [Fault::DeathBeforeCommit, Fault::DeathAfterCommit, Fault::CommitRefused] {
        for nth in 1.. {
            let (place, store) = U::create(Settings::default()).await;
            let runtime = start_at(store.clone(), 0).await;
            let process = ask(&runtime, "r", &[10, 10, 20]).await;
            runtime.stop().await.unwrap();
            let store = place.reopen().await;
            let faulty = FaultyStore::new(store.clone(), fault, nth);

            let finished = tokio::select! {
                () = faulty.death() => None,
                runtime = async {
                    let runtime = start_at(faulty.clone(), 60).await;
                    finish(&runtime, process).await;
                    runtime
                } => Some(runtime),
            };
            if !faulty.has_struck() {
                break;
            }
            let store = match finished {
                Some(runtime) => {
                    runtime.stop().await.unwrap();
                    place.reopen().await
                }
                None => place.crash(store).await,
            };
            let runtime = start_at(store.clone(), 60).await;
            assert_eq!(after(&runtime, 0, "r").await, [0, 1, 2], "{fault:?} at {nth}");
            assert_eq!(store.next_due().await.unwrap(), None);
            is_sound(&store).await;
        }
    }
}

pub async fn t2_a_timer_far_ahead_is_accepted_and_disturbs_nothing<U: StoreUnderTest>() {
    const TEN_YEARS: u64 = 10 * 366 * 24 * 60 * 60;
    let (place, store) = U::create(Settings::default()).await;
    let runtime = start_at(store.clone(), 0).await;
    ask(&runtime, "r", &[TEN_YEARS, u64::MAX, 5]).await;
    assert_eq!(after(&runtime, 5, "r").await, [2]);
    runtime.stop().await.unwrap();

    let runtime = start_at(place.reopen().await, 5).await;
    assert_eq!(after(&runtime, 5, "r").await, [2]);
    assert_eq!(after(&runtime, TEN_YEARS, "r").await, [2, 0]);
    let names: Vec<_> = log(runtime.reader().store().as_ref()).await;
    let called = <CalledBack as procession::Message>::NAME;
    assert_eq!(names.iter().filter(|it| it.entry.name == called).count(), 2);
}

/// The machine's own clock: what is due soon comes by itself.
pub async fn a_timer_wakes_a_runtime_that_nobody_asks_anything<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    let runtime = Runtime::start(&application(), store).await.unwrap();
    let mut committed = runtime.committed();

    ask(&runtime, "r", &[1]).await;
    committed.wait_for(|it| it.0 >= 4).await.unwrap();

    assert_eq!(state::<Reminder>(&runtime, "r").await.calls, [0]);
}
