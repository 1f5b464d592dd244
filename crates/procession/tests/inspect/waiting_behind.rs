use std::sync::Arc;

use jiff::Timestamp;
use procession::{
    MemoryStore, Message, Store, Stream,
    inspect::{ProcessState, WaitsFor},
    log::{Entry, Kind, Position, ProcessId},
    store::{Batch, CheckpointMove, Expected, NewEntry, Parked, ParkedReason, Reference},
};

use crate::rental::{Pay, START, inspector, standing};

/// A log of commands for one stream, all of which are parked: each as it is told, in the process that is told.
async fn all_parked(rows: impl IntoIterator<Item = (u64, ParkedReason, Option<Timestamp>)>) -> MemoryStore {
    let (store, stream) = (MemoryStore::new(), Stream::new("till", "a").unwrap());
    let (mut entries, mut parked) = (Vec::new(), Vec::new());
    for ((process, reason, retry_at), position) in rows.into_iter().zip(1..) {
        let cause = (process != position).then_some(Reference::Position(Position(process)));
        let command = Pay { rental: "a".into() }.encode().unwrap();
        entries.push(NewEntry {
            entry: Arc::new(Entry::new(Kind::Command, stream.clone(), command, START)),
            process: cause,
            causation: cause,
            expected: Expected::Any,
            idempotency_key: None,
        });
        parked.push(Parked {
            position: Position(position),
            handler: "till".into(),
            stream: stream.clone(),
            process: Position(process).into(),
            reason,
            cause: None,
            attempts: 1,
            retry_at,
            edited: None,
            at: START,
        });
    }
    store.commit(Batch { entries, ..Batch::default() }).await.unwrap();
    let partition = stream.partition(store.partitions());
    let token = store.acquire(vec![partition]).await.unwrap()[0].token;
    let to = Position(parked.len() as u64);
    let checkpoints = vec![CheckpointMove { partition, token, from: Position::START, to }];
    store.commit(Batch { parked, checkpoints, ..Batch::default() }).await.unwrap();
    store
}

fn process(began: u64) -> ProcessId {
    Position(began).into()
}

#[tokio::test]
async fn who_waits_behind_a_failed_message_waits_for_what_that_waits_for_also_when_it_comes_later() {
    for (retry_at, state) in [(None, ProcessState::Stuck), (Some(START), ProcessState::Waiting)] {
        // given processes that wait behind a failed message, before it and after it in the log
        let failed = (2, ParkedReason::Failed, retry_at);
        let store =
            all_parked([(1, ParkedReason::Behind, None), failed, (3, ParkedReason::Behind, None)]).await;

        for began in 1..=3 {
            assert_eq!(standing(&store, process(began)).await.state, state, "{began}");
        }
    }
}

#[tokio::test]
async fn who_waits_behind_nothing_that_has_failed_is_stuck() {
    let store = all_parked([(1, ParkedReason::Behind, None)]).await;
    assert_eq!(standing(&store, process(1)).await.state, ProcessState::Stuck);
}

#[tokio::test]
async fn a_process_with_very_many_parked_messages_tells_the_first_ones_and_how_many_more() {
    // given a process of which more is parked than is read at once, the last of it for good
    const MESSAGES: u64 = 5000;
    let again = (1, ParkedReason::Failed, Some(START));
    let messages = std::iter::repeat_n(again, MESSAGES as usize - 1);
    let store = all_parked(messages.chain([(1, ParkedReason::Failed, None)])).await;

    // when operators look
    let standing = standing(&store, process(1)).await;
    let sweep = inspector(&store).await.sweep().await.unwrap();

    // then nothing is overlooked, and not everything is listed
    assert_eq!((standing.state, sweep.parked), (ProcessState::Stuck, MESSAGES));
    let listed = standing.waits_for.iter().filter_map(|it| match it {
        WaitsFor::Parked { more, .. } => Some(*more),
        _ => None,
    });
    let listed: Vec<u64> = listed.collect();
    assert!(listed.len() <= 100, "{}", listed.len());
    assert_eq!(listed.iter().sum::<u64>() + listed.len() as u64, MESSAGES);
    assert_eq!(listed.last(), listed.iter().max(), "it is told at the end");
}
