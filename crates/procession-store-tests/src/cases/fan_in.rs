//! P3: many answers for one instance, and somebody else meanwhile.

use procession::{Stream, log::Recorded};
use procession_runtime::{Limits, Runtime};

use crate::{
    Settings, StoreUnderTest,
    batches::log,
    domain::{StartSurvey, Survey, application},
    faulty::FaultyStore,
    running::{counts, finish, state},
};

/// The size of an unrelated process beside a large one.
const BYSTANDERS: u32 = 3;

/// One survey asks so many, and all their answers are for one instance.
async fn fan_in<U: StoreUnderTest>(respondents: u32) {
    let (_place, store) = U::create(Settings { partitions: 16, ..Settings::default() }).await;
    let counting = FaultyStore::sound(store.clone());
    let runtime = Runtime::start(&application(), counting.clone()).await.unwrap();
    let bystander = tokio::spawn(bystander(runtime.clone()));

    let sent = runtime.send(StartSurvey { survey: "s".into(), respondents }).await.unwrap();
    finish(&runtime, sent.process).await;

    let survey: Survey = state(&runtime, "s").await;
    let sum = (0..u64::from(respondents)).sum();
    assert_eq!((survey.answers, survey.sum, survey.ended), (respondents, sum, 1));
    assert!(survey.unanswered.is_empty());
    let commits = counting.commits();
    let small_ones = bystander.await.unwrap();
    let most = 10 * small_ones + 40 + 8 * u64::from(respondents) / Limits::default().batch_messages as u64;
    assert!(commits <= most, "{commits} commits for {respondents} answers; at most {most} were expected");
    let log = log(&store).await;
    let counts = counts(&log);
    let answers = u64::from(respondents) + u64::from(BYSTANDERS) * small_ones;
    assert_eq!((counts["QuestionAnswered"], counts["AnswerCounted"]), (answers, answers));
    assert_eq!(counts["SurveyEnded"], 1 + small_ones);
    bystanders_are_not_starved(&log);
    runtime.stop().await.unwrap();
}

/// Messages are handled in the order of the log, so an unrelated process may wait for what stood there before it; but
/// what the large process adds afterwards must not hold it up. Who began before the large one ended ends with it.
fn bystanders_are_not_starved(log: &[Recorded]) {
    let of = |name: &'static str| log.iter().filter(move |it| it.entry.name == name);
    let large = Stream::new("survey", "s").unwrap();
    let large_end = of("SurveyEnded").find(|it| it.entry.stream == large).unwrap().position;
    let latest = large_end.plus(4 * Limits::default().batch_messages as u64);
    for begin in of("StartSurvey").filter(|it| it.position < large_end) {
        let end = of("SurveyEnded").find(|it| it.process == begin.process).unwrap().position;
        assert!(end <= latest, "a process that began at {} ended only at {end}", begin.position);
    }
}

/// Small processes, one after the other, as long as the large one runs. Tells how many.
async fn bystander(runtime: Runtime) -> u64 {
    let mut small_ones = 0;
    while !runtime.reader().instance::<Survey>("s").await.is_ok_and(|it| it.state.ended == 1) {
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
