//! O1: whatever fails between two messages or in the middle of a commit, everything takes effect exactly once.

use std::collections::BTreeMap;

use procession::log::ProcessId;
use procession_runtime::{ExecuteError, Limits, RequestError, Runtime, Store, WaitError, store::ParkedOf};

use crate::{
    Settings, StoreUnderTest,
    batches::log,
    domain::{Account, Deposit, OpenAccount, StartSurvey, Survey, application},
    faulty::{Fault, FaultyStore},
    running::{counts, is_sound, small_limits, state},
};

/// What can be seen when all is done. It must not depend on what went wrong on the way.
#[derive(Debug, PartialEq)]
struct Outcome {
    account: Account,
    survey: Survey,
    messages: BTreeMap<String, u64>,
}

const RESPONDENTS: u32 = 4;

/// Does the whole job, as a client that asks again with the same keys until it is told that it is done.
async fn job(store: impl Store) -> Option<Runtime> {
    let mut limits: Limits = small_limits();
    limits.cached_states = 1;
    let runtime = Runtime::builder().limits(limits).start(&application(), store).await.ok()?;
    let account = || "1".to_owned();
    again(async || runtime.execute(OpenAccount { account: account() }).idempotency_key("open").await).await;
    for it in 0..3 {
        let key = format!("deposit {it}");
        let deposit = || Deposit { account: account(), amount: 10 };
        again(async || runtime.execute(deposit()).idempotency_key(&*key).await).await;
    }
    let survey = || StartSurvey { survey: "s".into(), respondents: RESPONDENTS };
    let sent = loop {
        match runtime.send(survey()).idempotency_key("survey").await {
            Err(RequestError::Unavailable(_)) => {}
            sent => break sent.unwrap(),
        }
    };
    wait(&runtime, sent.process).await;
    Some(runtime)
}

async fn again<T, R: std::error::Error>(mut execute: impl AsyncFnMut() -> Result<T, ExecuteError<R>>) {
    while let Err(error) = execute().await {
        assert!(matches!(error, ExecuteError::NotTaken(RequestError::Unavailable(_))), "{error:?}");
    }
}

async fn wait(runtime: &Runtime, process: ProcessId) {
    loop {
        match runtime.wait(process).await {
            Err(WaitError::Store(_)) => {}
            quiet => break assert_eq!(quiet.unwrap().parked, 0),
        }
    }
}

async fn outcome(runtime: &Runtime, store: &impl Store) -> Outcome {
    let log = log(store).await;
    is_sound(store).await;
    assert_eq!(store.parked(ParkedOf::Everything, usize::MAX).await.unwrap(), []);
    let messages = counts(&log);
    Outcome { account: state(runtime, "1").await, survey: state(runtime, "s").await, messages }
}

async fn without_a_fault<U: StoreUnderTest>() -> Outcome {
    let (_place, store) = U::create(Settings::default()).await;
    let runtime = job(store.clone()).await.unwrap();
    let outcome = outcome(&runtime, &store).await;
    assert_eq!((outcome.account.balance, outcome.survey.answers, outcome.survey.ended), (30, RESPONDENTS, 1));
    assert_eq!(outcome.messages["QuestionAnswered"], u64::from(RESPONDENTS));
    outcome
}

/// Lets the fault strike at the first moment, at the second, and so on, until the job is done before it strikes.
async fn at_every_moment<U: StoreUnderTest>(fault: Fault) {
    let expected = without_a_fault::<U>().await;
    let mut moments = 0;
    for nth in 1.. {
        let (place, store) = U::create(Settings::default()).await;
        let faulty = FaultyStore::new(store.clone(), fault, nth);
        let finished = tokio::select! {
            () = faulty.death() => None,
            runtime = job(faulty.clone()) => runtime,
        };
        if !faulty.has_struck() {
            break;
        }
        let (runtime, store) = match finished {
            Some(runtime) => (runtime, store),
            None => {
                let store = place.crash(store).await;
                (job(store.clone()).await.unwrap(), store)
            }
        };
        assert_eq!(outcome(&runtime, &store).await, expected, "{fault:?} at moment {nth}");
        runtime.stop().await.unwrap();
        moments += 1;
    }
    assert!(moments >= 8, "the job had only {moments} moments at which it could fail");
}

pub async fn o1_a_refused_commit_at_every_boundary_changes_nothing_in_the_end<U: StoreUnderTest>() {
    at_every_moment::<U>(Fault::CommitRefused).await;
}

pub async fn o1_a_refused_read_at_every_boundary_changes_nothing_in_the_end<U: StoreUnderTest>() {
    at_every_moment::<U>(Fault::ReadRefused).await;
}

pub async fn o1_death_before_every_commit_changes_nothing_in_the_end<U: StoreUnderTest>() {
    at_every_moment::<U>(Fault::DeathBeforeCommit).await;
}

pub async fn promise_2_death_after_every_commit_leaves_every_effect_exactly_once<U: StoreUnderTest>() {
    at_every_moment::<U>(Fault::DeathAfterCommit).await;
}

pub async fn a_refused_commit_leaves_those_waiting_whom_it_would_have_told<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    let faulty = FaultyStore::new(store.clone(), Fault::CommitRefused, 4);
    let runtime = Runtime::start(&application(), faulty.clone()).await.unwrap();
    let open = |account: &str| OpenAccount { account: account.into() };
    let process = runtime.execute(open("1")).await.unwrap().process;
    // The first commit was what the application says of itself. The news for the one who waits travel with the fourth,
    // because the third is still under way.
    faulty.hold_answers();
    let second = {
        let second = runtime.execute(open("2"));
        tokio::spawn(second.into_future())
    };
    while faulty.commits() < 3 {
        tokio::task::yield_now().await;
    }
    let release = async {
        while faulty.commits() < 4 {
            tokio::task::yield_now().await;
        }
        faulty.release_answers();
    };

    let (quiet, third, ()) = tokio::join!(runtime.wait(process), runtime.execute(open("3")), release);

    assert_eq!(quiet.unwrap().parked, 0);
    assert!(matches!(third, Err(ExecuteError::NotTaken(RequestError::Unavailable(_)))), "{third:?}");
    second.await.unwrap().unwrap();
    assert!(!state::<Account>(&runtime, "3").await.is_open);
}
