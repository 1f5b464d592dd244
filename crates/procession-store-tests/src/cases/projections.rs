//! J: read models follow the log, are built anew beside the one that is read, and lose and double nothing.

use std::{collections::BTreeMap, ops::Bound, time::Duration};

use procession::{
    Projection, Stream,
    log::{Kind, Position},
};
use procession_runtime::{
    ExecuteError, Operation, ReadModelError, Reader, RequestError, Runtime, Store,
    store::{GenerationState, KeyRange, ProjectionStanding, RowsOf},
};

use crate::{
    Settings, StoreUnderTest,
    batches::log,
    domain::{Deposit, LEDGERS, Ledgers, OpenAccount, Page, TOTAL, Withdraw, page},
    moments::at_every_commit,
    running::{is_sound_for, small_limits},
};

/// Longer than anything here takes.
const LONG: Duration = Duration::from_secs(60);
/// A release of the ledgers that shows other amounts.
const CENTS: Ledgers = Ledgers { version: 2, refused: None };
/// A release of the ledgers that has a mistake.
const MISTAKEN: Ledgers = Ledgers { version: 1, refused: Some(13) };

async fn start(store: impl Store, ledgers: Ledgers) -> Runtime {
    Runtime::builder().limits(small_limits()).start(&ledgers.application(), store).await.unwrap()
}

async fn open(runtime: &Runtime, account: &str) {
    runtime.execute(OpenAccount { account: account.into() }).await.unwrap();
}

async fn deposit(runtime: &Runtime, account: &str, amount: i64) {
    runtime.execute(Deposit { account: account.into(), amount }).await.unwrap();
}

/// Starts as a program is started that dies when its store is away: again and again.
async fn start_surely(store: &(impl Store + Clone), ledger: Projection) -> Runtime {
    let application = LEDGERS.application_with([ledger]);
    loop {
        let builder = Runtime::builder().limits(small_limits());
        if let Ok(runtime) = builder.start(&application, store.clone()).await {
            return runtime;
        }
    }
}

/// Opens an account once, however often it is tried.
async fn open_surely(runtime: &Runtime, number: u64) {
    loop {
        let command = OpenAccount { account: format!("a{number}") };
        match runtime.execute(command).idempotency_key(number.to_string()).await {
            Err(ExecuteError::NotTaken(RequestError::Unavailable(_))) => {}
            executed => break drop(executed.unwrap()),
        }
    }
}

/// Opens two accounts, and pays into them.
async fn pay(runtime: &Runtime, times: i64) {
    for account in ["a", "b"] {
        open(runtime, account).await;
    }
    for amount in 1..=times {
        deposit(runtime, "a", amount).await;
        deposit(runtime, "b", 10 * amount).await;
    }
}

async fn read(runtime: &Runtime, ledger: &str, key: &str) -> Option<Page> {
    runtime.settled().await.unwrap();
    runtime.read_model(ledger).get(key).await.unwrap()
}

fn shows(balance: i64, lines: u32) -> Option<Page> {
    Some(Page { balance, lines })
}

/// All rows of a generation; without a number, of the one that is read.
async fn rows(store: &impl Store, ledger: &str, number: Option<u64>) -> BTreeMap<String, String> {
    let of = RowsOf { projection: ledger.into(), number };
    let rows = store.scan_rows(of, KeyRange::default(), usize::MAX).await.unwrap();
    rows.into_iter().map(|(key, row)| (key, row.value.to_string())).collect()
}

async fn standing(store: &impl Store, ledger: &str) -> Vec<ProjectionStanding> {
    let all = store.projections().await.unwrap().generations;
    all.into_iter().filter(|it| &*it.generation.projection == ledger).collect()
}

