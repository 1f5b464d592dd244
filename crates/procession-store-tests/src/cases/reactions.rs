//! O5: one event, and two modules that react to it.

use procession_runtime::{Limits, Runtime, Store};

use crate::{
    Settings, StoreUnderTest,
    batches::log,
    domain::{FillTank, Gauge, Inspection, UNLUCKY, application_with_inspectors},
    moments::{at_every_commit, send_surely},
    running::{counts, is_sound_for, small_limits, state},
};

async fn start(store: impl Store) -> Runtime {
    let limits: Limits = small_limits();
    Runtime::builder().limits(limits).start(&application_with_inspectors(), store).await.unwrap()
}

async fn fill(runtime: &Runtime, tank: &str, litres: &[u32]) {
    let command = || FillTank { tank: tank.into(), litres: litres.into() };
    send_surely(runtime, command, &format!("{tank} {litres:?}")).await;
}

pub async fn o5_two_modules_react_to_one_event_each_once_whatever_fails<U: StoreUnderTest>() {
    let (messages, shown, inspected) = at_every_commit::<U, _>(async |store| {
        let runtime = start(store.clone()).await;
        for litres in [[1, 2], [3, 4]] {
            fill(&runtime, "t", &litres).await;
        }
        runtime.settled().await.unwrap();
        is_sound_for(&application_with_inspectors(), &store).await;
        let shown = state::<Gauge>(&runtime, "t").await.shown;
        let outcome = (counts(&log(&store).await), shown, state::<Inspection>(&runtime, "t").await.levels);
        runtime.stop().await.unwrap();
        outcome
    })
    .await;

    assert_eq!((messages["LevelChanged"], messages["LevelShown"], messages["TankInspected"]), (4, 4, 4));
    assert_eq!((&*shown, &*inspected), (&[1, 3, 6, 10][..], &[1, 3, 6, 10][..]));
}

pub async fn o5_a_module_that_fails_leaves_the_other_one_alone<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    let runtime = start(store.clone()).await;

    fill(&runtime, "bad", &[1, UNLUCKY - 1, 1]).await;
    fill(&runtime, "good", &[1, 2]).await;
    runtime.settled().await.unwrap();

    let shown = async |tank: &str| state::<Gauge>(&runtime, tank).await.shown;
    assert_eq!((shown("bad").await, shown("good").await), (vec![1, UNLUCKY, UNLUCKY + 1], vec![1, 3]));
    let inspected = async |tank: &str| state::<Inspection>(&runtime, tank).await.levels;
    assert_eq!((inspected("bad").await, inspected("good").await), (vec![1], vec![1, 3]));
    let parked = runtime.reader().parked().await.unwrap();
    let parked: Vec<_> =
        parked.iter().map(|it| (&*it.handler, it.stream.id(), it.cause.as_deref())).collect();
    let panicked = Some("the handler panicked: nobody goes there today");
    assert_eq!(parked, [("module inspectors", "bad", panicked), ("module inspectors", "bad", None)]);
    is_sound_for(&application_with_inspectors(), &store).await;
}
