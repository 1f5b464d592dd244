//! S: streams and their versions.

use procession::{Version, log::Kind};
use procession_runtime::{
    Store, StoreError,
    store::{Batch, Conflict},
};

use crate::{
    Settings, StoreUnderTest,
    batches::{NewEntryWith, batch, command, contents, entry, event, log, message, numbers, stream},
};

pub async fn s1_of_two_appends_that_must_not_exist_yet_one_wins<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    for round in 0..20 {
        let id = format!("stream {round}");
        let begin = |number| {
            let (store, new) = (store.clone(), event(&id, number).expecting(0));
            tokio::spawn(async move { store.commit(batch([new])).await })
        };
        let answers = tokio::join!(begin(1), begin(2));

        let answers = [answers.0.unwrap(), answers.1.unwrap()];
        let won = answers.iter().filter(|it| it.is_ok()).count();
        assert_eq!(won, 1, "{answers:?}");
        let expected = Conflict::Version { stream: stream(&id), expected: Version(0), actual: Version(1) };
        assert!(answers.contains(&Err(StoreError::Conflict(expected))), "{answers:?}");
        assert_eq!(store.read_stream(stream(&id), Version::NONE, 10).await.unwrap().len(), 1);
    }
}

pub async fn s1_a_stream_that_exists_is_not_begun_again<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    store.commit(batch([event("a", 1).expecting(0)])).await.unwrap();

    let again = store.commit(batch([event("a", 2).expecting(0)])).await;

    assert!(matches!(again, Err(StoreError::Conflict(Conflict::Version { .. }))), "{again:?}");
    assert_eq!(numbers(&log(&store).await), [1]);
}

pub async fn s2_a_stale_expected_version_fails_and_the_right_one_commits<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    store.commit(batch([event("a", 1), event("a", 2)])).await.unwrap();

    for stale in [0, 1, 3, 99] {
        let answer = store.commit(batch([event("a", 3).expecting(stale)])).await;
        let (expected, actual) = (Version(stale), Version(2));
        let conflict = Conflict::Version { stream: stream("a"), expected, actual };
        assert_eq!(answer, Err(conflict.into()));
    }

    store.commit(batch([event("a", 3).expecting(2)])).await.unwrap();
    assert_eq!(numbers(&log(&store).await), [1, 2, 3]);
}

pub async fn s2_any_version_never_reports_a_conflict<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;

    let appends = (0..50).map(|number| {
        let store = store.clone();
        tokio::spawn(async move { store.commit(batch([event("a", number)])).await })
    });
    for append in appends.collect::<Vec<_>>() {
        append.await.unwrap().unwrap();
    }

    let events = store.read_stream(stream("a"), Version::NONE, 100).await.unwrap();
    let versions: Vec<_> = events.iter().filter_map(|it| it.version).collect();
    assert_eq!(versions, (1..=50).map(Version).collect::<Vec<_>>());
}

pub async fn s3_two_writers_racing_from_one_version_leave_one_batch_whole_and_in_order<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    for round in 0..20 {
        let id = format!("stream {round}");
        store.commit(batch([event(&id, 0)])).await.unwrap();
        let race = |first: u64| {
            let new = (0..3).map(|it| event(&id, first + it).expecting(1 + it)).collect::<Vec<_>>();
            let store = store.clone();
            tokio::spawn(async move { store.commit(batch(new)).await })
        };
        let (one, two) = tokio::join!(race(10), race(20));

        assert_ne!(one.unwrap().is_ok(), two.unwrap().is_ok());
        let events = numbers(&store.read_stream(stream(&id), Version::NONE, 10).await.unwrap());
        assert!(events == [0, 10, 11, 12] || events == [0, 20, 21, 22], "{events:?}");
    }
}

