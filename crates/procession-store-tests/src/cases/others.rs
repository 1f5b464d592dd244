//! Somebody else writes to the same store: nothing that was cached may hide it, and an old owner must not go on.

use procession::{Stream, Version, log::Kind};
use procession_runtime::{
    ExecuteError, RequestError, Runtime, Store, StoreError, WaitError,
    store::{Conflict, Expected},
};

use crate::{
    Settings, StoreUnderTest,
    batches::{batch, entry, log},
    domain::{
        Account, AccountRejection, CheckAccount, Deposit, Deposited, OpenAccount, StartSurvey, Withdraw,
    },
    running::{finish, start, state},
};

fn account() -> String {
    "1".into()
}

async fn with_account<U: StoreUnderTest>() -> (U, U::Store, Runtime) {
    let (place, store) = U::create(Settings::default()).await;
    let runtime = start(store.clone()).await;
    runtime.execute(OpenAccount { account: account() }).await.unwrap();
    (place, store, runtime)
}

/// Appends a deposit behind the runtime's back.
async fn deposit_from_outside(store: &impl Store, amount: i64) {
    use procession::Message;
    let event = Deposited { account: account(), amount }.encode().unwrap();
    let mut new = entry(Kind::Event, "1", event);
    let stream = Stream::new("account", account()).unwrap();
    new.entry = procession::log::Entry { stream, ..(*new.entry).clone() }.into();
    new.expected = Expected::Any;
    store.commit(batch([new])).await.unwrap();
}

pub async fn an_outside_append_is_seen_by_a_decision_that_records<U: StoreUnderTest>() {
    let (_place, store, runtime) = with_account::<U>().await;
    for round in 1..=10 {
        deposit_from_outside(&store, 10).await;
        let executed = runtime.execute(Withdraw { account: account(), amount: 10 }).await.unwrap();
        assert_eq!(executed.version, Version(1 + 2 * round));
    }
    assert_eq!(state::<Account>(&runtime, "1").await.balance, 0);
}

pub async fn an_outside_append_is_seen_by_a_decision_that_records_nothing<U: StoreUnderTest>() {
    let (_place, store, runtime) = with_account::<U>().await;
    let check = |expected_balance| CheckAccount { account: account(), expected_balance };
    assert_eq!(runtime.execute(check(0)).await.unwrap().events, []);

    deposit_from_outside(&store, 10).await;

    assert_eq!(runtime.execute(check(10)).await.unwrap().events, []);
    deposit_from_outside(&store, 10).await;
    assert_eq!(runtime.execute(check(10)).await.unwrap().events.len(), 1);
}

pub async fn an_outside_append_is_seen_by_a_decision_that_rejects<U: StoreUnderTest>() {
    let (_place, store, runtime) = with_account::<U>().await;
    let withdraw = || Withdraw { account: account(), amount: 10 };
    let rejected = |balance| Err(ExecuteError::Rejected(AccountRejection::NotEnough { balance }));
    assert_eq!(runtime.execute(withdraw()).await, rejected(0));

    deposit_from_outside(&store, 3).await;
    assert_eq!(runtime.execute(withdraw()).await, rejected(3));
    deposit_from_outside(&store, 7).await;
    runtime.execute(withdraw()).await.unwrap();
}

pub async fn an_outside_append_is_seen_by_the_handling_of_a_sent_command<U: StoreUnderTest>() {
    let (_place, store, runtime) = with_account::<U>().await;
    for _ in 0..10 {
        deposit_from_outside(&store, 10).await;
        let sent = runtime.send(Withdraw { account: account(), amount: 10 }).await.unwrap();
        finish(&runtime, sent.process).await;
    }
    assert_eq!(state::<Account>(&runtime, "1").await.balance, 0);
}

pub async fn outside_appends_during_a_process_disturb_nothing<U: StoreUnderTest>() {
    let (_place, store, runtime) = with_account::<U>().await;
    let sent = runtime.send(StartSurvey { survey: "s".into(), respondents: 50 }).await.unwrap();

    let (outside, waiting) = (
        async {
            for _ in 0..50 {
                deposit_from_outside(&store, 1).await;
                tokio::task::yield_now().await;
            }
        },
        finish(&runtime, sent.process),
    );
    tokio::join!(outside, waiting);

    assert_eq!(state::<crate::domain::Survey>(&runtime, "s").await.answers, 50);
    let executed = runtime.execute(Withdraw { account: account(), amount: 50 }).await.unwrap();
    assert_eq!(executed.version, Version(52));
}