/// Waits until one generation is left, and it is this one.
async fn stands_alone(store: &impl Store, ledger: &str, number: u64) {
    loop {
        let standings = standing(store, ledger).await;
        if matches!(&*standings, [it] if it.generation.number == number) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

async fn rebuild(runtime: &Runtime, ledger: &str) {
    let anna = runtime.operator().by("anna").because("a test");
    anna.request([Operation::RebuildProjection(ledger.into())]).await.unwrap();
}

async fn retry(runtime: &Runtime, ledger: &str, stream: Option<Stream>) {
    let anna = runtime.operator().by("anna").because("the mistake is mended");
    let retry = Operation::RetryProjection { projection: ledger.into(), stream };
    anna.request([retry]).await.unwrap();
}

pub async fn a_read_model_shows_what_was_written_once_it_was_waited_for<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    let runtime = start(store, LEDGERS).await;
    open(&runtime, "a").await;
    let executed = runtime.execute(Deposit { account: "a".into(), amount: 5 }).await.unwrap();

    let ledger = runtime.read_model("ledger");
    ledger.wait_for(executed.last_position(), LONG).await.unwrap();

    assert_eq!(ledger.get(page("a")).await.unwrap(), shows(5, 1));
    assert_eq!(ledger.get::<Page>(page("b")).await.unwrap(), None);
    runtime.stop().await.unwrap();
}

pub async fn who_only_reads_waits_for_a_read_model_too<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    let runtime = start(store.clone(), LEDGERS).await;
    pay(&runtime, 1).await;
    let reader = Reader::new(&LEDGERS.application(), std::sync::Arc::new(store));
    let written = *runtime.committed().borrow();

    for ledger in ["ledger", "inline_ledger"] {
        let ledger = reader.read_model(ledger);
        ledger.wait_for(written, LONG).await.unwrap();

        assert_eq!(ledger.get(TOTAL).await.unwrap(), shows(11, 2));
    }
}

pub async fn what_has_not_come_in_time_says_how_far_it_is<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    let runtime = start(store, LEDGERS).await;
    pay(&runtime, 1).await;
    runtime.settled().await.unwrap();
    let end = *runtime.committed().borrow();

    let (asked, within) = (end.plus(1), Duration::from_millis(20));
    let late = runtime.read_model("ledger").wait_for(asked, within).await.unwrap_err();

    let read_model = "ledger".into();
    assert_eq!(late, ReadModelError::Behind { read_model, asked, stands: end, within });
}

pub async fn a_read_model_that_is_not_there_says_so<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    let runtime = start(store, LEDGERS).await;

    let unknown = runtime.read_model("lodger").get::<Page>("a").await.unwrap_err();

    assert_eq!(
        unknown.to_string(),
        "there is no projection `lodger` in this program, but inline_ledger, ledger"
    );
}

pub async fn rows_are_read_by_range_and_by_prefix_in_pages<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    let runtime = start(store, LEDGERS).await;
    for account in ["a", "aa", "b", "b\u{10FFFF}", "c"] {
        open(&runtime, account).await;
    }
    runtime.settled().await.unwrap();
    let ledger = runtime.read_model("ledger");
    let keys = |rows: Result<Vec<(String, Page)>, ReadModelError>| -> Vec<String> {
        rows.unwrap().into_iter().map(|(key, _)| key.replace("account/", "")).collect()
    };

    assert_eq!(keys(ledger.range(.., 10).await), ["a", "aa", "b", "b\u{10FFFF}", "c"]);
    assert_eq!(keys(ledger.range("account/aa".."account/c", 10).await), ["aa", "b", "b\u{10FFFF}"]);
    assert_eq!(keys(ledger.range("account/aa"..="account/c", 2).await), ["aa", "b"]);
    let next = (Bound::Excluded("account/b"), Bound::Unbounded);
    assert_eq!(keys(ledger.range(next, 2).await), ["b\u{10FFFF}", "c"]);
    assert_eq!(keys(ledger.prefix("account/b", None, 10).await), ["b", "b\u{10FFFF}"]);
    assert_eq!(keys(ledger.prefix("account/", Some("account/aa"), 2).await), ["b", "b\u{10FFFF}"]);
    assert_eq!(keys(ledger.prefix("nothing", None, 10).await), [""; 0]);
}

pub async fn an_inline_read_model_is_never_behind<U: StoreUnderTest>() {
    let (place, store) = U::create(Settings::default()).await;
    let runtime = start(store, LEDGERS).await;
    open(&runtime, "a").await;

    for times in 1..=20 {
        deposit(&runtime, "a", 1).await;
        let shown = runtime.read_model("inline_ledger").get(page("a")).await.unwrap();
        assert_eq!(shown, shows(times, times as u32));
    }

    runtime.stop().await.unwrap();
    let runtime = start(place.reopen().await, LEDGERS).await;
    deposit(&runtime, "a", 1).await;
    assert_eq!(runtime.read_model("inline_ledger").get(TOTAL).await.unwrap(), shows(21, 21));
}

pub async fn many_at_once_lose_no_update_of_an_inline_row<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    let runtime = start(store.clone(), LEDGERS).await;
    pay(&runtime, 0).await;

    let payments = (0..100).map(|it| {
        let (runtime, account) = (runtime.clone(), if it % 2 == 0 { "a" } else { "b" });
        tokio::spawn(async move { deposit(&runtime, account, 1).await })
    });
    for payment in payments.collect::<Vec<_>>() {
        payment.await.unwrap();
    }

    assert_eq!(runtime.read_model("inline_ledger").get(TOTAL).await.unwrap(), shows(100, 100));
    runtime.settled().await.unwrap();
    assert_eq!(rows(&store, "ledger", None).await, rows(&store, "inline_ledger", None).await);
}

