//! P: processes, their beginnings, their ends, and what leads from one message to the next.

use procession::log::{Kind, Position, ProcessId};
use procession_runtime::{Store, WaitError};

use crate::{
    Settings, StoreUnderTest,
    batches::log,
    domain::{Account, CountAnswer, Deposit, OpenAccount, Respondent, StartSurvey, Survey, Withdraw},
    running::{counts, finish, is_sound, start, state},
};

pub async fn p1_concurrent_starts_of_one_process_make_one_instance_and_all_are_handled<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    let runtime = start(store.clone()).await;

    let starts = (0..10).map(|_| {
        let runtime = runtime.clone();
        tokio::spawn(async move { runtime.send(StartSurvey { survey: "s".into(), respondents: 3 }).await })
    });
    for start in starts.collect::<Vec<_>>() {
        finish(&runtime, start.await.unwrap().unwrap().process).await;
    }

    let counts = counts(&log(&store).await);
    assert_eq!((counts["StartSurvey"], counts["SurveyStarted"], counts["SurveyEnded"]), (10, 1, 1));
    is_sound(&store).await;
}

pub async fn p2_two_messages_for_one_instance_at_once_are_both_applied<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    let runtime = start(store.clone()).await;
    for round in 0..20 {
        let account = format!("{round}");
        runtime.execute(OpenAccount { account: account.clone() }).await.unwrap();
        let deposit = |amount| Deposit { account: account.clone(), amount };

        let (executed, sent) = tokio::join!(runtime.execute(deposit(1)), runtime.send(deposit(10)));

        executed.unwrap();
        finish(&runtime, sent.unwrap().process).await;
        assert_eq!(state::<Account>(&runtime, &account).await.balance, 11);
    }
    is_sound(&store).await;
}

pub async fn p11_every_message_leads_back_to_the_command_that_began_it_all<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    let runtime = start(store.clone()).await;
    let surveys = ["a", "b", "c"].map(|survey| {
        let runtime = runtime.clone();
        tokio::spawn(async move {
            runtime.send(StartSurvey { survey: survey.into(), respondents: 3 }).await.unwrap()
        })
    });
    let mut processes = Vec::new();
    for survey in surveys {
        let process = survey.await.unwrap().process;
        finish(&runtime, process).await;
        processes.push(process);
    }

    let log = log(&store).await;
    for process in processes {
        let history = runtime.reader().history(process, Position::START).await.unwrap();
        assert_eq!(history.len(), 2 + 3 * 4 + 1);
        let layers: Vec<usize> =
            procession::history::layers(&history).iter().map(|it| it.messages.len()).collect();
        assert_eq!(layers, [1, 1, 3, 3, 3, 4], "command, event, commands, events, commands, events");
        for message in &history {
            let mut first = message;
            while let Some(cause) = first.causation {
                first = &log[cause.0 as usize - 1];
            }
            assert_eq!(first.position, process.began_at());
        }
    }
    is_sound(&store).await;
}

pub async fn a_rejection_of_a_sent_command_is_recorded_with_its_cause<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    let runtime = start(store.clone()).await;

    let sent = runtime.send(Withdraw { account: "1".into(), amount: 5 }).await.unwrap();
    finish(&runtime, sent.process).await;

    let history = runtime.reader().history(sent.process, Position::START).await.unwrap();
    assert_eq!(history.len(), 2);
    let rejection = &history[1];
    assert_eq!((rejection.entry.kind, rejection.causation), (Kind::Rejection, Some(sent.position)));
    assert_eq!((rejection.process, rejection.version), (sent.process, None));
    assert!(rejection.entry.payload.contains("the account holds 0"), "{}", rejection.entry.payload);
    is_sound(&store).await;
}

pub async fn p15_duplicates_do_not_count_and_strangers_are_ignored<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    let runtime = start(store.clone()).await;
    let started = runtime.send(StartSurvey { survey: "s".into(), respondents: 2 }).await.unwrap();
    let answers = [0, 7, 0, 1, 1, u32::MAX].map(|number| CountAnswer { survey: "s".into(), number });

    for answer in answers {
        let sent = runtime.send(answer).await.unwrap();
        finish(&runtime, sent.process).await;
    }
    finish(&runtime, started.process).await;

    let survey: Survey = state(&runtime, "s").await;
    assert_eq!((survey.answers, survey.sum, survey.ended), (2, 1, 1));
    assert_eq!(state::<Respondent>(&runtime, "s-1").await.asked, 1);
}

pub async fn waiting_for_a_process_that_does_not_exist_is_an_error<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    let runtime = start(store).await;
    let executed = runtime.execute(OpenAccount { account: "1".into() }).await.unwrap();

    for unknown in [0, executed.process.0 + 1, 99, u64::MAX].map(ProcessId) {
        assert_eq!(runtime.wait(unknown).await, Err(WaitError::UnknownProcess(unknown)));
    }
    finish(&runtime, executed.process).await;
}

pub async fn a_graceful_stop_loses_nothing<U: StoreUnderTest>() {
    let (place, store) = U::create(Settings::default()).await;
    let runtime = start(store).await;
    let sends: Vec<_> = (0..20)
        .map(|it| {
            let runtime = runtime.clone();
            let survey = StartSurvey { survey: format!("{it}"), respondents: 5 };
            tokio::spawn(async move { runtime.send(survey).await })
        })
        .collect();
    tokio::task::yield_now().await;

    let (_, stopped) = tokio::join!(tokio::task::yield_now(), runtime.stop());
    stopped.unwrap();
    let mut taken = Vec::new();
    for send in sends {
        taken.extend(send.await.unwrap());
    }

    let store = place.reopen().await;
    let runtime = start(store.clone()).await;
    for sent in &taken {
        finish(&runtime, sent.process).await;
    }
    let counts = counts(&log(&store).await);
    assert_eq!(counts.get("SurveyEnded").copied().unwrap_or(0), taken.len() as u64);
    is_sound(&store).await;
}

pub async fn who_asks_a_stopped_runtime_is_told_so<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    let runtime = start(store).await;
    let executed = runtime.execute(OpenAccount { account: "1".into() }).await.unwrap();
    let other = runtime.clone();
    runtime.stop().await.unwrap();

    let refused = other.send(Deposit { account: "1".into(), amount: 1 }).await;
    assert!(matches!(refused, Err(procession_runtime::RequestError::Stopped(_))), "{refused:?}");
    assert_eq!(other.wait(executed.process).await, Err(WaitError::Stopped));
    other.stop().await.unwrap();
}

pub async fn after_a_stop_every_checkpoint_stands_at_the_end_of_the_log<U: StoreUnderTest>() {
    let (place, store) = U::create(Settings::default()).await;
    let runtime = start(store).await;
    let sent = runtime.send(StartSurvey { survey: "s".into(), respondents: 3 }).await.unwrap();
    finish(&runtime, sent.process).await;
    runtime.stop().await.unwrap();

    let progress = place.reopen().await.progress().await.unwrap();

    assert!(progress.checkpoints.iter().all(|it| *it == progress.head), "{progress:?}");
}
