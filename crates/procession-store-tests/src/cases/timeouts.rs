//! T: the timers of process managers, from the asking to the end of who has asked.

use procession::{Ignored, Lifecycle, Reason, log::Kind};
use procession_runtime::{Runtime, Store};

use crate::{
    Settings, StoreUnderTest,
    batches::log,
    domain::{AnnouncePoll, Poll, Report, ReportAlarm, Terms, Watch, application},
    faulty::{Fault, FaultyStore},
    moments::{at_every_commit, send_surely},
    running::{advance, counts, finish, is_sound, start_at, state},
};

fn report(report: Report) -> ReportAlarm {
    ReportAlarm { alarm: "a".into(), report }
}

async fn tell(runtime: &Runtime, it: Report) {
    let sent = runtime.send(report(it)).await.unwrap();
    finish(runtime, sent.process).await;
}

/// Moves the time, and tells what rang.
async fn after(runtime: &Runtime, seconds: u64) -> Vec<u32> {
    advance(runtime, seconds).await;
    state::<Watch>(runtime, "a").await.rang
}

const NEVER: [u32; 0] = [];

fn poll(voters: u32) -> AnnouncePoll {
    let terms = Terms { voters, refusers: 0, forgotten: 0, within_seconds: Some(60) };
    AnnouncePoll { poll: "p".into(), terms }
}

pub async fn t1_a_timeout_of_a_process_manager_fires_once_whatever_fails<U: StoreUnderTest>() {
    let (messages, rang) = at_every_commit::<U, _>(async |store| {
        let runtime = start_at(store.clone(), 0).await;
        send_surely(&runtime, || report(Report::Raised(vec![10, 10, 20])), "raise").await;
        advance(&runtime, 60).await;
        is_sound(&store).await;
        assert_eq!(store.next_due().await.unwrap(), None);
        let outcome = (counts(&log(&store).await), state::<Watch>(&runtime, "a").await.rang);
        runtime.stop().await.unwrap();
        outcome
    })
    .await;

    assert_eq!((messages["Ring"], messages["Rang"]), (3, 3));
    assert_eq!(rang, [0, 1, 2]);
}

pub async fn t2_a_timeout_that_became_due_while_nobody_was_there_fires_at_once<U: StoreUnderTest>() {
    const TEN_YEARS: u64 = 10 * 366 * 24 * 60 * 60;
    let (place, store) = U::create(Settings::default()).await;
    let runtime = start_at(store, 0).await;
    tell(&runtime, Report::Raised(vec![TEN_YEARS, 5])).await;
    runtime.stop().await.unwrap();

    let store = place.reopen().await;
    let runtime = start_at(store.clone(), 1000).await;
    runtime.settled().await.unwrap();
    assert_eq!(after(&runtime, 0).await, [1]);
    assert_eq!(after(&runtime, TEN_YEARS).await, [1, 0]);
    is_sound(&store).await;
}

pub async fn t4_when_a_process_ends_its_timers_are_gone<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    let runtime = start_at(store.clone(), 0).await;
    tell(&runtime, Report::Raised(vec![10, 20, 30])).await;
    runtime.send(ReportAlarm { alarm: "b".into(), report: Report::Raised(vec![40]) }).await.unwrap();
    assert_eq!(after(&runtime, 10).await, [0]);

    tell(&runtime, Report::Cleared).await;

    let left = store.due_timers(jiff::Timestamp::MAX, 10).await.unwrap();
    assert_eq!(left.iter().map(|it| it.to.id()).collect::<Vec<_>>(), ["b"], "only the other's is left");
    let before = log(&store).await.len();
    assert_eq!(after(&runtime, 25).await, [0]);
    assert_eq!(log(&store).await.len(), before, "nothing fires, and nothing is ignored");
    is_sound(&store).await;
}

pub async fn t4_a_process_that_ends_in_the_step_that_asks_leaves_no_timer<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    let runtime = start_at(store.clone(), 0).await;

    let sent = runtime.send(poll(0)).await.unwrap();
    finish(&runtime, sent.process).await;

    assert_eq!(store.next_due().await.unwrap(), None);
    assert_eq!(state::<Poll>(&runtime, "p").await.ended, 1);
    is_sound(&store).await;
}

/// The process dies after each commit, and the time of the poll is up before it is started again. When the last answer
/// stands in the log already, the timer comes behind it, and finds that the poll has ended.
pub async fn t4_a_timeout_that_was_on_its_way_at_the_end_is_ignored_and_recorded<U: StoreUnderTest>() {
    let mut ends = Vec::new();
    for voters in 1..4 {
        for nth in 1.. {
            let Some(end) = ends_after_a_death::<U>(voters, nth).await else { break };
            ends.push(end);
        }
    }
    assert!(ends.contains(&(Lifecycle::Ended("PollTimedOut"), false)), "{ends:?}");
    assert!(ends.contains(&(Lifecycle::Ended("PollClosed"), true)), "{ends:?}");
}