/// The model is a plain list: what a stream holds is what was appended to it, numbered from 1.
pub async fn promise_3_a_stream_is_dense_ordered_and_never_rewritten<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    let mut before = Vec::new();
    for round in 0..30 {
        let new = (0..=round % 4).map(|it| event(["a", "b", "c"][it % 3], (10 * round + it) as u64));
        store.commit(batch(new)).await.unwrap();

        let log = log(&store).await;
        assert_eq!(log[..before.len()], before, "what was written stays as it is");
        for id in ["a", "b", "c"] {
            let in_log: Vec<_> = log.iter().filter(|it| it.entry.stream == stream(id)).cloned().collect();
            let events = store.read_stream(stream(id), Version::NONE, 1000).await.unwrap();
            assert_eq!(events, in_log);
            assert!(events.iter().zip(1..).all(|(it, version)| it.version == Some(Version(version))));
        }
        before = log;
    }
}

pub async fn the_events_of_one_batch_follow_each_other_in_their_stream<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;

    let new = [event("a", 1).expecting(0), event("b", 2).expecting(0), event("a", 3).expecting(1)];
    store.commit(batch(new)).await.unwrap();

    let events = store.read_stream(stream("a"), Version::NONE, 10).await.unwrap();
    assert_eq!(numbers(&events), [1, 3]);
    assert_eq!(events[1].version, Some(Version(2)));
}

pub async fn an_event_that_expects_what_its_own_batch_has_moved_on_is_a_conflict<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    let before = contents(&store).await;

    let answer = store.commit(batch([event("a", 1).expecting(0), event("a", 2).expecting(0)])).await;

    let conflict = Conflict::Version { stream: stream("a"), expected: Version(0), actual: Version(1) };
    assert_eq!(answer, Err(conflict.into()));
    assert_eq!(contents(&store).await, before);
}

pub async fn commands_and_rejections_use_up_no_version<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    let executed = entry(Kind::ExecutedCommand, "a", message(3));
    let rejection = entry(Kind::Rejection, "a", message(4));

    store.commit(batch([command("a", 1), event("a", 2), executed, rejection])).await.unwrap();
    store.commit(batch([event("a", 5).expecting(1)])).await.unwrap();

    let events = store.read_stream(stream("a"), Version::NONE, 10).await.unwrap();
    assert_eq!(numbers(&events), [2, 5]);
    let versions: Vec<_> = log(&store).await.iter().map(|it| it.version.map(|it| it.0)).collect();
    assert_eq!(versions, [None, Some(1), None, None, Some(2)]);
}

pub async fn a_batch_that_was_built_on_an_older_log_is_a_conflict<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    let before = store.commit(batch([event("a", 1)])).await.unwrap();
    assert_eq!(before.after.0, 0);

    let after = |position| Batch { after: Some(position), ..batch([event("b", 2)]) };
    let stale = store.commit(after(before.after)).await;
    let head = store.progress().await.unwrap().head;
    assert_eq!(stale, Err(Conflict::Head { expected: before.after, actual: head }.into()));
    let ahead = store.commit(after(head.plus(1))).await;
    assert_eq!(ahead, Err(Conflict::Head { expected: head.plus(1), actual: head }.into()));

    assert_eq!(store.commit(after(head)).await.unwrap().after, head);
    assert_eq!(numbers(&log(&store).await), [1, 2]);
}

pub async fn an_empty_batch_still_tells_whether_the_log_has_grown<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    let head = store.progress().await.unwrap().head;
    let nothing = || Batch { after: Some(head), ..Batch::default() };
    assert_eq!(store.commit(nothing()).await.unwrap().after, head);

    store.commit(batch([event("a", 1)])).await.unwrap();

    let conflict = Conflict::Head { expected: head, actual: head.plus(1) };
    assert_eq!(store.commit(nothing()).await, Err(conflict.into()));
}

pub async fn streams_of_two_categories_with_one_id_are_two_streams<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    let other = procession::Stream::new("other", "a").unwrap();
    let mut new = event("a", 2);
    new.entry = std::sync::Arc::new(procession::log::Entry {
        stream: other.clone(),
        ..std::sync::Arc::unwrap_or_clone(new.entry)
    });

    store.commit(batch([event("a", 1).expecting(0), new.expecting(0)])).await.unwrap();

    assert_eq!(numbers(&store.read_stream(stream("a"), Version::NONE, 10).await.unwrap()), [1]);
    assert_eq!(numbers(&store.read_stream(other, Version::NONE, 10).await.unwrap()), [2]);
}
