//! S14: payloads and ids of every size and character.

use std::sync::Arc;

use procession::{
    Stream, Version,
    log::{Encoded, Entry, Kind},
};
use procession_runtime::{Store, StoreError};

use crate::{
    Settings, StoreUnderTest,
    batches::{batch, contents, entry, event, large_event, log, second, stream},
};

fn with_payload(payload: &str) -> Encoded {
    Encoded { name: "Said".into(), schema_version: 1, payload: payload.into() }
}

/// Texts that trip up encodings, queries and comparisons.
fn odd_texts() -> Vec<String> {
    let texts = [
        "'",
        "\"",
        "\\",
        "'; DROP TABLE log; --",
        "%_",
        "?1",
        "$1",
        "\0",
        "a\0b",
        "\n\r\t",
        "\u{7f}",
        " ",
        "/",
        "\u{e9}",
        "e\u{301}",
        "\u{65e5}\u{672c}\u{8a9e}",
        "\u{1F6CE}\u{FE0F}",
        "\u{202e}abc",
        "\u{feff}",
        "NULL",
        "\u{10ffff}",
    ];
    texts.into_iter().map(Into::into).collect()
}

pub async fn s14_a_payload_of_one_mebibyte_is_accepted<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    let new = large_event("a", 1024 * 1024);

    store.commit(batch([new.clone()])).await.unwrap();

    assert_eq!(log(&store).await[0].entry.payload, new.entry.payload);
}

pub async fn s14_a_payload_over_the_limit_is_refused_before_anything_is_written<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings { max_payload_bytes: 100, ..Settings::default() }).await;
    assert_eq!(store.max_payload_bytes(), 100);
    let before = contents(&store).await;

    let refused = store.commit(batch([event("a", 1), large_event("a", 101)])).await;

    assert_eq!(refused, Err(StoreError::TooLarge { name: "Large".into(), bytes: 101, limit: 100 }));
    assert_eq!(contents(&store).await, before);
    store.commit(batch([large_event("a", 100)])).await.unwrap();
}

pub async fn s14_payloads_come_back_as_they_were_written<U: StoreUnderTest>() {
    let (place, store) = U::create(Settings::default()).await;
    let deep = format!("{}1{}", "[".repeat(5000), "]".repeat(5000));
    let odd = odd_texts().into_iter().map(|it| serde_json::to_string(&it).unwrap());
    let spaced = "{ \"b\" : 1.0,  \"a\": 1e400, \"a\": 12345678901234567890123456789 }".to_owned();
    let payloads: Vec<String> = odd
        .chain(odd_texts())
        .chain(["{}", "null", "", "[]"].map(Into::into))
        .chain([deep, spaced])
        .collect();

    let new = payloads.iter().map(|it| entry(Kind::Event, "a", with_payload(it)));
    store.commit(batch(new)).await.unwrap();

    let read = |entries: Vec<procession::log::Recorded>| -> Vec<String> {
        entries.into_iter().map(|it| it.entry.payload.to_string()).collect()
    };
    assert_eq!(read(log(&store).await), payloads);
    store.close().await.unwrap();
    assert_eq!(read(log(&place.reopen().await).await), payloads);
}

pub async fn s14_ids_and_names_may_hold_any_characters<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    let longest = "\u{1F6CE}".repeat(Stream::MAX_ID_BYTES / 4);
    let texts: Vec<String> = odd_texts().into_iter().chain([longest]).collect();
    let named = |text: &String| {
        let message = Encoded { name: text.clone().into(), schema_version: u16::MAX, payload: "{}".into() };
        let stream = Stream::new(text.clone(), text.as_str()).unwrap();
        let mut new = event("a", 0);
        new.entry = Arc::new(Entry::new(Kind::Event, stream, message, second(0)));
        new
    };

    store.commit(batch(texts.iter().map(named))).await.unwrap();

    for text in &texts {
        let stream = Stream::new(text.clone(), text.as_str()).unwrap();
        let events = store.read_stream(stream.clone(), Version::NONE, 10).await.unwrap();
        assert_eq!(events.len(), 1, "{text:?}");
        assert_eq!(*events[0].entry, *named(text).entry);
        assert_eq!(store.streams(text.clone(), None, 10).await.unwrap(), [stream]);
    }
}

pub async fn s14_ids_that_only_look_alike_are_different_streams<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    let ids = ["a", "A", "a ", " a", "\u{e9}", "e\u{301}", "a\0", "\u{ff21}"];

    store.commit(batch(ids.iter().zip(0..).map(|(id, number)| event(id, number)))).await.unwrap();

    for id in ids {
        assert_eq!(store.read_stream(stream(id), Version::NONE, 10).await.unwrap().len(), 1, "{id:?}");
    }
    assert_eq!(store.streams("thing".into(), None, 100).await.unwrap().len(), ids.len());
}

pub async fn s14_times_long_ago_and_far_ahead_are_kept_to_the_microsecond<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    let times = ["1066-10-14T09:00:00.000001Z", "1970-01-01T00:00:00Z", "2026-02-28T23:59:59.999999Z"];
    let last = jiff::Timestamp::from_second(jiff::Timestamp::MAX.as_second()).unwrap();
    let times: Vec<jiff::Timestamp> = times.iter().map(|it| it.parse().unwrap()).chain([last]).collect();

    let new = times.iter().map(|at| {
        let mut new = event("a", 0);
        new.entry = Arc::new(Entry { at: *at, ..Arc::unwrap_or_clone(new.entry) });
        new
    });
    store.commit(batch(new)).await.unwrap();

    let read: Vec<_> = log(&store).await.iter().map(|it| it.entry.at).collect();
    assert_eq!(read, times);
}
