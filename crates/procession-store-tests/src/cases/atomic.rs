//! S5: a batch takes effect whole or not at all, whatever is wrong with it.

use procession::{
    Cancellation, Partition, Version,
    log::{Encoded, Position},
};
use procession_runtime::{
    Store, StoreError,
    store::{Batch, Conflict, Ownership, TimerId},
};

use crate::{
    Settings, StoreUnderTest,
    batches::{
        Contents, NewEntryWith, acquire, batch, cancellation, checkpoint, command, contents, event,
        large_event, numbers, parked, second, stream, timer,
    },
};

const MAX_PAYLOAD_BYTES: usize = 1000;

/// Commits a batch of everything, made bad by `spoil`: it must fail as told, change nothing, and commit without it.
async fn fails_whole<U: StoreUnderTest>(
    spoil: impl FnOnce(&mut Batch, Ownership),
    is_expected: impl FnOnce(&StoreError) -> bool,
) {
    let settings = Settings { max_payload_bytes: MAX_PAYLOAD_BYTES, ..Settings::default() };
    let (_place, store) = U::create(settings).await;
    let (owned, fired) = something_before(&store).await;
    let before = contents(&store).await;
    let good = everything(owned, fired);
    let mut bad = good.clone();
    spoil(&mut bad, owned);

    let error = store.commit(bad).await.unwrap_err();

    assert!(is_expected(&error), "{error:?}");
    assert_eq!(contents(&store).await, before, "nothing of the failed batch is there");
    assert_eq!(store.find_key("new key".into()).await.unwrap(), None, "the key is not used up");
    store.commit(good).await.unwrap();
    takes_effect(&before, &contents(&store).await);
}

async fn something_before(store: &impl Store) -> (Ownership, TimerId) {
    let first = [event("a", 1), command("b", 2).keyed("old key")];
    let first = Batch { timers: vec![timer("a", second(10), 3), timer("d", second(15), 8)], ..batch(first) };
    store.commit(first).await.unwrap();
    let timers = store.due_timers(second(10), 10).await.unwrap();
    (acquire(store, 0).await, timers[0].id)
}

fn everything(owned: Ownership, fired: TimerId) -> Batch {
    Batch {
        after: Some(Position(2)),
        stood_on: vec![(stream("a"), Version(1)), (stream("nobody"), Version::NONE)],
        entries: vec![command("a", 4).keyed("new key"), event("a", 5).expecting(1), event("c", 6)],
        checkpoints: vec![checkpoint(owned, 0, 5)],
        parked: vec![parked(2, "b", Some("broken"))],
        timers: vec![timer("c", second(20), 7)],
        fired: vec![fired],
        cancelled: vec![Cancellation::TimeoutsOf(stream("nobody")), cancellation("d")],
        ..Batch::default()
    }
}

fn takes_effect(before: &Contents, after: &Contents) {
    assert_eq!(numbers(&after.log), [1, 2, 4, 5, 6]);
    assert_eq!(after.log[3].version, Some(Version(2)), "the failed batch used up no version");
    assert_eq!(after.log[..2], before.log);
    assert_eq!(after.progress.head, Position(5));
    assert_eq!(after.progress.checkpoints[0], Position(5));
    assert_eq!(after.parked.len(), 1);
    assert_eq!(after.timers.len(), 1, "one has fired, one was taken back, another was asked for");
    assert_eq!(after.next_due, Some(second(20)));
}

pub async fn s5_a_stale_version_in_the_last_entry_leaves_nothing_behind<U: StoreUnderTest>() {
    let conflict = Conflict::Version { stream: stream("a"), expected: Version(1), actual: Version(2) };
    fails_whole::<U>(
        |batch, _| batch.entries.push(event("a", 9).expecting(1)),
        |error| *error == conflict.into(),
    )
    .await;
}

pub async fn s5_a_key_of_another_batch_in_the_last_entry_leaves_nothing_behind<U: StoreUnderTest>() {
    let seen = StoreError::Duplicate { key: "old key".into(), position: Position(2) };
    fails_whole::<U>(|batch, _| batch.entries.push(command("a", 9).keyed("old key")), |error| *error == seen)
        .await;
}

pub async fn s5_a_key_of_the_same_batch_in_the_last_entry_leaves_nothing_behind<U: StoreUnderTest>() {
    let seen = StoreError::Duplicate { key: "new key".into(), position: Position(3) };
    fails_whole::<U>(|batch, _| batch.entries.push(command("a", 9).keyed("new key")), |error| *error == seen)
        .await;
}