pub async fn what_was_there_before_an_inline_projection_is_in_it_too<U: StoreUnderTest>() {
    let (place, store) = U::create(Settings::default()).await;
    let before = LEDGERS.application_with([]);
    let runtime = Runtime::start(&before, store).await.unwrap();
    pay(&runtime, 20).await;
    runtime.stop().await.unwrap();

    let store = place.reopen().await;
    let runtime = start(store.clone(), LEDGERS).await;
    runtime.settled().await.unwrap();
    deposit(&runtime, "a", 1000).await;

    assert_eq!(runtime.read_model("inline_ledger").get(TOTAL).await.unwrap(), shows(11 * 210 + 1000, 41));
    assert_eq!(standing(&store, "inline_ledger").await[0].state, GenerationState::Inline);
    is_sound_for(&LEDGERS.application(), &store).await;
}

pub async fn a_projection_that_was_away_for_a_while_misses_nothing<U: StoreUnderTest>() {
    let (place, store) = U::create(Settings::default()).await;
    let runtime = start(store, LEDGERS).await;
    pay(&runtime, 2).await;
    runtime.stop().await.unwrap();
    // A release without them, which writes no rows with its events.
    let without = Runtime::start(&LEDGERS.application_with([]), place.reopen().await).await.unwrap();
    deposit(&without, "a", 100).await;
    without.stop().await.unwrap();

    let runtime = start(place.reopen().await, LEDGERS).await;
    deposit(&runtime, "a", 1000).await;

    for ledger in ["ledger", "inline_ledger"] {
        assert_eq!(read(&runtime, ledger, TOTAL).await, shows(33 + 1100, 6), "{ledger}");
    }
}

pub async fn a_projection_that_is_inline_no_longer_goes_on_by_itself<U: StoreUnderTest>() {
    let (place, store) = U::create(Settings::default()).await;
    let runtime = start(store, LEDGERS).await;
    pay(&runtime, 2).await;
    runtime.stop().await.unwrap();

    let swapped =
        LEDGERS.application_with([LEDGERS.ledger("ledger").inline(), LEDGERS.ledger("inline_ledger")]);
    let store = place.reopen().await;
    let runtime = Runtime::start(&swapped, store.clone()).await.unwrap();
    runtime.settled().await.unwrap();
    deposit(&runtime, "a", 100).await;

    for ledger in ["ledger", "inline_ledger"] {
        assert_eq!(read(&runtime, ledger, TOTAL).await, shows(133, 5), "{ledger}");
    }
    let states =
        [standing(&store, "ledger").await[0].state, standing(&store, "inline_ledger").await[0].state];
    assert_eq!(states, [GenerationState::Inline, GenerationState::Live]);
}

pub async fn j2_a_rebuilt_read_model_is_the_same_as_the_live_one<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    let runtime = start(store.clone(), LEDGERS).await;
    pay(&runtime, 30).await;
    runtime.execute(Withdraw { account: "a".into(), amount: 7 }).await.unwrap();

    for ledger in ["ledger", "inline_ledger"] {
        runtime.settled().await.unwrap();
        let live = rows(&store, ledger, None).await;
        for number in [2, 3] {
            rebuild(&runtime, ledger).await;
            stands_alone(&store, ledger, number).await;
            assert_eq!(rows(&store, ledger, None).await, live, "{ledger} {number}");
        }
    }
    assert_eq!(standing(&store, "ledger").await[0].state, GenerationState::Live);
    assert_eq!(standing(&store, "inline_ledger").await[0].state, GenerationState::Inline);
    is_sound_for(&LEDGERS.application(), &store).await;
}

pub async fn j2_what_is_appended_during_a_rebuild_is_in_it_once<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    let runtime = start(store.clone(), LEDGERS).await;
    pay(&runtime, 20).await;

    for ledger in ["ledger", "inline_ledger"] {
        let writer = tokio::spawn({
            let runtime = runtime.clone();
            async move {
                for _ in 0..100 {
                    deposit(&runtime, "a", 1).await;
                }
            }
        });
        rebuild(&runtime, ledger).await;
        stands_alone(&store, ledger, 2).await;
        writer.await.unwrap();
    }

    deposit(&runtime, "a", 1).await;
    for ledger in ["ledger", "inline_ledger"] {
        assert_eq!(read(&runtime, ledger, TOTAL).await, shows(11 * 210 + 201, 241), "{ledger}");
    }
}

