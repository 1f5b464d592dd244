//! S6: a message from outside that comes again is recognised.

use procession::log::Position;
use procession_runtime::{Store, StoreError};

use crate::{
    Settings, StoreUnderTest,
    batches::{NewEntryWith, batch, command, contents, event, log, numbers},
};

pub async fn s6_a_key_seen_in_another_batch_is_a_duplicate<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    store.commit(batch([event("a", 1), command("a", 2).keyed("key")])).await.unwrap();
    let before = contents(&store).await;

    let again = store.commit(batch([event("b", 3), command("b", 4).keyed("key")])).await;

    assert_eq!(again, Err(StoreError::Duplicate { key: "key".into(), position: Position(2) }));
    assert_eq!(contents(&store).await, before);
}

pub async fn s6_a_key_seen_in_the_same_batch_is_a_duplicate<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    let before = contents(&store).await;

    let twice = store.commit(batch([command("a", 1).keyed("key"), command("b", 2).keyed("key")])).await;

    assert_eq!(twice, Err(StoreError::Duplicate { key: "key".into(), position: Position(1) }));
    assert_eq!(contents(&store).await, before);
}

pub async fn s6_of_many_with_one_key_at_once_one_is_taken<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;

    let commits: Vec<_> = (0..30).map(|it| store.commit(batch([command("a", it).keyed("key")]))).collect();
    let mut taken = 0;
    for commit in commits {
        match commit.await {
            Ok(_) => taken += 1,
            Err(error) => {
                assert_eq!(error, StoreError::Duplicate { key: "key".into(), position: Position(1) });
            }
        }
    }

    assert_eq!(taken, 1);
    assert_eq!(log(&store).await.len(), 1);
}

pub async fn s6_a_key_says_where_its_message_stands<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    assert_eq!(store.find_key("key".into()).await.unwrap(), None);

    store.commit(batch([event("a", 1), command("a", 2).keyed("key"), event("a", 3)])).await.unwrap();

    assert_eq!(store.find_key("key".into()).await.unwrap(), Some(Position(2)));
    assert_eq!(store.find_key("kez".into()).await.unwrap(), None);
}

pub async fn s6_keys_are_compared_to_the_last_character<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    let keys =
        ["", "key", "Key", "key ", "key\0", "key\0a", "ke\u{301}y", "k\u{e9}y", "'; --", "%", "\u{1F511}"];

    let new = keys.iter().zip(0..).map(|(key, number)| command("a", number).keyed(key));
    store.commit(batch(new)).await.unwrap();

    for (key, position) in keys.into_iter().zip(1..) {
        assert_eq!(store.find_key(key.into()).await.unwrap(), Some(Position(position)), "{key:?}");
    }
    assert_eq!(numbers(&log(&store).await).len(), keys.len());
}

pub async fn messages_without_a_key_are_never_duplicates<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;

    store.commit(batch([command("a", 1), command("a", 1)])).await.unwrap();
    store.commit(batch([command("a", 1)])).await.unwrap();

    assert_eq!(numbers(&log(&store).await), [1, 1, 1]);
}
