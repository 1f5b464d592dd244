//! G10: a checkpoint moves only forward, and only for its owner.

use procession::{Partition, log::Position};
use procession_runtime::{
    Store, StoreError,
    store::{Batch, Conflict},
};

use crate::{
    Settings, StoreUnderTest,
    batches::{acquire, batch, checkpoint, contents, event},
};

async fn with_ten_entries<U: StoreUnderTest>() -> (U, U::Store) {
    let (place, store) = U::create(Settings::default()).await;
    store.commit(batch((0..10).map(|it| event("a", it)))).await.unwrap();
    (place, store)
}

pub async fn g10_moved_stale_owner_behind_and_ahead_are_four_answers<U: StoreUnderTest>() {
    let (_place, store) = with_ten_entries::<U>().await;
    let old = acquire(&store, 1).await;
    let owner = acquire(&store, 1).await;
    assert!(owner.token > old.token, "who acquires last owns");
    let moved = async |owned, from, to| {
        store.commit(Batch { checkpoints: vec![checkpoint(owned, from, to)], ..Batch::default() }).await
    };
    let at = async || store.progress().await.unwrap().checkpoints[1].0;

    moved(owner, 0, 4).await.unwrap();
    assert_eq!(at().await, 4);

    let (partition, token, actual) = (Partition(1), old.token, owner.token);
    assert_eq!(moved(old, 4, 6).await, Err(Conflict::StaleOwner { partition, token, actual }.into()));

    let (from, to, actual) = (Position(3), Position(6), Position(4));
    let behind = Conflict::CheckpointBehind { partition, from, to, actual };
    assert_eq!(moved(owner, 3, 6).await, Err(behind.into()));
    assert!(matches!(moved(owner, 4, 3).await, Err(StoreError::Conflict(Conflict::CheckpointBehind { .. }))));

    let (from, to) = (Position(5), Position(6));
    let ahead = Conflict::CheckpointAhead { partition, from, to, actual };
    assert_eq!(moved(owner, 5, 6).await, Err(ahead.into()));
    assert!(matches!(moved(owner, 4, 11).await, Err(StoreError::Conflict(Conflict::CheckpointAhead { .. }))));

    assert_eq!(at().await, 4, "none of the refused moves moved it");
    moved(owner, 4, 10).await.unwrap();
    assert_eq!(at().await, 10);
}

pub async fn g10_a_checkpoint_may_move_to_the_end_of_its_own_batch<U: StoreUnderTest>() {
    let (_place, store) = with_ten_entries::<U>().await;
    let owner = acquire(&store, 2).await;
    let with_entry = |to| Batch { checkpoints: vec![checkpoint(owner, 0, to)], ..batch([event("a", 11)]) };

    assert!(store.commit(with_entry(12)).await.is_err());
    store.commit(with_entry(11)).await.unwrap();

    assert_eq!(store.progress().await.unwrap().checkpoints[2], Position(11));
}

pub async fn g10_a_checkpoint_that_stays_still_asks_for_the_owner<U: StoreUnderTest>() {
    let (_place, store) = with_ten_entries::<U>().await;
    let old = acquire(&store, 0).await;
    let still = |owned| Batch { checkpoints: vec![checkpoint(owned, 0, 0)], ..batch([event("b", 1)]) };
    store.commit(still(old)).await.unwrap();

    let owner = acquire(&store, 0).await;

    let refused = store.commit(still(old)).await;
    assert!(matches!(refused, Err(StoreError::Conflict(Conflict::StaleOwner { .. }))), "{refused:?}");
    store.commit(still(owner)).await.unwrap();
}

pub async fn g10_two_moves_of_one_checkpoint_in_one_batch_follow_each_other<U: StoreUnderTest>() {
    let (_place, store) = with_ten_entries::<U>().await;
    let owner = acquire(&store, 0).await;
    let moves = |moves: &[(u64, u64)]| {
        let checkpoints = moves.iter().map(|(from, to)| checkpoint(owner, *from, *to)).collect();
        Batch { checkpoints, ..Batch::default() }
    };

    let gap = store.commit(moves(&[(0, 2), (3, 5)])).await;
    assert!(matches!(gap, Err(StoreError::Conflict(Conflict::CheckpointAhead { .. }))), "{gap:?}");
    let back = store.commit(moves(&[(0, 5), (0, 7)])).await;
    assert!(matches!(back, Err(StoreError::Conflict(Conflict::CheckpointBehind { .. }))), "{back:?}");
    store.commit(moves(&[(0, 2), (2, 5)])).await.unwrap();

    assert_eq!(store.progress().await.unwrap().checkpoints[0], Position(5));
}

pub async fn partitions_are_owned_one_by_one<U: StoreUnderTest>() {
    let (_place, store) = with_ten_entries::<U>().await;
    let all = store.acquire((0..4).map(Partition).collect()).await.unwrap();
    assert_eq!(all.iter().map(|it| it.partition).collect::<Vec<_>>(), [0, 1, 2, 3].map(Partition));

    acquire(&store, 3).await;

    let moved = async |owned, to| {
        store.commit(Batch { checkpoints: vec![checkpoint(owned, 0, to)], ..Batch::default() }).await
    };
    moved(all[2], 5).await.unwrap();
    assert!(moved(all[3], 5).await.is_err());
}

pub async fn who_acquires_is_told_where_the_partition_stands<U: StoreUnderTest>() {
    let (_place, store) = with_ten_entries::<U>().await;
    let owner = acquire(&store, 0).await;
    assert_eq!(owner.checkpoint, Position::START);
    let moves = vec![checkpoint(owner, 0, 7)];
    store.commit(Batch { checkpoints: moves, ..Batch::default() }).await.unwrap();

    assert_eq!(acquire(&store, 0).await.checkpoint, Position(7));
}

pub async fn acquiring_a_partition_that_does_not_exist_takes_none<U: StoreUnderTest>() {
    let (_place, store) = with_ten_entries::<U>().await;
    let owner = acquire(&store, 0).await;
    let before = contents(&store).await;

    let answer = store.acquire(vec![Partition(0), Partition(4)]).await;

    assert!(matches!(answer, Err(StoreError::Permanent(_))), "{answer:?}");
    let still_owned = Batch { checkpoints: vec![checkpoint(owner, 0, 0)], ..Batch::default() };
    store.commit(still_owned).await.unwrap();
    assert_eq!(contents(&store).await, before);
}
