//! What was acknowledged stays, over closing, reopening and crashes.

use procession::log::Position;
use procession_runtime::{
    Store, StoreError,
    store::{Batch, Conflict},
};

use crate::{
    Settings, StoreUnderTest,
    batches::{
        NewEntryWith, acquire, batch, checkpoint, command, contents, event, log, numbers, parked, second,
        timer,
    },
};

async fn fill(store: &impl Store) {
    store.commit(batch([command("a", 0).keyed("key"), event("a", 1), event("b", 2)])).await.unwrap();
    let owner = acquire(store, 2).await;
    let everything = Batch {
        checkpoints: vec![checkpoint(owner, 0, 4)],
        parked: vec![parked(1, "a", Some("broken"))],
        timers: vec![timer("a", second(5), 3), timer("a", second(5), 4)],
        ..batch([event("a", 5).expecting(1)])
    };
    store.commit(everything).await.unwrap();
}

pub async fn reopening_keeps_everything<U: StoreUnderTest>() {
    let (place, store) = U::create(Settings::default()).await;
    fill(&store).await;
    let before = contents(&store).await;
    store.close().await.unwrap();

    let store = place.reopen().await;

    assert_eq!(contents(&store).await, before);
    assert_eq!(store.find_key("key".into()).await.unwrap(), Some(Position(1)));
    store.commit(batch([event("a", 6).expecting(2)])).await.unwrap();
    let again = store.commit(batch([command("a", 7).keyed("key")])).await;
    assert!(matches!(again, Err(StoreError::Duplicate { .. })), "{again:?}");
}

pub async fn promise_1_a_crash_loses_nothing_that_was_acknowledged<U: StoreUnderTest>() {
    let (place, mut store) = U::create(Settings::default()).await;
    fill(&store).await;
    for round in 0..5 {
        store.commit(batch([event("c", round).expecting(round)])).await.unwrap();
        let before = contents(&store).await;

        store = place.crash(store).await;

        assert_eq!(contents(&store).await, before, "after crash {round}");
        assert_eq!(store.find_key("key".into()).await.unwrap(), Some(Position(1)));
    }
    store.close().await.unwrap();
    let store = place.reopen().await;
    assert_eq!(log(&store).await.len(), 9);
}

pub async fn a_restart_does_not_make_an_old_owner_young_again<U: StoreUnderTest>() {
    let (place, store) = U::create(Settings::default()).await;
    acquire(&store, 0).await;
    let old = acquire(&store, 0).await;
    store.close().await.unwrap();

    let store = place.reopen().await;
    let owner = acquire(&store, 0).await;

    assert!(owner.token > old.token);
    let stale = Batch { checkpoints: vec![checkpoint(old, 0, 0)], ..Batch::default() };
    let refused = store.commit(stale).await;
    assert!(matches!(refused, Err(StoreError::Conflict(Conflict::StaleOwner { .. }))), "{refused:?}");
}

pub async fn closing_finishes_what_was_handed_over<U: StoreUnderTest>() {
    let (place, store) = U::create(Settings::default()).await;

    let answers: Vec<_> = (0..100).map(|it| store.commit(batch([event("a", it)]))).collect();
    store.close().await.unwrap();

    for answer in answers {
        answer.await.unwrap();
    }
    assert_eq!(numbers(&log(&place.reopen().await).await), (0..100).collect::<Vec<_>>());
}

pub async fn a_closed_durable_store_takes_nothing_more_and_says_so<U: StoreUnderTest>() {
    let (place, store) = U::create(Settings::default()).await;
    store.commit(batch([event("a", 1)])).await.unwrap();
    store.close().await.unwrap();
    if !U::IS_DURABLE {
        return;
    }

    let refused = store.commit(batch([event("a", 2)])).await;

    assert!(matches!(&refused, Err(StoreError::Permanent(it)) if it.contains("closed")), "{refused:?}");
    assert!(matches!(store.acquire(vec![]).await, Err(StoreError::Permanent(_))));
    assert_eq!(numbers(&log(&place.reopen().await).await), [1]);
}