pub async fn an_expected_version_lets_only_the_first_of_two_through<U: StoreUnderTest>() {
    let (_place, store, runtime) = with_account::<U>().await;
    let deposit = || runtime.execute(Deposit { account: account(), amount: 1 }).expected_version(Version(1));

    let (one, two) = tokio::join!(deposit(), deposit());

    assert_ne!(one.is_ok(), two.is_ok());
    let refused = one.err().or(two.err()).unwrap();
    let stream = Stream::new("account", account()).unwrap();
    let conflict = RequestError::Conflict { stream, expected: Version(1), actual: Version(2) };
    assert_eq!(refused, ExecuteError::NotTaken(conflict));
    assert_eq!(state::<Account>(&runtime, "1").await.balance, 1);
    assert_eq!(log(&store).await.iter().filter(|it| &*it.entry.name == "Deposit").count(), 1);
}

pub async fn an_expected_version_is_compared_with_the_store_and_not_with_the_cache<U: StoreUnderTest>() {
    let (_place, store, runtime) = with_account::<U>().await;
    deposit_from_outside(&store, 10).await;
    let withdraw = || Withdraw { account: account(), amount: 1 };

    let right = runtime.execute(withdraw()).expected_version(Version(2)).await;
    assert_eq!(right.unwrap().version, Version(3));
    deposit_from_outside(&store, 10).await;
    let stale = runtime.execute(withdraw()).expected_version(Version(2)).await;

    let stream = Stream::new("account", account()).unwrap();
    let conflict = RequestError::Conflict { stream, expected: Version(2), actual: Version(4) };
    assert_eq!(stale, Err(ExecuteError::NotTaken(conflict)));
}

pub async fn an_expected_version_of_none_is_for_an_instance_that_must_not_exist_yet<U: StoreUnderTest>() {
    let (_place, _store, runtime) = with_account::<U>().await;
    let open = |account: &str| {
        runtime.execute(OpenAccount { account: account.into() }).expected_version(Version::NONE)
    };

    open("2").await.unwrap();
    let again = open("2").await;

    assert!(matches!(again, Err(ExecuteError::NotTaken(RequestError::Conflict { .. }))), "{again:?}");
}

pub(crate) fn is_stale(error: &StoreError) -> bool {
    matches!(error, StoreError::Conflict(Conflict::StaleOwner { .. }))
}

pub async fn o9_a_runtime_whose_store_was_taken_over_executes_nothing_more<U: StoreUnderTest>() {
    let (_place, store, old) = with_account::<U>().await;
    let new = start(store.clone()).await;
    let before = log(&store).await;

    let refused = old.execute(Deposit { account: account(), amount: 1 }).await.unwrap_err();

    assert!(refused.to_string().contains("has another owner now"), "{refused}");
    assert_eq!(log(&store).await, before);
    assert!(is_stale(&old.stop().await.unwrap_err()));
    new.execute(Deposit { account: account(), amount: 1 }).await.unwrap();
    assert_eq!(state::<Account>(&new, "1").await.balance, 1);
}

pub async fn o9_a_runtime_that_was_taken_over_stops_without_closing_the_store_of_its_successor<
    U: StoreUnderTest,
>() {
    // given a runtime that has nothing to write, and one that has taken over the handle that they have in common
    let (_place, store) = U::create(Settings::default()).await;
    let old = start(store.clone()).await;
    let new = start(store.clone()).await;

    let stopped = old.stop().await;

    assert!(is_stale(&stopped.unwrap_err()), "it knows that it was taken over");
    new.execute(OpenAccount { account: account() }).await.unwrap();
    new.execute(Deposit { account: account(), amount: 1 }).await.unwrap();
    assert_eq!(state::<Account>(&new, "1").await.balance, 1);
    new.stop().await.unwrap();
}

pub async fn o9_a_runtime_whose_store_was_taken_over_takes_nothing_more<U: StoreUnderTest>() {
    let (_place, store, old) = with_account::<U>().await;
    let sent = old.send(StartSurvey { survey: "s".into(), respondents: 20 }).await.unwrap();
    let waiting = {
        let old = old.clone();
        tokio::spawn(async move { old.wait(sent.process).await })
    };

    let new = start(store.clone()).await;
    let refused = old.send(Deposit { account: account(), amount: 1 }).await.unwrap_err();

    assert!(
        matches!(&refused, RequestError::Stopped(it) if it.contains("has another owner now")),
        "{refused}"
    );
    assert!(matches!(waiting.await.unwrap(), Ok(_) | Err(WaitError::Stopped)));
    finish(&new, sent.process).await;
    let survey: crate::domain::Survey = state(&new, "s").await;
    assert_eq!((survey.answers, survey.ended), (20, 1));
    crate::running::is_sound(&store).await;
}