/// How a poll ends, and whether its timeout came too late. None when it has ended before the process could die.
async fn ends_after_a_death<U: StoreUnderTest>(voters: u32, nth: u64) -> Option<(Lifecycle, bool)> {
    let (place, store) = U::create(Settings::default()).await;
    let faulty = FaultyStore::new(store.clone(), Fault::DeathAfterCommit, nth);
    let job = async |store, at| {
        let runtime = start_at(store, at).await;
        send_surely(&runtime, || poll(voters), "announce").await;
        runtime.settled().await.unwrap();
        runtime
    };
    tokio::select! {
        () = faulty.death() => {}
        _ = job(faulty.clone(), 0) => return None,
    }
    let store = place.crash(store).await;
    let runtime = job(FaultyStore::sound(store.clone()), 60).await;

    let poll = runtime.reader().instance::<Poll>("p").await.unwrap();
    assert_eq!(poll.state.ended, 1, "it ends once, by an answer or by its time");
    assert_eq!(store.next_due().await.unwrap(), None);
    let log = log(&store).await;
    let ignored = log.iter().filter(|it| it.entry.kind == Kind::Ignored);
    let ignored: Vec<Ignored> = ignored.map(|it| serde_json::from_str(&it.entry.payload).unwrap()).collect();
    assert!(ignored.iter().all(|it| it.reason == Reason::Ended), "{ignored:?}");
    is_sound(&store).await;
    Some((poll.lifecycle, ignored.iter().any(|it| it.message.starts_with("ClosePollUnfinished"))))
}

pub async fn t6_timeouts_of_one_step_with_equal_times_fire_in_the_order_of_asking<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    let runtime = start_at(store.clone(), 0).await;
    tell(&runtime, Report::Raised(vec![30, 10, 20, 10, 20, 10, 10])).await;

    assert_eq!(after(&runtime, 10).await, [1, 3, 5, 6]);
    assert_eq!(after(&runtime, 25).await, [1, 3, 5, 6, 2, 4, 0]);
    is_sound(&store).await;
}

pub async fn timers_are_cancelled_by_their_command_and_instance<U: StoreUnderTest>() {
    let (place, store) = U::create(Settings::default()).await;
    let runtime = start_at(store, 0).await;
    tell(&runtime, Report::Raised(vec![10, 20])).await;
    let other = ReportAlarm { alarm: "b".into(), report: Report::Raised(vec![15]) };
    finish(&runtime, runtime.send(other).await.unwrap().process).await;
    tell(&runtime, Report::Quieted).await;
    runtime.stop().await.unwrap();

    let store = place.reopen().await;
    let runtime = start_at(store.clone(), 0).await;
    assert_eq!(after(&runtime, 60).await, NEVER);
    assert_eq!(state::<Watch>(&runtime, "b").await.rang, [0], "another instance of the same command");
    tell(&runtime, Report::Quieted).await;
    is_sound(&store).await;
}

pub async fn timers_of_an_earlier_run_are_cancelled_after_a_restart<U: StoreUnderTest>() {
    let (place, store) = U::create(Settings::default()).await;
    let runtime = start_at(store, 0).await;
    tell(&runtime, Report::Raised(vec![10, 20])).await;
    runtime.stop().await.unwrap();

    let store = place.reopen().await;
    let runtime = start_at(store.clone(), 12).await;
    runtime.settled().await.unwrap();
    tell(&runtime, Report::Quieted).await;

    assert_eq!(after(&runtime, 60).await, [0], "the first one had fired before");
    assert_eq!(store.next_due().await.unwrap(), None);
    is_sound(&store).await;
}

pub async fn timers_are_moved_to_another_time<U: StoreUnderTest>() {
    let (place, store) = U::create(Settings::default()).await;
    let runtime = start_at(store, 0).await;
    tell(&runtime, Report::Raised(vec![10, 20, 30])).await;
    tell(&runtime, Report::Postponed(7, 25)).await;
    assert_eq!(after(&runtime, 24).await, NEVER);
    runtime.stop().await.unwrap();

    let store = place.reopen().await;
    let runtime = start_at(store.clone(), 24).await;
    assert_eq!(after(&runtime, 1).await, [7]);
    tell(&runtime, Report::Postponed(8, 100)).await;
    tell(&runtime, Report::Postponed(9, 5)).await;
    assert_eq!(after(&runtime, 200).await, [7, 9], "forward and back");
    is_sound(&store).await;
}

pub async fn a_step_takes_back_what_it_has_asked_for_itself<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    let runtime = start_at(store.clone(), 0).await;
    tell(&runtime, Report::Raised(vec![10])).await;

    tell(&runtime, Report::Muddled(5, 20)).await;

    assert_eq!(after(&runtime, 60).await, [5], "asked for, taken back, and asked for again");
    is_sound(&store).await;
}

/// The answers to two commits are held back, so that all that follows falls into one batch.
pub async fn timers_are_asked_for_and_taken_back_in_one_batch<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    let faulty = FaultyStore::sound(store.clone());
    let builder = Runtime::builder().virtual_time(crate::batches::second(0));
    let runtime = builder.start(&application(), faulty.clone()).await.unwrap();
    runtime.execute(report(Report::Raised(vec![10]))).await.unwrap();
    runtime.settled().await.unwrap();
    let before = faulty.commits();
    faulty.hold_answers();
    let mut sends = Vec::new();
    for it in [
        Report::Quieted,
        Report::Quieted,
        Report::Postponed(1, 10),
        Report::Postponed(2, 20),
        Report::Quieted,
        Report::Postponed(3, 30),
    ] {
        // Polled once it stands in the queue, and so they stand there in their order.
        let mut send = runtime.send(report(it)).into_future();
        let waits =
            std::future::poll_fn(|context| std::task::Poll::Ready(send.as_mut().poll(context).is_pending()));
        assert!(waits.await);
        sends.push(send);
    }
    faulty.release_answers();
    for send in sends {
        finish(&runtime, send.await.unwrap().process).await;
    }

    assert!(faulty.commits() - before <= 4, "they were not together: {} commits", faulty.commits() - before);
    assert_eq!(after(&runtime, 60).await, [3]);
    is_sound(&store).await;
}