pub async fn j2_a_rebuild_leaves_other_projections_alone<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    let runtime = start(store.clone(), LEDGERS).await;
    pay(&runtime, 3).await;
    runtime.settled().await.unwrap();
    let other = rows(&store, "inline_ledger", None).await;

    rebuild(&runtime, "ledger").await;
    stands_alone(&store, "ledger", 2).await;

    assert_eq!(rows(&store, "inline_ledger", None).await, other);
    assert_eq!(standing(&store, "inline_ledger").await[0].generation.number, 1);
}

pub async fn a_rebuild_of_what_is_not_there_is_refused<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    let runtime = start(store.clone(), LEDGERS).await;
    let before = log(&store).await.len();

    let anna = runtime.operator().by("anna").because("a test");
    let refused = anna.request([Operation::RebuildProjection("lodger".into())]).await.unwrap_err();

    assert_eq!(refused.to_string(), "there is no projection `lodger`; the store has inline_ledger, ledger");
    assert_eq!(log(&store).await.len(), before);
}

pub async fn j3_a_new_version_is_filled_beside_the_old_one_which_stays_readable<U: StoreUnderTest>() {
    let (place, store) = U::create(Settings::default()).await;
    let runtime = start(store, LEDGERS).await;
    pay(&runtime, 2).await;
    runtime.settled().await.unwrap();
    runtime.stop().await.unwrap();

    let store = place.reopen().await;
    let runtime = start(store.clone(), CENTS).await;
    let ledger = runtime.read_model("ledger");
    // Whichever is read, it is whole.
    let first: Page = ledger.get(TOTAL).await.unwrap().unwrap();
    assert!([33, 3300].contains(&first.balance), "{first:?}");
    deposit(&runtime, "a", 1).await;

    for ledger in ["ledger", "inline_ledger"] {
        stands_alone(&store, ledger, 2).await;
        assert_eq!(read(&runtime, ledger, TOTAL).await, shows(3400, 5), "{ledger}");
        assert_eq!(standing(&store, ledger).await[0].version, 2);
    }
}

/// A day with a rebuild in it, and as few commits as that needs. Its account is in the rows in the end, whatever happens on the way.
async fn rebuilds_surely(store: &(impl Store + Clone), ledger: Projection) -> BTreeMap<String, String> {
    let name = ledger.name();
    let runtime = start_surely(store, ledger).await;
    open_surely(&runtime, 1).await;
    // It may have been asked for already, in an earlier life.
    if standing(store, name).await.iter().all(|it| it.generation.number == 1) {
        while runtime.rebuild_projection(name).await.is_err() {}
    }
    runtime.settled().await.unwrap();
    let is_rebuilt = |it: &[ProjectionStanding]| matches!(it, [it] if it.generation.number > 1);
    while !is_rebuilt(&standing(store, name).await) {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let rows = rows(store, name, None).await;
    runtime.stop().await.unwrap();
    rows
}

pub async fn j3_a_rebuild_goes_on_after_a_crash_at_every_commit<U: StoreUnderTest>() {
    let rows = at_every_commit::<U, _>(async |store| rebuilds_surely(&store, LEDGERS.ledger("ledger")).await);

    assert_eq!(rows.await.keys().collect::<Vec<_>>(), ["account/a1"]);
}

pub async fn j3_an_inline_rebuild_goes_on_after_a_crash_at_every_commit<U: StoreUnderTest>() {
    let inline = || LEDGERS.ledger("inline_ledger").inline();
    let rows = at_every_commit::<U, _>(async |store| rebuilds_surely(&store, inline()).await);

    assert_eq!(rows.await.keys().collect::<Vec<_>>(), ["account/a1"]);
}

pub async fn j4_a_rebuild_emits_nothing<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    let runtime = start(store.clone(), LEDGERS).await;
    pay(&runtime, 3).await;
    runtime.settled().await.unwrap();
    let before = log(&store).await;

    rebuild(&runtime, "ledger").await;
    stands_alone(&store, "ledger", 2).await;
    runtime.settled().await.unwrap();

    let after = log(&store).await;
    assert_eq!(after[..before.len()], before);
    let new: Vec<_> = after[before.len()..].iter().map(|it| (it.entry.kind, &*it.entry.name)).collect();
    assert_eq!(new, [(Kind::Operation, "RebuildProjection")]);
}

