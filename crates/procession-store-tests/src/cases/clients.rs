//! O3: what a client asks twice happens once, and both times it gets the same answer.

use procession::Version;
use procession_runtime::{ExecuteError, RequestError, Runtime, Store};

use crate::{
    Settings, StoreUnderTest,
    batches::log,
    domain::{Account, AccountRejection, CheckAccount, Deposit, OpenAccount, StartSurvey, Withdraw},
    faulty::{Fault, FaultyStore},
    running::{counts, finish, is_sound, start, state},
};

fn deposit(amount: i64) -> Deposit {
    Deposit { account: "1".into(), amount }
}

async fn with_account<U: StoreUnderTest>() -> (U, U::Store, Runtime) {
    let (place, store) = U::create(Settings::default()).await;
    let runtime = start(store.clone()).await;
    runtime.execute(OpenAccount { account: "1".into() }).await.unwrap();
    (place, store, runtime)
}

pub async fn o3_a_command_executed_twice_with_one_key_has_one_effect_and_one_answer<U: StoreUnderTest>() {
    let (_place, store, runtime) = with_account::<U>().await;

    let first = runtime.execute(deposit(10)).idempotency_key("key").await.unwrap();
    runtime.execute(deposit(1)).await.unwrap();
    let second = runtime.execute(deposit(10)).idempotency_key("key").await.unwrap();

    assert_eq!(first, second);
    assert_eq!(first.version, Version(2));
    assert_eq!(state::<Account>(&runtime, "1").await.balance, 11);
    is_sound(&store).await;
}

pub async fn o3_a_decision_that_recorded_nothing_is_answered_the_same_again<U: StoreUnderTest>() {
    let (_place, _store, runtime) = with_account::<U>().await;
    let check = || CheckAccount { account: "1".into(), expected_balance: 0 };

    let first = runtime.execute(check()).idempotency_key("key").await.unwrap();
    runtime.execute(deposit(1)).await.unwrap();
    let second = runtime.execute(check()).idempotency_key("key").await.unwrap();

    assert_eq!(first.version, Version(1));
    assert_eq!(first, second);
}

pub async fn o3_a_rejection_is_answered_the_same_again<U: StoreUnderTest>() {
    let (_place, store, runtime) = with_account::<U>().await;
    let withdraw = || Withdraw { account: "1".into(), amount: 5 };

    let first = runtime.execute(withdraw()).idempotency_key("key").await;
    runtime.execute(deposit(10)).await.unwrap();
    let second = runtime.execute(withdraw()).idempotency_key("key").await;

    assert_eq!(first, Err(ExecuteError::Rejected(AccountRejection::NotEnough { balance: 0 })));
    assert_eq!(first, second);
    assert_eq!(counts(&log(&store).await)["Withdraw"], 1);
}

pub async fn o3_the_answer_is_the_same_after_a_restart<U: StoreUnderTest>() {
    let (place, _store, runtime) = with_account::<U>().await;
    let first = runtime.execute(deposit(10)).idempotency_key("key").await.unwrap();
    runtime.stop().await.unwrap();

    let runtime = start(place.reopen().await).await;
    let second = runtime.execute(deposit(10)).idempotency_key("key").await.unwrap();

    assert_eq!(first, second);
}

/// The process dies right after the commit that holds the answer.
pub async fn o3_who_has_heard_nothing_because_of_a_crash_asks_again_and_gets_the_answer<U: StoreUnderTest>() {
    let (place, _store, runtime) = with_account::<U>().await;
    runtime.stop().await.unwrap();
    let store = place.reopen().await;
    let mortal = FaultyStore::new(store.clone(), Fault::DeathAfterCommit, 1);
    let runtime = start(mortal.clone()).await;
    tokio::select! {
        answer = runtime.execute(deposit(10)).idempotency_key("key").into_future() => panic!("{answer:?}"),
        () = mortal.death() => {}
    }

    let store = place.crash(store).await;
    let runtime = start(store.clone()).await;
    let first = runtime.execute(deposit(10)).idempotency_key("key").await.unwrap();
    let second = runtime.execute(deposit(10)).idempotency_key("key").await.unwrap();

    assert_eq!((first.version, state::<Account>(&runtime, "1").await.balance), (Version(2), 10));
    assert_eq!(first, second);
    assert_eq!(counts(&log(&store).await)["Deposit"], 1);
    is_sound(&store).await;
}

/// The answers to a first commit are held back, so that all that follow wait together and fall into one batch.
pub async fn o3_many_at_once_with_one_key_have_one_effect_and_one_answer<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    let faulty = FaultyStore::sound(store.clone());
    let runtime = Runtime::start(&crate::domain::application(), faulty.clone()).await.unwrap();
    runtime.execute(OpenAccount { account: "1".into() }).await.unwrap();
    for round in 0..10 {
        let executes = (0..12).map(|it| {
            let runtime = runtime.clone();
            tokio::spawn(async move {
                let execute = runtime.execute(deposit(1));
                // Some others come in between, so that the one that wins does not stand first.
                let key = if it % 3 == 1 { format!("other {round} {it}") } else { format!("key {round}") };
                (it % 3, execute.idempotency_key(key).await.unwrap())
            })
        });
        faulty.hold_answers();
        let executes: Vec<_> = executes.collect();
        for _ in 0..200 {
            tokio::task::yield_now().await;
        }
        faulty.release_answers();

        let mut answers = Vec::new();
        for execute in executes {
            let (group, answer) = execute.await.unwrap();
            if group != 1 {
                answers.push(answer);
            }
        }
        assert!(answers.iter().all(|it| *it == answers[0]), "{answers:#?}");
        let balance = state::<Account>(&runtime, "1").await.balance;
        assert_eq!(balance, (round + 1) * 5, "one for the key, and four others");
    }
    is_sound(&store).await;
}

