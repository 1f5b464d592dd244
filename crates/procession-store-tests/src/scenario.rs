//! One life of the suite's world, drawn from a seed: the same on every store, or a store does not keep the rules.

use procession::log::Position;
use procession_runtime::{Operation, Runtime, Store, store::ParkedOf};

use crate::{
    batches::{log, second},
    domain::{
        AnnouncePoll, AskForReminders, CastVote, Deposit, How, OpenAccount, RunMachine, StartSurvey, Terms,
        Withdraw, application,
    },
    running::{advance, small_limits},
};

/// Commands that are given, and steps of the time, one after the other.
const STEPS: u32 = 60;

/// Lives a life that follows from a seed on an empty store, and tells all that can be observed of it: every message with
/// its cause and what came of it, what is parked, and what waits for its time.
///
/// Messages from several streams to one may meet in any order, which depends on how fast a store is. So positions and versions
/// are not told, and the lines are sorted.
///
/// # Panics
/// When the store fails.
pub async fn observed_history(store: impl Store + Clone, seed: u64) -> Vec<String> {
    let builder = Runtime::builder().limits(small_limits()).virtual_time(second(0)).seed(seed);
    let runtime = builder.start(&application(), store.clone()).await.unwrap();
    let mut random = fastrand::Rng::with_seed(seed);
    for step in 0..STEPS {
        take(&runtime, &mut random, step).await;
        runtime.settled().await.unwrap();
    }
    advance(&runtime, 100).await;
    let log = log(&store).await;
    let told_of = |it: Position| {
        let entry = &log[it.0 as usize - 1].entry;
        format!("{:?} {} of {}", entry.kind, entry.name, entry.stream)
    };
    let mut told: Vec<String> = log
        .iter()
        .map(|it| {
            let (entry, cause) = (&it.entry, it.causation.map_or("outside".into(), told_of));
            format!(
                "{} at {}: {}, from {cause}, of {}",
                told_of(it.position),
                entry.at,
                entry.payload,
                told_of(it.process.began_at())
            )
        })
        .collect();
    let parked = store.parked(ParkedOf::Everything, usize::MAX).await.unwrap();
    told.extend(parked.iter().map(|it| {
        format!(
            "{} parked for {}, {} failures: {:?}",
            told_of(it.position),
            it.handler,
            it.attempts,
            it.cause
        )
    }));
    told.push(format!("next timer: {:?}", store.next_due().await.unwrap()));
    told.sort();
    runtime.stop().await.unwrap();
    told
}

async fn take(runtime: &Runtime, random: &mut fastrand::Rng, step: u32) {
    let name = random.u32(0..5).to_string();
    let amount = random.i64(1..9);
    match random.u32(0..11) {
        0 => _ = runtime.execute(OpenAccount { account: name }).await,
        1 => _ = runtime.execute(Deposit { account: name, amount }).await,
        2 => _ = runtime.execute(Withdraw { account: name, amount }).await,
        3 => _ = runtime.send(Deposit { account: name.clone(), amount }).idempotency_key(name).await,
        4 => {
            let respondents = random.u32(0..6);
            _ = runtime.send(StartSurvey { survey: step.to_string(), respondents }).await;
        }
        5 => {
            let terms =
                Terms { voters: 3, refusers: random.u32(0..2), forgotten: 1, within_seconds: Some(20) };
            _ = runtime.send(AnnouncePoll { poll: name, terms }).await;
        }
        6 => _ = runtime.send(CastVote { voter: "v".into(), poll: Some(name), number: 0 }).await,
        7 => {
            let after_seconds = (0..random.u64(1..4)).map(|_| random.u64(0..40)).collect();
            _ = runtime.send(AskForReminders { reminder: name, after_seconds }).await;
        }
        8 => {
            let how = *random
                .choice(&[How::Well, How::PanicInHandle, How::AsksToRetry, How::AsksToPark])
                .unwrap_or(&How::Well);
            _ = runtime.send(RunMachine { machine: name, number: step, how }).await;
        }
        9 => retry_or_discard(runtime, random).await,
        _ => advance(runtime, random.u64(1..15)).await,
    }
}

/// An operator does something about the first parked message, if there is one.
async fn retry_or_discard(runtime: &Runtime, random: &mut fastrand::Rng) {
    let Some(first) = runtime.reader().parked().await.unwrap().into_iter().next() else { return };
    let operator = runtime.operator().by("anna").because("the seed says so");
    let message = first.delivery();
    let operation =
        if random.bool() { Operation::RetryParked(message) } else { Operation::DiscardParked(message) };
    // What waits behind another one cannot be retried.
    _ = operator.request([operation]).await;
}
