//! P3: many answers for one instance, and somebody else meanwhile.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use procession::{
    Command,
    log::{Position, Recorded},
};
use procession_runtime::{Limits, Runtime};

use crate::{
    Settings, StoreUnderTest,
    batches::log,
    domain::{AnnouncePoll, Poll, StartSurvey, Survey, Terms, application},
    faulty::FaultyStore,
    running::{counts, finish, state},
};

/// The size of an unrelated process beside a large one.
const BYSTANDERS: u32 = 3;

/// One survey asks so many, and all their answers are for one instance.
async fn fan_in<U: StoreUnderTest>(respondents: u32) {
    let large = StartSurvey { survey: "s".into(), respondents };
    let Ended { place: _place, runtime, log, small_ones } = beside_small_ones::<U>(large, respondents).await;

    let survey: Survey = state(&runtime, "s").await;
    let sum = (0..u64::from(respondents)).sum();
    assert_eq!((survey.answers, survey.sum, survey.ended), (respondents, sum, 1));
    assert!(survey.unanswered.is_empty());
    let counts = counts(&log);
    let answers = u64::from(respondents) + u64::from(BYSTANDERS) * small_ones;
    assert_eq!((counts["QuestionAnswered"], counts["AnswerCounted"]), (answers, answers));
    assert_eq!(counts["SurveyEnded"], 1 + small_ones);
    let large_end = log.iter().find(|it| it.entry.name == "SurveyEnded" && it.entry.stream.id() == "s");
    bystanders_are_not_starved(&log, large_end.unwrap().position);
    runtime.stop().await.unwrap();
}

/// One process manager asks so many, and joins what they answer.
async fn fan_in_to_a_process_manager<U: StoreUnderTest>(voters: u32) {
    let terms = Terms { voters, refusers: voters / 10, forgotten: 0, within_seconds: None };
    let large = AnnouncePoll { poll: "p".into(), terms };
    let Ended { place: _place, runtime, log, .. } = beside_small_ones::<U>(large, voters).await;

    let poll: Poll = state(&runtime, "p").await;
    assert_eq!((poll.sum, poll.ended), ((0..u64::from(voters)).sum(), 1));
    assert_eq!((poll.voters.is_complete(), poll.refused.len()), (true, voters as usize / 10));
    let counts = counts(&log);
    assert_eq!((counts["AskVoter"], counts["VoteCounted"]), (voters.into(), voters.into()));
    let large_end = log.iter().find(|it| it.entry.name == "PollClosed").unwrap().position;
    bystanders_are_not_starved(&log, large_end);
    runtime.stop().await.unwrap();
}

/// A large process that has ended, and how many small ones have ended beside it.
struct Ended<U> {
    place: U,
    runtime: Runtime,
    log: Vec<Recorded>,
    small_ones: u64,
}

async fn beside_small_ones<U: StoreUnderTest>(large: impl Command, answers: u32) -> Ended<U> {
    let (place, store) = U::create(Settings { partitions: 16, ..Settings::default() }).await;
    let counting = FaultyStore::sound(store.clone());
    let runtime = Runtime::start(&application(), counting.clone()).await.unwrap();
    let has_ended = Arc::new(AtomicBool::new(false));
    let bystander = tokio::spawn(bystander(runtime.clone(), Arc::clone(&has_ended)));

    let sent = runtime.send(large).await.unwrap();
    finish(&runtime, sent.process).await;

    let commits = counting.commits();
    has_ended.store(true, Ordering::SeqCst);
    let small_ones = bystander.await.unwrap();
    let most = 10 * small_ones + 40 + 8 * u64::from(answers) / Limits::default().batch_messages as u64;
    assert!(commits <= most, "{commits} commits for {answers} answers; at most {most} were expected");
    Ended { place, log: log(&store).await, runtime, small_ones }
}

/// Messages are handled in the order of the log, so an unrelated process may wait for what stood there before it; but
/// what the large process adds afterwards must not hold it up. Who began before the large one ended ends with it.
fn bystanders_are_not_starved(log: &[Recorded], large_end: Position) {
    let of = |name: &'static str| log.iter().filter(move |it| it.entry.name == name);
    let latest = large_end.plus(4 * Limits::default().batch_messages as u64);
    for begin in of("StartSurvey").filter(|it| it.position < large_end) {
        let end = of("SurveyEnded").find(|it| it.process == begin.process).unwrap().position;
        assert!(end <= latest, "a process that began at {} ended only at {end}", begin.position);
    }
}

/// Small processes, one after the other, as long as the large one runs. Tells how many.
async fn bystander(runtime: Runtime, has_ended: Arc<AtomicBool>) -> u64 {
    let mut small_ones = 0;
    while !has_ended.load(Ordering::SeqCst) {
        let survey = format!("small {small_ones}");
        let sent = runtime.send(StartSurvey { survey, respondents: BYSTANDERS }).await.unwrap();
        finish(&runtime, sent.process).await;
        small_ones += 1;
    }
    small_ones
}

pub async fn p3_a_thousand_answers_for_one_instance_are_folded_in_few_commits<U: StoreUnderTest>() {
    fan_in::<U>(1_000).await;
}

pub async fn p3_ten_thousand_answers_for_one_instance_are_folded_in_few_commits<U: StoreUnderTest>() {
    fan_in::<U>(10_000).await;
}

pub async fn p3_a_hundred_thousand_answers_for_one_instance_are_folded_in_few_commits<U: StoreUnderTest>() {
    fan_in::<U>(100_000).await;
}

pub async fn p3_a_thousand_answers_for_one_process_manager_are_folded_in_few_commits<U: StoreUnderTest>() {
    fan_in_to_a_process_manager::<U>(1_000).await;
}

pub async fn p3_ten_thousand_answers_for_one_process_manager_are_folded_in_few_commits<U: StoreUnderTest>() {
    fan_in_to_a_process_manager::<U>(10_000).await;
}

pub async fn p3_a_hundred_thousand_answers_for_one_process_manager_are_folded_in_few_commits<
    U: StoreUnderTest,
>() {
    fan_in_to_a_process_manager::<U>(100_000).await;
}
