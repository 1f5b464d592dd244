//! A job with one fault, at the first moment, at the second, and so on.

use std::fmt::Debug;

use procession::Command;
use procession_runtime::{RequestError, Runtime, Sent};

use crate::{
    Settings, StoreUnderTest,
    faulty::{Fault, FaultyStore},
};

/// What can go wrong with a commit.
const FAULTS: [Fault; 3] = [Fault::CommitRefused, Fault::DeathBeforeCommit, Fault::DeathAfterCommit];

/// Lets each fault strike at each commit of a job. A job whose process has died is done again on what is left of its store.
///
/// The job tells what can be seen when all is done: it must not depend on what went wrong on the way. Returns that.
pub(crate) async fn at_every_commit<U: StoreUnderTest, O: PartialEq + Debug>(
    job: impl AsyncFn(FaultyStore<U::Store>) -> O,
) -> O {
    let (_place, store) = U::create(Settings::default()).await;
    let expected = job(FaultyStore::sound(store)).await;
    for fault in FAULTS {
        let mut moments = 0;
        while let Some(outcome) = with_a_fault::<U, O>(&job, fault, moments + 1).await {
            moments += 1;
            assert_eq!(outcome, expected, "{fault:?} at commit {moments}");
        }
        assert!(moments >= 3, "the job had only {moments} moments at which it could fail");
    }
    expected
}

/// None when the job was done before the fault could strike.
async fn with_a_fault<U: StoreUnderTest, O>(
    job: &impl AsyncFn(FaultyStore<U::Store>) -> O,
    fault: Fault,
    nth: u64,
) -> Option<O> {
    let (place, store) = U::create(Settings::default()).await;
    let faulty = FaultyStore::new(store.clone(), fault, nth);
    let finished = tokio::select! {
        () = faulty.death() => None,
        outcome = job(faulty.clone()) => Some(outcome),
    };
    if !faulty.has_struck() {
        return None;
    }
    match finished {
        Some(outcome) => Some(outcome),
        None => Some(job(FaultyStore::sound(place.crash(store).await)).await),
    }
}

/// Sends a command as a client that asks again with the same key until it is told that the command is taken.
pub(crate) async fn send_surely<C: Command>(runtime: &Runtime, command: impl Fn() -> C, key: &str) -> Sent {
    loop {
        match runtime.send(command()).idempotency_key(key).await {
            Err(RequestError::Unavailable(_)) => {}
            sent => break sent.unwrap(),
        }
    }
}
