//! Read models as a store keeps them: rows, generations, checkpoints and parked streams, each with the rules of a batch.

use std::sync::Arc;

use procession::log::Position;
use procession_runtime::{
    Store, StoreError,
    store::{
        Batch, Becomes, Committed, Conflict, Generation, GenerationChange, GenerationState, KeyRange, Move,
        NewParkedStream, ProjectionChange, ProjectionMove, ReadModelChanges, Reference, RowChange, RowsOf,
    },
};

use crate::{
    Settings, StoreUnderTest,
    batches::{NewEntryWith, batch, contents, event, second, stream},
};

fn generation(number: u64) -> Generation {
    Generation { projection: "rooms".into(), number }
}

fn becomes(token: u64, number: u64, to: Becomes) -> GenerationChange {
    ProjectionChange { token, generation: generation(number), to }
}

fn new(token: u64, number: u64, state: GenerationState) -> GenerationChange {
    becomes(token, number, Becomes::New { version: 1, state })
}

fn moves(token: u64, from: u64, to: u64) -> ProjectionMove {
    ProjectionChange { token, generation: generation(1), to: Move { from: Position(from), to: Position(to) } }
}

fn row(key: &str, value: &str, revision: u64) -> RowChange {
    let (generation, value) = (generation(1), Some(value.into()));
    RowChange { generation, key: key.into(), value, revision, expected: None }
}

trait RowChangeWith {
    fn expecting(self, revision: u64) -> Self;
    fn of(self, number: u64) -> Self;
    fn removed(self) -> Self;
}

impl RowChangeWith for RowChange {
    fn expecting(self, revision: u64) -> Self {
        Self { expected: Some(revision), ..self }
    }

    fn of(self, number: u64) -> Self {
        Self { generation: generation(number), ..self }
    }

    fn removed(self) -> Self {
        Self { value: None, ..self }
    }
}

async fn commit(store: &impl Store, read_models: ReadModelChanges) -> Result<Committed, StoreError> {
    store.commit(Batch { read_models, ..Batch::default() }).await
}

async fn write(
    store: &impl Store,
    rows: impl IntoIterator<Item = RowChange>,
) -> Result<Committed, StoreError> {
    commit(store, ReadModelChanges { rows: rows.into_iter().collect(), ..Default::default() }).await
}

/// Three events, and a live generation of `rooms`.
async fn with_rooms<U: StoreUnderTest>() -> (U, U::Store, u64) {
    let (place, store) = U::create(Settings::default()).await;
    store.commit(batch((0..3).map(|it| event("a", it)))).await.unwrap();
    let token = store.acquire_projection("rooms".into()).await.unwrap();
    let generations = vec![new(token, 1, GenerationState::Live)];
    commit(&store, ReadModelChanges { generations, ..Default::default() }).await.unwrap();
    (place, store, token)
}

async fn rows(
    store: &impl Store,
    number: Option<u64>,
    range: KeyRange,
    limit: usize,
) -> Vec<(String, String)> {
    let rows = store.scan_rows(RowsOf { projection: "rooms".into(), number }, range, limit).await.unwrap();
    rows.into_iter().map(|(key, row)| (key, row.value.to_string())).collect()
}

async fn keys(store: &impl Store, range: KeyRange, limit: usize) -> Vec<String> {
    rows(store, None, range, limit).await.into_iter().map(|(key, _)| key).collect()
}

pub async fn rows_are_read_back_by_key_with_their_revisions<U: StoreUnderTest>() {
    let (place, store, _) = with_rooms::<U>().await;
    write(&store, [row("a", "1", 7), row("b", "{\"x\":\"\\u0000 \u{1F6CE}\"}", 1 << 62)]).await.unwrap();
    write(&store, [row("a", "[2]", 8), row("c", "3", 9), row("c", "3", 9).removed()]).await.unwrap();
    store.close().await.unwrap();
    let store = place.reopen().await;

    let of = RowsOf { projection: "rooms".into(), number: None };
    let keys = ["c", "b", "a", "b"].map(String::from);
    let found = store.rows(of, keys.into()).await.unwrap();

    let found: Vec<_> =
        found.into_iter().map(|it| it.map(|it| (it.value.to_string(), it.revision))).collect();
    let b = Some(("{\"x\":\"\\u0000 \u{1F6CE}\"}".to_owned(), 1 << 62));
    assert_eq!(found, [None, b.clone(), Some(("[2]".into(), 8)), b]);
}

