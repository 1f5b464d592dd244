//! A backlog that is larger than the memory that was given to it.

use std::time::Duration;

use procession::{
    Partition, Stream,
    log::{Entry, Kind},
};
use procession_runtime::{Limits, Runtime, Store, store::Batch};

use crate::{
    Settings, StoreUnderTest,
    batches::{batch, checkpoint, entry, log},
    domain::{Account, Deposit, OpenAccount, StartSurvey, Survey, application},
    running::{counts, finish, is_sound, small_limits, start, state},
};

async fn with(limits: Limits, store: impl Store) -> Runtime {
    Runtime::builder().limits(limits).start(&application(), store).await.unwrap()
}

pub async fn a_backlog_larger_than_the_memory_is_worked_off_completely<U: StoreUnderTest>() {
    for queued_messages in [0, 1, 2, 3, 7] {
        let (_place, store) = U::create(Settings::default()).await;
        let mut limits = small_limits();
        limits.queued_messages = queued_messages;
        let runtime = with(limits, store.clone()).await;

        let sent = runtime.send(StartSurvey { survey: "s".into(), respondents: 30 }).await.unwrap();
        finish(&runtime, sent.process).await;

        let survey: Survey = state(&runtime, "s").await;
        assert_eq!((survey.answers, survey.ended), (30, 1), "with {queued_messages}");
        is_sound(&store).await;
    }
}

pub async fn a_backlog_larger_than_the_memory_is_worked_off_after_a_restart<U: StoreUnderTest>() {
    let (place, store) = U::create(Settings::default()).await;
    let runtime = start(store.clone()).await;
    runtime.execute(OpenAccount { account: "1".into() }).await.unwrap();
    runtime.stop().await.unwrap();
    let store = place.reopen().await;
    // Messages that nobody has handled yet, as a runtime leaves them that was stopped in the middle.
    let deposit = procession::Message::encode(&Deposit { account: "1".into(), amount: 1 }).unwrap();
    let stream = Stream::new("account", "1").unwrap();
    let new = (0..200).map(|_| {
        let mut new = entry(Kind::Command, "1", deposit.clone());
        new.entry = Entry { stream: stream.clone(), ..(*new.entry).clone() }.into();
        new
    });
    store.commit(batch(new)).await.unwrap();
    let last = store.progress().await.unwrap().head;

    let runtime = start(store.clone()).await;
    finish(&runtime, last.into()).await;

    assert_eq!(state::<Account>(&runtime, "1").await.balance, 200);
    assert_eq!(counts(&log(&store).await)["Deposited"], 200);
    is_sound(&store).await;
}

/// Partitions are rarely equally far: what one has handled is read again, because another one has not.
pub async fn g10_what_a_partition_has_handled_is_not_handled_again_after_a_restart<U: StoreUnderTest>() {
    let (place, store) = U::create(Settings::default()).await;
    let open = |it: usize| {
        let account = format!("{it}");
        let message = procession::Message::encode(&OpenAccount { account: account.clone() }).unwrap();
        let mut new = entry(Kind::Command, "1", message);
        let stream = Stream::new("account", account).unwrap();
        new.entry = Entry { stream, ..(*new.entry).clone() }.into();
        new
    };
    let commands: Vec<_> = (0..12).map(open).collect();
    store.commit(batch(commands.clone())).await.unwrap();
    let owned = store.acquire((0..4).map(Partition).collect()).await.unwrap();
    // The first partition has handled nothing, the others up to the second of their commands.
    let handled = |partition: Partition| {
        let of = (1..).zip(&commands).filter(|(_, it)| it.entry.stream.partition(4) == partition);
        if partition.0 == 0 { 0 } else { of.map(|(position, _)| position).nth(1).unwrap() }
    };
    let checkpoints = owned.iter().map(|it| checkpoint(*it, 0, handled(it.partition))).collect();
    store.commit(Batch { checkpoints, ..Batch::default() }).await.unwrap();
    store.close().await.unwrap();

    let runtime = start(place.reopen().await).await;
    let executed = runtime.execute(OpenAccount { account: "other".into() }).await.unwrap();
    finish(&runtime, executed.process).await;

    for (position, command) in (1..).zip(&commands) {
        let stream = &command.entry.stream;
        let is_ahead = position > handled(stream.partition(4));
        let account: Account = state(&runtime, stream.id()).await;
        assert_eq!(account.is_open, is_ahead, "the command at {position}");
    }
}