pub async fn j5_a_poison_event_parks_its_stream_and_the_rest_goes_on<U: StoreUnderTest>() {
    let (place, store) = U::create(Settings::default()).await;
    let runtime = start(store.clone(), MISTAKEN).await;
    pay(&runtime, 1).await;
    let poison = runtime.execute(Deposit { account: "a".into(), amount: 13 }).await.unwrap();
    deposit(&runtime, "a", 100).await;
    deposit(&runtime, "b", 100).await;

    for ledger in ["ledger", "inline_ledger"] {
        assert_eq!(read(&runtime, ledger, &page("a")).await, shows(1, 1), "{ledger}");
        assert_eq!(read(&runtime, ledger, &page("b")).await, shows(110, 2), "{ledger}");
        let it = &standing(&store, ledger).await[0];
        assert_eq!(it.parked, 1);
        let parked = store.parked_streams(it.generation.clone(), 10).await.unwrap();
        assert_eq!(parked[0].stream, Stream::new("account", "a").unwrap());
        assert_eq!(parked[0].position, poison.last_position());
        assert!(parked[0].cause.contains("nobody may deposit 13"), "{}", parked[0].cause);
    }

    // It stays parked in another life too.
    runtime.stop().await.unwrap();
    let runtime = start(place.reopen().await, MISTAKEN).await;
    deposit(&runtime, "a", 1000).await;
    for ledger in ["ledger", "inline_ledger"] {
        assert_eq!(read(&runtime, ledger, &page("a")).await, shows(1, 1), "{ledger}");
    }
}

pub async fn j5_a_parked_stream_is_folded_in_order_when_it_is_retried<U: StoreUnderTest>() {
    let (place, store) = U::create(Settings::default()).await;
    let runtime = start(store, MISTAKEN).await;
    pay(&runtime, 1).await;
    for account in ["a", "b"] {
        deposit(&runtime, account, 13).await;
        deposit(&runtime, account, 100).await;
    }
    runtime.settled().await.unwrap();
    runtime.stop().await.unwrap();

    let store = place.reopen().await;
    let runtime = start(store.clone(), LEDGERS).await;
    deposit(&runtime, "a", 1000).await;
    for ledger in ["ledger", "inline_ledger"] {
        retry(&runtime, ledger, Some(Stream::new("account", "a").unwrap())).await;
        assert_eq!(read(&runtime, ledger, &page("a")).await, shows(1114, 4), "{ledger}");
        assert_eq!(read(&runtime, ledger, &page("b")).await, shows(10, 1), "{ledger}");
    }
    deposit(&runtime, "a", 1).await;
    for ledger in ["ledger", "inline_ledger"] {
        retry(&runtime, ledger, None).await;
        assert_eq!(read(&runtime, ledger, &page("a")).await, shows(1115, 5), "{ledger}");
        assert_eq!(read(&runtime, ledger, &page("b")).await, shows(123, 3), "{ledger}");
        assert_eq!(standing(&store, ledger).await[0].parked, 0);
    }
}

pub async fn j5_a_retry_that_fails_again_parks_again<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    let runtime = start(store.clone(), MISTAKEN).await;
    pay(&runtime, 1).await;
    let poison = runtime.execute(Deposit { account: "a".into(), amount: 13 }).await.unwrap();
    deposit(&runtime, "a", 100).await;

    for ledger in ["ledger", "inline_ledger"] {
        retry(&runtime, ledger, None).await;
        deposit(&runtime, "a", 1).await;
        assert_eq!(read(&runtime, ledger, &page("a")).await, shows(1, 1), "{ledger}");
        let generation = standing(&store, ledger).await.remove(0).generation;
        let parked = store.parked_streams(generation, 10).await.unwrap();
        assert_eq!(parked.iter().map(|it| it.position).collect::<Vec<_>>(), [poison.last_position()]);
    }
}

pub async fn j7_who_takes_the_store_over_keeps_its_read_models_up<U: StoreUnderTest>() {
    let (place, store) = U::create(Settings::default()).await;
    let first = start(store.clone(), LEDGERS).await;
    pay(&first, 2).await;
    let store = place.crash(store).await;

    let second = start(store.clone(), LEDGERS).await;
    deposit(&second, "a", 100).await;

    for ledger in ["ledger", "inline_ledger"] {
        assert_eq!(read(&second, ledger, TOTAL).await, shows(133, 5), "{ledger}");
    }
    drop(first);
    is_sound_for(&LEDGERS.application(), &store).await;
}

pub async fn a_read_model_of_an_empty_log_stands_at_its_start<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    let runtime = start(store.clone(), LEDGERS).await;

    assert_eq!(runtime.read_model("ledger").stands_at().await.unwrap(), Position::START);
    assert_eq!(read(&runtime, "ledger", TOTAL).await, None);
    let states: Vec<_> = store.projections().await.unwrap().generations.iter().map(|it| it.state).collect();
    assert_eq!(states, [GenerationState::Inline, GenerationState::Live]);
}