pub async fn rows_are_scanned_in_the_order_of_their_bytes<U: StoreUnderTest>() {
    let (_place, store, _) = with_rooms::<U>().await;
    let all = ["", "A", "a", "a\0", "a\u{1}", "a/b", "aa", "\u{E9}", "\u{FFFF}", "\u{10000}"];
    write(&store, all.iter().rev().map(|it| row(it, "1", 1))).await.unwrap();
    let range = |from: &str, is_after, to: Option<&str>| KeyRange {
        from: from.into(),
        is_after,
        to: to.map(Into::into),
    };

    assert_eq!(keys(&store, KeyRange::default(), 100).await, all);
    assert_eq!(keys(&store, range("a", false, None), 3).await, ["a", "a\0", "a\u{1}"]);
    assert_eq!(keys(&store, range("a", true, Some("aa")), 100).await, ["a\0", "a\u{1}", "a/b"]);
    assert_eq!(keys(&store, range("\u{E9}", true, None), 100).await, ["\u{FFFF}", "\u{10000}"]);
    assert_eq!(keys(&store, range("b", false, Some("a")), 100).await, [""; 0]);
}

pub async fn a_row_of_another_revision_is_a_conflict_and_nothing_is_written<U: StoreUnderTest>() {
    let (_place, store, _) = with_rooms::<U>().await;
    write(&store, [row("a", "1", 5).expecting(0), row("b", "1", 5)]).await.unwrap();
    let conflict = |key: &str, expected, actual| {
        Err(Conflict::Row { projection: "rooms".into(), key: key.into(), expected, actual }.into())
    };

    let stale = write(&store, [row("b", "2", 6), row("a", "2", 6).expecting(4)]).await;
    assert_eq!(stale, conflict("a", 4, 5));
    assert_eq!(write(&store, [row("a", "2", 6).expecting(0)]).await, conflict("a", 0, 5));
    assert_eq!(write(&store, [row("c", "2", 6).expecting(5)]).await, conflict("c", 5, 0));
    assert_eq!(rows(&store, None, KeyRange::default(), 9).await.len(), 2);

    // A row that was taken out is not there; and changes of one batch see each other.
    write(&store, [row("a", "2", 6).expecting(5), row("a", "3", 7).expecting(6)]).await.unwrap();
    write(&store, [row("a", "", 8).expecting(7).removed(), row("a", "4", 9).expecting(0)]).await.unwrap();
    let b = ("b".into(), "1".into());
    assert_eq!(rows(&store, None, KeyRange::default(), 9).await, [("a".into(), "4".into()), b]);
}

pub async fn rows_take_effect_with_the_events_of_their_batch_or_not_at_all<U: StoreUnderTest>() {
    let (_place, store, _) = with_rooms::<U>().await;
    let read_models = ReadModelChanges { rows: vec![row("a", "1", 5)], ..Default::default() };
    let before = contents(&store).await;

    let bad = Batch { read_models: read_models.clone(), ..batch([event("a", 4).expecting(9)]) };
    store.commit(bad).await.unwrap_err();
    assert_eq!(rows(&store, None, KeyRange::default(), 9).await, []);

    let stale = ReadModelChanges { rows: vec![row("a", "1", 5).expecting(3)], ..Default::default() };
    store.commit(Batch { read_models: stale, ..batch([event("a", 4)]) }).await.unwrap_err();
    assert_eq!(contents(&store).await, before);

    store.commit(Batch { read_models, ..batch([event("a", 4)]) }).await.unwrap();
    assert_eq!(rows(&store, None, KeyRange::default(), 9).await, [("a".into(), "1".into())]);
}

