//! What a module tells others: there if and only if its event is, once, with the state as of that event.

use procession::{
    history::layers,
    log::{Kind, Position, Recorded},
};
use procession_runtime::Runtime;

use crate::{
    Settings, StoreUnderTest,
    batches::log,
    domain::{FillTank, Gauge, LevelChanged, Tank, UNSPEAKABLE},
    moments::{at_every_commit, send_surely},
    running::{counts, finish, is_sound, start, start_at, state},
};

fn fill(litres: &[u32]) -> FillTank {
    FillTank { tank: "t".into(), litres: litres.into() }
}

fn published(log: &[Recorded]) -> Vec<LevelChanged> {
    let published = log.iter().filter(|it| it.entry.kind == Kind::PublicEvent);
    published.map(|it| serde_json::from_str(&it.entry.payload).unwrap()).collect()
}

fn level(level: u32) -> LevelChanged {
    LevelChanged { tank: "t".into(), level }
}

pub async fn a_public_event_is_made_with_the_state_as_of_its_event<U: StoreUnderTest>() {
    let (place, store) = U::create(Settings::default()).await;
    let runtime = start(store).await;
    finish(&runtime, runtime.send(fill(&[1, 10, 100])).await.unwrap().process).await;
    runtime.stop().await.unwrap();
    let store = place.reopen().await;
    let runtime = start(store.clone()).await;
    let executed = runtime.execute(fill(&[1000, 10_000])).await.unwrap();
    finish(&runtime, executed.process).await;

    let log = log(&store).await;
    assert_eq!(published(&log), [1, 11, 111, 1111, 11_111].map(level));
    let public = log.iter().filter(|it| it.entry.kind == Kind::PublicEvent);
    for it in public {
        let before = &log[it.position.0 as usize - 2];
        assert_eq!((&*before.entry.name, before.causation), ("TankFilled", it.causation), "right behind it");
        assert_eq!((it.version, &it.entry.stream), (None, &before.entry.stream));
    }
    is_sound(&store).await;
}

pub async fn another_module_reacts_to_a_public_event<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    let runtime = start(store.clone()).await;

    for litres in [[1, 2], [3, 4]] {
        finish(&runtime, runtime.send(fill(&litres)).await.unwrap().process).await;
    }

    assert_eq!(state::<Gauge>(&runtime, "t").await.shown, [1, 3, 6, 10]);
    let log = log(&store).await;
    for it in log.iter().filter(|it| it.entry.name == "ShowLevel") {
        assert_eq!(log[it.causation.unwrap().0 as usize - 1].entry.kind, Kind::PublicEvent);
    }
    is_sound(&store).await;
}

pub async fn p11_what_another_module_makes_of_it_leads_back_to_the_first_command<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    let runtime = start(store.clone()).await;
    let sent = runtime.send(fill(&[1])).await.unwrap();
    finish(&runtime, sent.process).await;

    let history = runtime.reader().history(sent.process, Position::START).await.unwrap();
    let layers = layers(&history);
    let names: Vec<Vec<&str>> =
        layers.iter().map(|it| it.messages.iter().map(|it| &*it.entry.name).collect()).collect();

    assert_eq!(
        names,
        [vec!["FillTank"], vec!["TankFilled", "LevelChanged"], vec!["ShowLevel"], vec!["LevelShown"]]
    );
    is_sound(&store).await;
}

pub async fn an_event_whose_public_event_cannot_be_made_is_not_there_either<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    let runtime = start(store.clone()).await;

    let failed = runtime.execute(fill(&[1, UNSPEAKABLE - 1, 1])).await.unwrap_err();
    assert!(failed.to_string().contains("nobody may know this level"), "{failed}");
    let sent = runtime.send(fill(&[1, UNSPEAKABLE - 1])).await.unwrap();
    assert_eq!(runtime.wait(sent.process).await.unwrap().parked, 1);

    assert_eq!(state::<Tank>(&runtime, "t").await.level, 0);
    assert_eq!(published(&log(&store).await), []);
    is_sound(&store).await;
}

pub async fn o1_a_public_event_is_there_once_if_and_only_if_its_event_is<U: StoreUnderTest>() {
    let (messages, shown) = at_every_commit::<U, _>(async |store| {
        let runtime: Runtime = start_at(store.clone(), 0).await;
        for litres in [[1, 2], [3, 4]] {
            send_surely(&runtime, || fill(&litres), &format!("{litres:?}")).await;
        }
        runtime.settled().await.unwrap();
        is_sound(&store).await;
        let outcome = (counts(&log(&store).await), state::<Gauge>(&runtime, "t").await.shown);
        runtime.stop().await.unwrap();
        outcome
    })
    .await;

    assert_eq!((messages["TankFilled"], messages["LevelChanged"]), (4, 4));
    assert_eq!(shown, [1, 3, 6, 10]);
}