/// With room for one state only, a state must still not be forgotten while a batch that changed it is under way.
pub async fn more_instances_than_states_in_memory_change_no_decision<U: StoreUnderTest>() {
    const ACCOUNTS: usize = 50;
    let (_place, store) = U::create(Settings::default()).await;
    let mut limits = Limits::default();
    (limits.cached_states, limits.batch_messages) = (1, 16);
    let runtime = with(limits, store.clone()).await;
    let accounts = || (0..ACCOUNTS).map(|it| format!("{it}"));

    for account in accounts() {
        runtime.send(OpenAccount { account }).await.unwrap();
    }
    let mut sent = None;
    for account in accounts().chain(accounts()).chain(accounts()) {
        sent = Some(runtime.send(Deposit { account, amount: 1 }).await.unwrap());
    }
    for account in accounts() {
        let sent = runtime.send(Deposit { account, amount: 1 }).await.unwrap();
        finish(&runtime, sent.process).await;
    }
    finish(&runtime, sent.unwrap().process).await;

    for account in accounts() {
        assert_eq!(state::<Account>(&runtime, &account).await.balance, 4, "account {account}");
    }
    assert_eq!(runtime.reader().parked().await.unwrap(), []);
    is_sound(&store).await;
}

pub async fn commands_that_are_executed_without_end_do_not_starve_what_is_in_the_log<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    let mut limits = small_limits();
    // Each executed command fills a batch by itself.
    limits.batch_bytes = 1;
    let runtime = with(limits, store.clone()).await;
    let sent = runtime.send(StartSurvey { survey: "s".into(), respondents: 3 }).await.unwrap();
    let busy = (0..8).map(|it| {
        let (runtime, account) = (runtime.clone(), format!("{it}"));
        tokio::spawn(async move {
            runtime.execute(OpenAccount { account: account.clone() }).await.unwrap();
            loop {
                runtime.execute(Deposit { account: account.clone(), amount: 1 }).await.unwrap();
            }
        })
    });
    let busy: Vec<_> = busy.collect();

    finish(&runtime, sent.process).await;

    assert_eq!(state::<Survey>(&runtime, "s").await.ended, 1);
    busy.iter().for_each(tokio::task::JoinHandle::abort);
}

pub async fn limits_of_zero_are_taken_as_one<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    let mut limits = Limits::default();
    (limits.batch_messages, limits.batch_bytes, limits.commits_in_flight) = (0, 0, 0);
    (limits.queued_messages, limits.cached_states, limits.waiting_requests) = (0, 0, 0);
    (limits.queued_bytes, limits.backlog_messages, limits.batch_time) = (0, 0, Duration::ZERO);
    let runtime = with(limits, store.clone()).await;

    let sent = runtime.send(StartSurvey { survey: "s".into(), respondents: 3 }).await.unwrap();
    finish(&runtime, sent.process).await;

    assert_eq!(state::<Survey>(&runtime, "s").await.ended, 1);
}

pub async fn promise_6_replaying_the_log_gives_the_same_state<U: StoreUnderTest>() {
    let (place, store) = U::create(Settings::default()).await;
    let runtime = start(store.clone()).await;
    runtime.execute(OpenAccount { account: "1".into() }).await.unwrap();
    for amount in [5, 7, -3] {
        runtime.execute(Deposit { account: "1".into(), amount }).await.unwrap();
    }
    let sent = runtime.send(StartSurvey { survey: "s".into(), respondents: 10 }).await.unwrap();
    finish(&runtime, sent.process).await;
    let live = (state::<Account>(&runtime, "1").await, state::<Survey>(&runtime, "s").await);
    is_sound(&store).await;
    runtime.stop().await.unwrap();

    let store = place.reopen().await;
    let runtime = start(store.clone()).await;
    is_sound(&store).await;
    assert_eq!((state(&runtime, "1").await, state(&runtime, "s").await), live);
}