pub async fn g10_the_checkpoint_of_a_read_model_moves_forward_and_for_its_owner<U: StoreUnderTest>() {
    let (_place, store, old) = with_rooms::<U>().await;
    let token = store.acquire_projection("rooms".into()).await.unwrap();
    assert!(token > old, "who acquires last owns");
    let moved = async |it: ProjectionMove| {
        commit(&store, ReadModelChanges { moves: vec![it], ..Default::default() }).await
    };
    let at = async || store.projections().await.unwrap().generations[0].checkpoint.0;
    let projection = || "rooms".to_owned();
    let elsewhere = |from, to, actual| {
        let (from, to, actual) = (Position(from), Position(to), Position(actual));
        Err(Conflict::ProjectionElsewhere { projection: projection(), from, to, actual }.into())
    };

    moved(moves(token, 0, 2)).await.unwrap();
    assert_eq!(at().await, 2);

    let stale = Conflict::StaleProjection { projection: projection(), token: old, actual: token };
    assert_eq!(moved(moves(old, 2, 3)).await, Err(stale.into()));
    assert_eq!(moved(moves(token, 1, 3)).await, elsewhere(1, 3, 2));
    assert_eq!(moved(moves(token, 3, 3)).await, elsewhere(3, 3, 2));
    assert_eq!(moved(moves(token, 2, 1)).await, elsewhere(2, 1, 2));
    assert_eq!(moved(moves(token, 2, 4)).await, elsewhere(2, 4, 2));
    assert_eq!(at().await, 2, "none of the refused moves moved it");

    moved(moves(token, 2, 2)).await.unwrap();
    let read_models = ReadModelChanges { moves: vec![moves(token, 2, 4)], ..Default::default() };
    store.commit(Batch { read_models, ..batch([event("a", 4)]) }).await.unwrap();
    assert_eq!(at().await, 4, "to the end of its own batch");
}

pub async fn another_generation_takes_the_place_of_the_one_that_is_read<U: StoreUnderTest>() {
    let (_place, store, token) = with_rooms::<U>().await;
    let change = async |generations: Vec<GenerationChange>| {
        commit(&store, ReadModelChanges { generations, ..Default::default() }).await
    };
    change(vec![new(token, 2, GenerationState::Building)]).await.unwrap();
    write(&store, [row("a", "\"old\"", 1), row("a", "\"new\"", 1).of(2)]).await.unwrap();
    assert_eq!(rows(&store, None, KeyRange::default(), 9).await, [("a".into(), "\"old\"".into())]);
    assert_eq!(rows(&store, Some(2), KeyRange::default(), 9).await, [("a".into(), "\"new\"".into())]);

    let live = becomes(token, 2, Becomes::State(GenerationState::Live));
    let retired = becomes(token, 1, Becomes::State(GenerationState::Retired));
    change(vec![live, retired]).await.unwrap();
    assert_eq!(rows(&store, None, KeyRange::default(), 9).await, [("a".into(), "\"new\"".into())]);

    change(vec![becomes(token, 1, Becomes::Gone)]).await.unwrap();
    assert_eq!(rows(&store, Some(1), KeyRange::default(), 9).await, []);
    let standings = store.projections().await.unwrap().generations;
    assert_eq!(standings.iter().map(|it| it.generation.number).collect::<Vec<_>>(), [2]);
}

pub async fn who_does_not_own_a_read_model_changes_no_generation<U: StoreUnderTest>() {
    let (_place, store, old) = with_rooms::<U>().await;
    let token = store.acquire_projection("rooms".into()).await.unwrap();
    let before = store.projections().await.unwrap();
    let refused = async |it: GenerationChange| {
        commit(&store, ReadModelChanges { generations: vec![it], ..Default::default() }).await.unwrap_err()
    };

    let stale = refused(new(old, 2, GenerationState::Building)).await;
    assert!(matches!(stale, StoreError::Conflict(Conflict::StaleProjection { .. })), "{stale:?}");
    let twice = refused(new(token, 1, GenerationState::Building)).await;
    assert!(matches!(twice, StoreError::Permanent(_)), "{twice:?}");
    let unknown = refused(becomes(token, 3, Becomes::Gone)).await;
    assert!(matches!(unknown, StoreError::Permanent(_)), "{unknown:?}");
    let nowhere = write(&store, [row("a", "1", 1).of(3)]).await;
    assert!(matches!(nowhere, Err(StoreError::Permanent(_))), "{nowhere:?}");

    assert_eq!(store.projections().await.unwrap(), before);
}

