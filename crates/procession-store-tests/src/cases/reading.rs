//! Reads: pages, orders and ends.

use procession::{
    Stream, Version,
    log::{Position, ProcessId},
};
use procession_runtime::{
    Store,
    store::{ParkedOf, Reference},
};

use crate::{
    Settings, StoreUnderTest,
    batches::{NOTHING, NewEntryWith, batch, command, event, numbers, positions, stream},
};

/// A limit or a position that is larger than anything in the store.
const HUGE: usize = usize::MAX;

pub async fn the_log_is_read_in_pages<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    store.commit(batch((1..=10).map(|it| event("a", it)))).await.unwrap();

    let read = async |after, limit| positions(&store.read_log(Position(after), limit).await.unwrap());
    assert_eq!(read(0, 4).await, [1, 2, 3, 4]);
    assert_eq!(read(4, 4).await, [5, 6, 7, 8]);
    assert_eq!(read(8, 4).await, [9, 10]);
    assert_eq!(read(10, 4).await, NOTHING);
    assert_eq!(read(3, 0).await, NOTHING);
    assert_eq!(read(9, HUGE).await, [10]);
    assert_eq!(read(u64::MAX, HUGE).await, NOTHING);
}

pub async fn a_stream_is_read_in_pages<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    let new = (1..=10).flat_map(|it| [event("a", it), command("a", 100 + it), event("b", 200 + it)]);
    store.commit(batch(new)).await.unwrap();

    let read = async |id, after, limit| {
        numbers(&store.read_stream(stream(id), Version(after), limit).await.unwrap())
    };
    assert_eq!(read("a", 0, 4).await, [1, 2, 3, 4]);
    assert_eq!(read("a", 4, 4).await, [5, 6, 7, 8]);
    assert_eq!(read("a", 8, HUGE).await, [9, 10]);
    assert_eq!(read("a", 10, 4).await, NOTHING);
    assert_eq!(read("a", 2, 0).await, NOTHING);
    assert_eq!(read("a", u64::MAX, HUGE).await, NOTHING);
    assert_eq!(read("unknown", 0, 4).await, NOTHING);
}

pub async fn many_streams_are_read_at_once_each_from_its_first_event<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    let new = (1..=10).flat_map(|it| [event("a", it), command("c", 100 + it), event("b", 200 + it)]);
    store.commit(batch(new)).await.unwrap();

    let streams = ["b", "unknown", "a", "c", "b"].map(stream).to_vec();
    let read = store.read_streams(streams, 2).await.unwrap();

    let read: Vec<_> = read.iter().map(|it| numbers(it)).collect();
    assert_eq!(read, [vec![201, 202], vec![], vec![1, 2], vec![], vec![201, 202]]);
    assert!(store.read_streams(vec![], HUGE).await.unwrap().is_empty());
    assert_eq!(store.read_streams(vec![stream("a")], HUGE).await.unwrap()[0].len(), 10);
}

pub async fn a_process_is_read_in_pages_with_its_first_message<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    let of_first = |number| {
        event("a", number)
            .of_process(Reference::Position(Position(2)))
            .caused_by(Reference::Position(Position(2)))
    };
    store.commit(batch([command("b", 1), command("a", 2)])).await.unwrap();
    store.commit(batch([of_first(3), command("b", 4), of_first(5)])).await.unwrap();

    let read = async |process, after, limit| {
        positions(&store.read_process(ProcessId(process), Position(after), limit).await.unwrap())
    };
    assert_eq!(read(2, 0, 10).await, [2, 3, 5]);
    assert_eq!(read(2, 0, 2).await, [2, 3]);
    assert_eq!(read(2, 1, 1).await, [2]);
    assert_eq!(read(2, 2, 10).await, [3, 5]);
    assert_eq!(read(2, 3, HUGE).await, [5]);
    assert_eq!(read(2, 5, 10).await, NOTHING);
    assert_eq!(read(1, 0, 10).await, [1]);
    assert_eq!(read(3, 0, 10).await, NOTHING, "no process begins there");
    assert_eq!(read(0, 0, 10).await, NOTHING);
    assert_eq!(read(u64::MAX, 0, 10).await, NOTHING);
}

pub async fn streams_are_listed_in_pages_ordered_by_id<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    let ids = ["b", "a", "B", "10", "9", "\u{e9}", "a\0", "aa", "\u{1F6CE}"];
    store.commit(batch(ids.iter().map(|id| event(id, 0)))).await.unwrap();
    let mut expected = ids;
    expected.sort_unstable();

    let (mut after, mut listed) = (None, Vec::new());
    loop {
        let page = store.streams("thing".into(), after.clone(), 2).await.unwrap();
        assert!(page.len() <= 2);
        let Some(last) = page.last() else { break };
        after = Some(last.id().to_owned());
        listed.extend(page.iter().map(|it| it.id().to_owned()));
    }

    assert_eq!(listed, expected);
    assert_eq!(store.streams("thing".into(), None, HUGE).await.unwrap().len(), ids.len());
    assert_eq!(store.streams("thing".into(), None, 0).await.unwrap(), []);
    assert_eq!(store.streams("thin".into(), None, 10).await.unwrap(), []);
}

pub async fn a_stream_that_has_no_events_is_not_listed<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;

    store.commit(batch([command("a", 1), event("b", 2)])).await.unwrap();

    let listed = store.streams("thing".into(), None, 10).await.unwrap();
    assert_eq!(listed.iter().map(Stream::id).collect::<Vec<_>>(), ["b"]);
}

pub async fn an_empty_store_reads_as_empty<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings { partitions: 3, ..Settings::default() }).await;

    assert_eq!(store.partitions(), 3);
    let progress = store.progress().await.unwrap();
    assert_eq!((progress.head, progress.checkpoints), (Position::START, vec![Position::START; 3]));
    assert_eq!(store.read_log(Position::START, 10).await.unwrap(), []);
    assert_eq!(store.parked(ParkedOf::Everything, usize::MAX).await.unwrap(), []);
    assert_eq!(store.next_due().await.unwrap(), None);
    assert!(!store.name().is_empty());
}
