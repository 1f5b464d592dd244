//! G: the log as its readers see it.

use std::sync::Arc;

use procession::log::{Entry, Kind, Position, ProcessId};
use procession_runtime::{Store, store::Reference};

use crate::{
    Settings, StoreUnderTest,
    batches::{NewEntryWith, batch, command, entry, event, log, message, numbers, positions, stream},
};

pub async fn g3_a_reader_from_anywhere_misses_nothing_and_repeats_nothing_during_appends<
    U: StoreUnderTest,
>() {
    const COMMITS: u64 = 100;
    let (_place, store) = U::create(Settings::default()).await;
    store.commit(batch((0..5).map(|it| event("a", it)))).await.unwrap();
    let writers = (0..2).map(|writer| {
        let store = store.clone();
        tokio::spawn(async move {
            for number in 0..COMMITS {
                store.commit(batch([event("a", number), command("b", writer)])).await.unwrap();
            }
        })
    });
    let writers: Vec<_> = writers.collect();
    let head = 5 + 2 * 2 * COMMITS;

    let readers = [0, 3, 5].map(|start| {
        let store = store.clone();
        tokio::spawn(async move {
            let (mut after, mut read) = (Position(start), Vec::new());
            while after.0 < head {
                let entries = store.read_log(after, 7).await.unwrap();
                after = entries.last().map_or(after, |it| it.position);
                read.extend(positions(&entries));
                tokio::task::yield_now().await;
            }
            assert_eq!(read, (start + 1..=head).collect::<Vec<_>>());
        })
    });

    for task in writers.into_iter().chain(readers) {
        task.await.unwrap();
    }
}

pub async fn positions_are_dense_and_in_commit_order<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    let mut expected = 0;
    for round in 0..20 {
        let entries = 1 + round % 5;
        let committed = store.commit(batch((0..entries).map(|it| event("a", it)))).await.unwrap();
        assert_eq!(committed.after.0, expected);
        expected += entries;
    }
    assert_eq!(positions(&log(&store).await), (1..=expected).collect::<Vec<_>>());
    assert_eq!(store.progress().await.unwrap().head.0, expected);
}

pub async fn commits_of_one_caller_are_applied_in_the_order_of_the_calls<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;

    let answers: Vec<_> =
        (0..200).map(|it| store.commit(batch([event("a", it).expecting(it), command("b", it)]))).collect();
    // The answers are awaited from the last to the first: it is the calls that count.
    for (answer, number) in answers.into_iter().zip(0..200_u32).rev() {
        assert_eq!(answer.await.unwrap().after, Position(2 * u64::from(number)));
    }

    let log = log(&store).await;
    let events: Vec<_> = log.into_iter().filter(|it| it.version.is_some()).collect();
    assert_eq!(numbers(&events), (0..200).collect::<Vec<_>>());
}

pub async fn a_commit_whose_answer_nobody_awaits_takes_effect<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;

    drop(store.commit(batch([event("a", 1)])));
    store.commit(batch([event("a", 2)])).await.unwrap();

    assert_eq!(numbers(&log(&store).await), [1, 2]);
}

pub async fn references_to_the_same_batch_become_positions<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    store.commit(batch([command("a", 0)])).await.unwrap();

    let first = Reference::Entry(0);
    let second = Reference::Entry(1);
    let older = Reference::Position(Position(1));
    store
        .commit(batch([
            command("a", 1),
            event("a", 2).of_process(first).caused_by(first),
            command("b", 3).of_process(first).caused_by(second),
            event("b", 4).of_process(older).caused_by(older),
        ]))
        .await
        .unwrap();

    let log = log(&store).await;
    let causes: Vec<_> = log.iter().map(|it| it.causation.map(|it| it.0)).collect();
    assert_eq!(causes, [None, None, Some(2), Some(3), Some(1)]);
    let processes: Vec<_> = log.iter().map(|it| it.process.0).collect();
    assert_eq!(processes, [1, 2, 2, 2, 1]);
}

pub async fn a_message_without_a_process_begins_one<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;

    store.commit(batch([command("a", 1), event("a", 2)])).await.unwrap();

    let processes: Vec<_> = log(&store).await.iter().map(|it| it.process).collect();
    assert_eq!(processes, [ProcessId(1), ProcessId(2)]);
}

pub async fn every_kind_of_entry_comes_back_as_what_it_was<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    let kinds = [
        Kind::Event,
        Kind::Command,
        Kind::ExecutedCommand,
        Kind::Rejection,
        Kind::Input,
        Kind::Ignored,
        Kind::PublicEvent,
    ];
    let new: Vec<_> = kinds.iter().zip(0..).map(|(kind, it)| entry(*kind, "a", message(it))).collect();

    store.commit(batch(new.clone())).await.unwrap();

    for (recorded, new) in log(&store).await.iter().zip(&new) {
        assert_eq!(recorded.entry, new.entry);
    }
}

pub async fn a_command_comes_back_with_its_sender<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    let mut sent = command("a", 1);
    sent.entry = Arc::new(Entry::clone(&sent.entry).sent_by(Some(stream("it's \u{1F6CE}"))));

    store.commit(batch([sent.clone(), command("a", 2)])).await.unwrap();

    let senders: Vec<_> = log(&store).await.iter().map(|it| it.entry.sender.clone()).collect();
    assert_eq!(senders, [sent.entry.sender.clone(), None]);
}

pub async fn what_was_read_does_not_change_under_the_reader<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    store.commit(batch([event("a", 1)])).await.unwrap();
    let mut read = log(&store).await;

    // A reader that scribbles on what it got, and a writer that reuses what it gave, change nothing in the store.
    read[0].position = Position(99);
    let new = event("a", 2);
    let mut reused = batch([new]);
    store.commit(reused.clone()).await.unwrap();
    reused.entries[0].entry = event("b", 3).entry;

    assert_eq!(numbers(&log(&store).await), [1, 2]);
    assert_eq!(positions(&log(&store).await), [1, 2]);
}

pub async fn two_stores_have_nothing_in_common<U: StoreUnderTest>() {
    let (_one_place, one) = U::create(Settings::default()).await;
    let (_two_place, two) = U::create(Settings::default()).await;

    one.commit(batch([event("a", 1).keyed("key")])).await.unwrap();

    assert_eq!(log(&two).await, []);
    two.commit(batch([event("a", 2).keyed("key").expecting(0)])).await.unwrap();
    assert_eq!(numbers(&log(&one).await), [1]);
}