/// The answers to first commits are held back, so that all that follow wait together: each with its repetition behind all
/// others.
pub async fn o3_many_that_are_repeated_at_once_undo_few_batches<U: StoreUnderTest>() {
    const KEYS: u64 = 100;
    let (_place, store) = U::create(Settings::default()).await;
    let faulty = FaultyStore::sound(store.clone());
    let runtime = Runtime::start(&crate::domain::application(), faulty.clone()).await.unwrap();
    runtime.execute(OpenAccount { account: "1".into() }).await.unwrap();
    let before = faulty.commits();

    let execute = |key: u64| {
        let execute = runtime.execute(deposit(1)).idempotency_key(format!("key {key}"));
        tokio::spawn(execute.into_future())
    };
    faulty.hold_answers();
    let mut all = Vec::new();
    for _ in 0..2 {
        all.extend((0..KEYS).map(execute));
        tokio::task::yield_now().await;
        // Each of them looks for its key first. When somebody who came later has looked, they are all in the queue.
        store.find_key("another".into()).await.unwrap();
        tokio::task::yield_now().await;
    }
    faulty.release_answers();
    for it in all {
        it.await.unwrap().unwrap();
    }

    assert_eq!(state::<Account>(&runtime, "1").await.balance, KEYS as i64);
    assert!(faulty.commits() - before < KEYS / 2, "{} commits", faulty.commits() - before);
    is_sound(&store).await;
}

pub async fn o3_one_key_with_another_command_is_refused_and_changes_nothing<U: StoreUnderTest>() {
    let (_place, store, runtime) = with_account::<U>().await;
    let first = runtime.execute(deposit(10)).idempotency_key("key").await.unwrap();
    let before = log(&store).await;

    let refused = RequestError::KeyReused { key: "key".into(), position: first.position };
    let other_amount = runtime.execute(deposit(11)).idempotency_key("key").await;
    assert_eq!(other_amount, Err(ExecuteError::NotTaken(refused.clone())));
    let other_account = Deposit { account: "2".into(), amount: 10 };
    let other_account = runtime.execute(other_account).idempotency_key("key").await;
    assert_eq!(other_account, Err(ExecuteError::NotTaken(refused.clone())));
    let other_command = Withdraw { account: "1".into(), amount: 10 };
    assert_eq!(runtime.send(other_command).idempotency_key("key").await, Err(refused));

    assert_eq!(log(&store).await, before);
}

pub async fn o3_a_command_sent_twice_with_one_key_is_logged_and_handled_once<U: StoreUnderTest>() {
    let (_place, store, runtime) = with_account::<U>().await;
    let survey = || StartSurvey { survey: "s".into(), respondents: 2 };

    let (first, second) = tokio::join!(
        runtime.send(survey()).idempotency_key("key"),
        runtime.send(survey()).idempotency_key("key")
    );
    let third = runtime.send(survey()).idempotency_key("key").await.unwrap();

    assert_eq!((first.unwrap(), second.unwrap()), (third, third));
    finish(&runtime, third.process).await;
    let counts = counts(&log(&store).await);
    assert_eq!((counts["StartSurvey"], counts["SurveyEnded"]), (1, 1));
}

pub async fn a_command_whose_id_is_impossible_is_refused_and_changes_nothing<U: StoreUnderTest>() {
    let (_place, store, runtime) = with_account::<U>().await;
    let before = log(&store).await;

    for account in [String::new(), "x".repeat(procession::Stream::MAX_ID_BYTES + 1)] {
        let refused = runtime.execute(OpenAccount { account: account.clone() }).await;
        assert!(matches!(refused, Err(ExecuteError::NotTaken(RequestError::InvalidId(_)))), "{refused:?}");
        let refused = runtime.send(OpenAccount { account }).await;
        assert!(matches!(refused, Err(RequestError::InvalidId(_))), "{refused:?}");
    }

    assert_eq!(log(&store).await, before);
}

pub async fn s14_a_command_over_the_limit_is_refused_before_anything_is_written<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings { max_payload_bytes: 200, ..Settings::default() }).await;
    let runtime = start(store.clone()).await;
    let too_long = OpenAccount { account: "x".repeat(400) };

    let refused = runtime.execute(too_long).await;

    let is_too_large = |it: &RequestError| matches!(it, RequestError::TooLarge { limit: 200, .. });
    assert!(matches!(&refused, Err(ExecuteError::NotTaken(it)) if is_too_large(it)), "{refused:?}");
    assert_eq!(store.progress().await.unwrap().head.0, 0);
    runtime.execute(OpenAccount { account: "1".into() }).await.unwrap();
}
