//! What handlers may ask for, and how much may wait.

use std::time::Duration;

use procession::{
    Failure,
    log::{Kind, ProcessId, Recorded},
};
use procession_runtime::{
    ExecuteError, Limits, Operation, RequestError, Runtime, Store,
    store::{Parked, ParkedOf},
};

use crate::{
    Settings, StoreUnderTest,
    batches::{log, second},
    domain::{
        Account, AskForReminders, Deposit, How, OpenAccount, Reminder, RunMachine, Shout, StartSurvey,
        Survey, application,
    },
    faulty::FaultyStore,
    running::{finish, is_sound, small_limits, start_at, state},
};

async fn with(limits: Limits, store: impl Store) -> Runtime {
    Runtime::builder().limits(limits).start(&application(), store).await.unwrap()
}

fn shout(number: u32) -> Shout {
    Shout { valley: format!("{number} left"), other: format!("{number} right") }
}

/// The handlers and causes of what is parked in a process.
async fn parked(store: &impl Store, process: ProcessId) -> Vec<(String, Option<String>)> {
    let parked = store.parked(ParkedOf::Process(process), usize::MAX).await.unwrap();
    parked.into_iter().map(|Parked { handler, cause, .. }| (handler.into(), cause)).collect()
}

fn of(process: ProcessId, log: &[Recorded]) -> usize {
    // What operators and failures add is not what handlers have emitted.
    let counts =
        |it: &&Recorded| it.process == process && !matches!(it.entry.kind, Kind::Failure | Kind::Operation);
    log.iter().filter(counts).count()
}

pub async fn an_endless_loop_is_parked_when_its_process_is_full<U: StoreUnderTest>() {
    for batch_messages in [2, 2048] {
        let (place, store) = U::create(Settings::default()).await;
        let mut limits = small_limits();
        (limits.batch_messages, limits.messages_per_process) = (batch_messages, 20);
        let runtime = with(limits, store.clone()).await;
        let survey = runtime.send(StartSurvey { survey: "s".into(), respondents: 4 }).await.unwrap();
        let mut loops = Vec::new();
        for it in 0..10 {
            loops.push(runtime.send(shout(it)).await.unwrap().process);
        }

        for process in &loops {
            assert_eq!(runtime.wait(*process).await.unwrap().parked, 1);
        }
        finish(&runtime, survey.process).await;

        assert_eq!(state::<Survey>(&runtime, "s").await.ended, 1);
        let failure = Failure::ProcessTooLong { size: 21, limit: 20 };
        for process in &loops {
            let causes = [("saga echo".to_string(), Some(failure.to_string()))];
            assert_eq!(parked(&store, *process).await, causes);
            assert_eq!(of(*process, &log(&store).await), 20, "not one message less than is allowed");
        }
        runtime.settled().await.unwrap();
        is_sound(&store).await;

        // It stays stopped over a restart, and the others go on.
        runtime.stop().await.unwrap();
        let store = place.reopen().await;
        let runtime = with(limits, store.clone()).await;
        let survey = runtime.send(StartSurvey { survey: "t".into(), respondents: 4 }).await.unwrap();
        finish(&runtime, survey.process).await;
        let all = log(&store).await;
        assert!(loops.iter().all(|it| of(*it, &all) == 20));
    }
}

pub async fn what_is_parked_of_a_full_process_is_parked_again_when_it_is_retried<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    let mut limits = small_limits();
    limits.messages_per_process = 20;
    let runtime = with(limits, store.clone()).await;
    let process = runtime.send(shout(0)).await.unwrap().process;
    assert_eq!(runtime.wait(process).await.unwrap().parked, 1);
    let row = runtime.reader().parked().await.unwrap().remove(0);

    let anna = runtime.operator().by("anna").because("perhaps it fits now");
    anna.request([Operation::RetryParked(row.delivery())]).await.unwrap();
    runtime.settled().await.unwrap();

    let again = runtime.reader().parked().await.unwrap().remove(0);
    assert_eq!((again.attempts, again.delivery()), (2, row.delivery()));
    assert!(again.cause.as_ref().is_some_and(|it| it.contains("messages_per_process")), "{again:?}");
    assert_eq!(of(process, &log(&store).await), 20);
}