pub async fn s5_a_too_large_payload_in_the_last_entry_leaves_nothing_behind<U: StoreUnderTest>() {
    let bytes = MAX_PAYLOAD_BYTES + 1;
    let too_large = StoreError::TooLarge { name: "Large".into(), bytes, limit: MAX_PAYLOAD_BYTES };
    fails_whole::<U>(|batch, _| batch.entries.push(large_event("d", bytes)), |error| *error == too_large)
        .await;
}

pub async fn s5_a_too_large_payload_of_a_timer_leaves_nothing_behind<U: StoreUnderTest>() {
    let bytes = MAX_PAYLOAD_BYTES + 1;
    let spoil = |batch: &mut Batch, _| {
        let payload = "x".repeat(bytes).into_boxed_str();
        let message = Encoded { name: "Large".into(), schema_version: 1, payload };
        batch.timers.push(procession_runtime::store::NewTimer { message, ..timer("a", second(30), 9) });
    };
    let too_large = StoreError::TooLarge { name: "Large".into(), bytes, limit: MAX_PAYLOAD_BYTES };
    fails_whole::<U>(spoil, |error| *error == too_large).await;
}

pub async fn s5_another_end_of_the_log_leaves_nothing_behind<U: StoreUnderTest>() {
    let conflict = Conflict::Head { expected: Position(1), actual: Position(2) };
    fails_whole::<U>(|batch, _| batch.after = Some(Position(1)), |error| *error == conflict.into()).await;
}

pub async fn s5_another_version_of_a_stream_that_was_only_read_leaves_nothing_behind<U: StoreUnderTest>() {
    let conflict = Conflict::Version { stream: stream("a"), expected: Version(0), actual: Version(1) };
    fails_whole::<U>(
        |batch, _| batch.stood_on.push((stream("a"), Version::NONE)),
        |error| *error == conflict.into(),
    )
    .await;
}

pub async fn s5_a_stale_owner_leaves_nothing_behind<U: StoreUnderTest>() {
    let spoil = |batch: &mut Batch, owned: Ownership| {
        batch.checkpoints = vec![checkpoint(Ownership { token: owned.token - 1, ..owned }, 0, 5)];
    };
    fails_whole::<U>(spoil, |error| matches!(error, StoreError::Conflict(Conflict::StaleOwner { .. }))).await;
}

pub async fn s5_a_checkpoint_beyond_the_log_leaves_nothing_behind<U: StoreUnderTest>() {
    let spoil = |batch: &mut Batch, owned| batch.checkpoints = vec![checkpoint(owned, 0, 6)];
    fails_whole::<U>(spoil, |error| matches!(error, StoreError::Conflict(Conflict::CheckpointAhead { .. })))
        .await;
}

pub async fn s5_the_second_of_two_checkpoints_leaves_nothing_behind<U: StoreUnderTest>() {
    let spoil = |batch: &mut Batch, owned: Ownership| {
        batch.checkpoints.push(checkpoint(Ownership { partition: Partition(1), token: 7, ..owned }, 0, 5));
    };
    fails_whole::<U>(spoil, |error| matches!(error, StoreError::Conflict(Conflict::StaleOwner { .. }))).await;
}

pub async fn s5_an_unknown_partition_leaves_nothing_behind<U: StoreUnderTest>() {
    let spoil = |batch: &mut Batch, owned: Ownership| {
        batch.checkpoints.push(checkpoint(Ownership { partition: Partition(4), ..owned }, 0, 5));
    };
    fails_whole::<U>(spoil, |error| matches!(error, StoreError::Permanent(_))).await;
}

pub async fn s5_a_failed_batch_does_not_take_its_neighbours_with_it<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    store.commit(batch([event("a", 0)])).await.unwrap();

    let answers = (1..=30).map(|number| {
        let bad = number % 3 == 0;
        let new = event("a", number);
        (bad, store.commit(batch([if bad { new.expecting(0) } else { new }])))
    });
    for (bad, answer) in answers.collect::<Vec<_>>() {
        assert_eq!(answer.await.is_err(), bad);
    }

    let expected: Vec<u64> = (0..=30).filter(|it| *it == 0 || it % 3 != 0).collect();
    assert_eq!(numbers(&store.read_stream(stream("a"), Version::NONE, 100).await.unwrap()), expected);
}
