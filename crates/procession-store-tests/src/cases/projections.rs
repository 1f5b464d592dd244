//! J: read models follow the log, are built anew beside the one that is read, and lose and double nothing.

use std::time::Duration;

use procession_runtime::{ReadModelError, Runtime, Store};

use crate::{
    Settings, StoreUnderTest,
    domain::{Deposit, LEDGERS, Ledgers, OpenAccount, Page, TOTAL, page},
    running::small_limits,
};

/// Longer than anything here takes.
const LONG: Duration = Duration::from_secs(60);

async fn start(store: impl Store, ledgers: Ledgers) -> Runtime {
    Runtime::builder().limits(small_limits()).start(&ledgers.application(), store).await.unwrap()
}

async fn deposit(runtime: &Runtime, account: &str, amount: i64) {
    runtime.execute(Deposit { account: account.into(), amount }).await.unwrap();
}

async fn open(runtime: &Runtime, account: &str) {
    runtime.execute(OpenAccount { account: account.into() }).await.unwrap();
}

async fn read(runtime: &Runtime, ledger: &str, key: &str) -> Option<Page> {
    let ledger = runtime.read_model(ledger);
    ledger.wait_for(*runtime.committed().borrow(), LONG).await.unwrap();
    ledger.get(key).await.unwrap()
}

fn shows(balance: i64, lines: u32) -> Option<Page> {
    Some(Page { balance, lines })
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

pub async fn a_read_model_that_is_not_there_says_so<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    let runtime = start(store, LEDGERS).await;

    let unknown = runtime.read_model("lodger").get::<Page>("a").await.unwrap_err();

    assert!(matches!(unknown, ReadModelError::Unknown { .. }), "{unknown:?}");
    assert_eq!(
        unknown.to_string(),
        "there is no projection `lodger` in this program, but inline_ledger, ledger"
    );
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