pub async fn a_full_process_is_refused_what_grows_it_and_others_of_its_batch_are_not<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    let mut limits = Limits::default();
    limits.messages_per_process = 20;
    let runtime = with(limits, store.clone()).await;
    runtime.execute(OpenAccount { account: "1".into() }).await.unwrap();
    let full = runtime.send(shout(0)).await.unwrap();
    assert_eq!(runtime.wait(full.process).await.unwrap().parked, 1);
    let message = store.read_log(full.position, 1).await.unwrap().remove(0);
    let before = log(&store).await.len();

    // All at once, so that they stand in one batch.
    let deposit = || Deposit { account: "1".into(), amount: 1 };
    let (refused, taken, also_taken) = tokio::join!(
        runtime.execute(deposit()).caused_by(&message).into_future(),
        runtime.execute(deposit()).into_future(),
        runtime.send(deposit()).into_future(),
    );

    let Err(ExecuteError::NotTaken(RequestError::Failed { failure, .. })) = refused else {
        panic!("{refused:?}")
    };
    // Its command and its event would be two more than the twenty.
    assert!(matches!(*failure, Failure::ProcessTooLong { limit: 20, .. }), "{failure}");
    assert!(failure.to_string().contains("messages_per_process"), "{failure}");
    taken.unwrap();
    finish(&runtime, also_taken.unwrap().process).await;
    assert_eq!(state::<Account>(&runtime, "1").await.balance, 2);
    assert_eq!(log(&store).await.len(), before + 4);
    runtime.settled().await.unwrap();
    is_sound(&store).await;
}

pub async fn a_command_that_would_begin_too_long_a_process_is_refused<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    let mut limits = Limits::default();
    limits.messages_per_process = 1;
    let runtime = with(limits, store.clone()).await;

    let refused = runtime.execute(OpenAccount { account: "1".into() }).await;

    let Err(ExecuteError::NotTaken(RequestError::Failed { failure, .. })) = refused else {
        panic!("{refused:?}")
    };
    assert_eq!(*failure, Failure::ProcessTooLong { size: 2, limit: 1 });
    assert!(log(&store).await.is_empty());
    // One that is only sent is in the log; there it waits with the reason.
    let sent = runtime.send(OpenAccount { account: "2".into() }).await.unwrap();
    assert_eq!(runtime.wait(sent.process).await.unwrap().parked, 1);
    assert_eq!(parked(&store, sent.process).await, [("account".into(), Some(failure.to_string()))]);
}

pub async fn a_decision_that_emits_too_much_is_parked_and_nothing_of_it_is_written<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    let mut limits = small_limits();
    limits.emitted_messages = 5;
    let runtime = with(limits, store.clone()).await;

    let large = runtime.send(StartSurvey { survey: "large".into(), respondents: 6 }).await.unwrap();
    let small = runtime.send(StartSurvey { survey: "small".into(), respondents: 5 }).await.unwrap();

    assert_eq!(runtime.wait(large.process).await.unwrap().parked, 1);
    finish(&runtime, small.process).await;
    let failure = Failure::TooManyEmitted { size: 6, limit: 5 };
    assert!(failure.to_string().contains("emitted_messages"));
    assert_eq!(parked(&store, large.process).await, [("saga survey".into(), Some(failure.to_string()))]);
    assert_eq!(of(large.process, &log(&store).await), 2, "the command and its event");
    runtime.settled().await.unwrap();
    is_sound(&store).await;
}

pub async fn an_executed_command_that_emits_too_much_is_refused<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    let mut limits = Limits::default();
    limits.emitted_messages = 0;
    let runtime = with(limits, store.clone()).await;

    let run = RunMachine { machine: "a".into(), number: 1, how: How::Well };
    let refused = runtime.execute(run).await;

    let Err(ExecuteError::NotTaken(RequestError::Failed { failure, .. })) = refused else {
        panic!("{refused:?}")
    };
    assert_eq!(*failure, Failure::TooManyEmitted { size: 1, limit: 0 });
    assert!(log(&store).await.is_empty());
}

pub async fn a_process_that_asks_for_too_many_timers_is_parked<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    let mut limits = small_limits();
    limits.timers_per_process = 3;
    let builder = Runtime::builder().limits(limits).virtual_time(second(0));
    let runtime = builder.start(&application(), store.clone()).await.unwrap();
    let ask =
        |reminder: &str, count| AskForReminders { reminder: reminder.into(), after_seconds: vec![10; count] };

    let four = runtime.send(ask("four", 4)).await.unwrap();
    let three = runtime.send(ask("three", 3)).await.unwrap();

    assert_eq!(runtime.wait(four.process).await.unwrap().parked, 1);
    finish(&runtime, three.process).await;
    let failure = Failure::TooManyTimers { size: 4, limit: 3 };
    assert!(failure.to_string().contains("timers_per_process"));
    assert_eq!(parked(&store, four.process).await, [("saga alarm clock".into(), Some(failure.to_string()))]);
    runtime.advance(Duration::from_secs(10)).await.unwrap();
    assert!(state::<Reminder>(&runtime, "four").await.calls.is_empty());
    assert_eq!(state::<Reminder>(&runtime, "three").await.calls, [0, 1, 2]);
    is_sound(&store).await;
}