pub async fn who_writes_inline_must_have_seen_what_has_changed<U: StoreUnderTest>() {
    let (_place, store, token) = with_rooms::<U>().await;
    let epoch = async || store.projections().await.unwrap().epoch;
    let seen = epoch().await;
    let with_epoch = |epoch| ReadModelChanges { epoch: Some(epoch), ..Default::default() };
    let record = async |epoch, number| {
        store.commit(Batch { read_models: with_epoch(epoch), ..batch([event("a", number)]) }).await
    };
    record(seen, 4).await.unwrap();

    let inline = vec![becomes(token, 1, Becomes::State(GenerationState::Inline))];
    commit(&store, ReadModelChanges { generations: inline, ..Default::default() }).await.unwrap();

    let actual = epoch().await;
    assert_ne!(actual, seen);
    assert_eq!(record(seen, 5).await, Err(Conflict::Epoch { expected: seen, actual }.into()));
    record(actual, 5).await.unwrap();
    write(&store, [row("a", "1", 1)]).await.unwrap();
    commit(&store, ReadModelChanges { moves: vec![moves(token, 0, 3)], ..Default::default() }).await.unwrap();
    assert_eq!(epoch().await, actual, "rows and checkpoints are no news for them");

    let released = vec![(generation(1), stream("a"))];
    commit(&store, ReadModelChanges { released, ..Default::default() }).await.unwrap();
    assert_ne!(epoch().await, actual);
}

pub async fn j5_parked_streams_are_kept_with_their_reasons<U: StoreUnderTest>() {
    let (place, store, token) = with_rooms::<U>().await;
    let park = |id: &str, first, cause: &str| NewParkedStream {
        generation: generation(1),
        stream: stream(id),
        first,
        cause: cause.into(),
        at: second(5),
    };
    let first =
        [park("b", Reference::Entry(1), "bad \0"), park("a", Reference::Position(Position(2)), "worse")];
    let read_models = ReadModelChanges { parked: first.into(), ..Default::default() };
    store.commit(Batch { read_models, ..batch([event("b", 1), event("b", 2)]) }).await.unwrap();
    store.close().await.unwrap();
    let store = place.reopen().await;
    let parked = async |limit| {
        let parked = store.parked_streams(generation(1), limit).await.unwrap();
        parked.into_iter().map(|it| (it.stream.id().to_owned(), it.position.0, it.cause)).collect::<Vec<_>>()
    };

    let (a, b) = (("a".to_owned(), 2, "worse".to_owned()), ("b".to_owned(), 5, "bad \0".to_owned()));
    assert_eq!(parked(9).await, [a.clone(), b]);
    assert_eq!(parked(1).await, [a]);
    assert_eq!(store.projections().await.unwrap().generations[0].parked, 2);

    // What is released and parked again in one batch is parked.
    let released = vec![(generation(1), stream("a")), (generation(1), stream("b"))];
    let parked_again = vec![park("a", Reference::Position(Position(3)), "again")];
    let changes = ReadModelChanges { released, parked: parked_again, ..Default::default() };
    commit(&store, changes).await.unwrap();
    assert_eq!(parked(9).await, [("a".to_owned(), 3, "again".to_owned())]);

    let gone = vec![becomes(token, 1, Becomes::Gone)];
    commit(&store, ReadModelChanges { generations: gone, ..Default::default() }).await.unwrap();
    assert_eq!(parked(9).await, []);
}

pub async fn a_projection_that_nobody_knows_has_no_rows<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    let of = || RowsOf { projection: Arc::from("nothing"), number: None };

    assert_eq!(store.rows(of(), vec!["a".into()]).await.unwrap(), [None]);
    assert_eq!(store.scan_rows(of(), KeyRange::default(), 9).await.unwrap(), []);
    assert_eq!(store.projections().await.unwrap().generations, []);
}