/// The timers of a process that has become full fire all the same, so that they are not tried for ever.
pub async fn timers_of_a_full_process_fire<U: StoreUnderTest>() {
    let (place, store) = U::create(Settings::default()).await;
    let runtime = start_at(store.clone(), 0).await;
    let ask = AskForReminders { reminder: "r".into(), after_seconds: vec![10; 3] };
    let asked = runtime.send(ask).await.unwrap();
    finish(&runtime, asked.process).await;
    runtime.stop().await.unwrap();
    let store = place.reopen().await;
    let mut limits = small_limits();
    limits.messages_per_process = 2;
    let builder = Runtime::builder().limits(limits).virtual_time(second(0));
    let runtime = builder.start(&application(), store.clone()).await.unwrap();

    runtime.advance(Duration::from_secs(10)).await.unwrap();

    assert_eq!(store.next_due().await.unwrap(), None);
    assert_eq!(runtime.wait(asked.process).await.unwrap().parked, 3, "handling them would make it longer");
    runtime.execute(OpenAccount { account: "1".into() }).await.unwrap();
    is_sound(&store).await;
}

pub async fn senders_wait_while_the_backlog_is_too_long<U: StoreUnderTest>() {
    const BOUND: u64 = 4;
    let (_place, store) = U::create(Settings::default()).await;
    let mut limits = small_limits();
    (limits.backlog_messages, limits.queued_messages) = (BOUND, 1000);
    let runtime = with(limits, store.clone()).await;
    let accounts = || (0..20).map(|it| format!("{it}"));
    for account in accounts() {
        runtime.execute(OpenAccount { account }).await.unwrap();
    }

    let senders = accounts().map(|account| {
        let runtime = runtime.clone();
        tokio::spawn(async move {
            for _ in 0..10 {
                runtime.send(Deposit { account: account.clone(), amount: 1 }).await.unwrap();
            }
        })
    });
    for sender in senders.collect::<Vec<_>>() {
        sender.await.unwrap();
    }
    runtime.settled().await.unwrap();

    for account in accounts() {
        assert_eq!(state::<Account>(&runtime, &account).await.balance, 10);
    }
    let (mut waiting, mut longest) = (0_u64, 0);
    for it in log(&store).await {
        match &*it.entry.name {
            "Deposit" => waiting += 1,
            "Deposited" => waiting -= 1,
            _ => {}
        }
        longest = longest.max(waiting);
    }
    assert!((1..=BOUND).contains(&longest), "{longest} commands have waited at once");
    is_sound(&store).await;
}

pub async fn senders_that_wait_hold_up_neither_clients_nor_handlers<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    let mut limits = small_limits();
    limits.backlog_messages = 1;
    let runtime = with(limits, store.clone()).await;
    runtime.execute(OpenAccount { account: "busy".into() }).await.unwrap();
    let busy = (0..50).map(|_| {
        let runtime = runtime.clone();
        tokio::spawn(async move {
            loop {
                runtime.send(Deposit { account: "busy".into(), amount: 1 }).await.unwrap();
            }
        })
    });
    let busy: Vec<_> = busy.collect();

    for it in 0..20 {
        runtime.execute(OpenAccount { account: format!("{it}") }).await.unwrap();
    }
    let survey = runtime.send(StartSurvey { survey: "s".into(), respondents: 5 }).await.unwrap();
    finish(&runtime, survey.process).await;

    assert_eq!(state::<Survey>(&runtime, "s").await.ended, 1);
    assert!(busy.iter().all(|it| !it.is_finished()), "no sender was refused");
    busy.iter().for_each(tokio::task::JoinHandle::abort);
    runtime.stop().await.unwrap();
}

pub async fn a_batch_whose_filling_takes_too_long_is_closed<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    let faulty = FaultyStore::sound(store.clone());
    let mut limits = Limits::default();
    limits.batch_time = Duration::ZERO;
    let runtime = with(limits, faulty.clone()).await;
    runtime.execute(OpenAccount { account: "1".into() }).await.unwrap();

    let survey = runtime.send(StartSurvey { survey: "s".into(), respondents: 100 }).await.unwrap();
    finish(&runtime, survey.process).await;

    // Four hundred messages, of which each batch handles only a few.
    assert!(faulty.commits() >= 20, "{} commits", faulty.commits());
    assert_eq!(state::<Survey>(&runtime, "s").await.ended, 1);
    is_sound(&store).await;
}
