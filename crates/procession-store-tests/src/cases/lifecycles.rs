//! P1, P5: how instances of process managers start and end, and what comes before and after.

use procession::{
    Ignored, Lifecycle, Reason,
    log::{Kind, Recorded},
};
use procession_runtime::{ExecuteError, Runtime};

use crate::{
    Settings, StoreUnderTest,
    batches::log,
    domain::{ClosePollUnfinished, Poll, Report, ReportAlarm, Terms, Watch, announce, open, terms, vote},
    running::{advance, finish, is_sound, start, start_at, state},
};

/// What was ignored, by its reason.
fn ignored(log: &[Recorded]) -> Vec<(Reason, String)> {
    let ignored = log.iter().filter(|it| it.entry.kind == Kind::Ignored);
    let read = |it: &Recorded| -> Ignored { serde_json::from_str(&it.entry.payload).unwrap() };
    ignored.map(read).map(|it| (it.reason, it.message)).collect()
}

async fn lifecycle(runtime: &Runtime, poll: &str) -> Lifecycle {
    runtime.reader().instance::<Poll>(poll).await.unwrap().lifecycle
}

pub async fn p1_concurrent_starts_by_event_and_by_command_make_one_instance<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    let runtime = start(store.clone()).await;
    let forgotten = Terms { forgotten: 3, ..terms(3) };

    let starts = (0..12).map(|it| {
        let runtime = runtime.clone();
        tokio::spawn(async move {
            if it % 2 == 0 {
                runtime.send(announce("p", forgotten)).await.unwrap().process
            } else {
                runtime.send(open("p", forgotten)).await.unwrap().process
            }
        })
    });
    for start in starts.collect::<Vec<_>>() {
        finish(&runtime, start.await.unwrap()).await;
    }

    let poll: Poll = state(&runtime, "p").await;
    assert_eq!((poll.opened, poll.noticed), (1, 11), "every start was handled, and one of them began it");
    is_sound(&store).await;
}

pub async fn p5_a_late_message_after_the_end_has_no_effect_and_is_counted<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    let runtime = start(store.clone()).await;
    let opened = runtime.send(announce("p", terms(2))).await.unwrap();
    finish(&runtime, opened.process).await;
    let before: Poll = state(&runtime, "p").await;

    for number in [0, 1, 7] {
        finish(&runtime, runtime.send(vote(Some("p"), number)).await.unwrap().process).await;
    }
    finish(&runtime, runtime.send(ClosePollUnfinished { poll: "p".into() }).await.unwrap().process).await;

    assert_eq!(state::<Poll>(&runtime, "p").await, before);
    assert_eq!(lifecycle(&runtime, "p").await, Lifecycle::Ended("PollClosed"));
    let late = |name| (Reason::Ended, format!("{name} has no effect: the process has ended"));
    let expected = [late("VoteCast"), late("VoteCast"), late("VoteCast"), late("ClosePollUnfinished")];
    assert_eq!(ignored(&log(&store).await), expected);
    is_sound(&store).await;
}

pub async fn p5_an_early_message_before_the_start_has_no_effect_and_is_counted<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    let runtime = start(store.clone()).await;

    finish(&runtime, runtime.send(vote(Some("p"), 0)).await.unwrap().process).await;
    finish(&runtime, runtime.send(ClosePollUnfinished { poll: "p".into() }).await.unwrap().process).await;

    assert_eq!(lifecycle(&runtime, "p").await, Lifecycle::NotStarted);
    let reasons: Vec<_> = ignored(&log(&store).await).into_iter().map(|it| it.0).collect();
    assert_eq!(reasons, [Reason::NotStarted, Reason::NotStarted]);
    // What came too early is not made up for later.
    let opened = runtime.send(announce("p", Terms { forgotten: 1, ..terms(1) })).await.unwrap();
    finish(&runtime, opened.process).await;
    assert_eq!(lifecycle(&runtime, "p").await, Lifecycle::Running);
    is_sound(&store).await;
}

pub async fn p5_a_start_after_the_end_is_refused_where_it_may_start_once<U: StoreUnderTest>() {
    let (place, store) = U::create(Settings::default()).await;
    let runtime = start(store.clone()).await;
    finish(&runtime, runtime.send(announce("p", terms(1))).await.unwrap().process).await;
    let before: Poll = state(&runtime, "p").await;

    finish(&runtime, runtime.send(announce("p", terms(5))).await.unwrap().process).await;
    let executed = runtime.execute(open("p", terms(5))).await;
    assert!(matches!(executed, Err(ExecuteError::Rejected(_))), "a command is asked for its own opinion");
    runtime.stop().await.unwrap();
    let store = place.reopen().await;
    let runtime = start(store.clone()).await;
    finish(&runtime, runtime.send(announce("p", terms(5))).await.unwrap().process).await;

    assert_eq!(state::<Poll>(&runtime, "p").await, before);
    let late = (Reason::Ended, "PollAnnounced has no effect: the process has ended".to_owned());
    assert_eq!(ignored(&log(&store).await), [late.clone(), late]);
    is_sound(&store).await;
}

pub async fn p5_a_start_after_the_end_starts_again_where_it_may<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    let runtime = start_at(store.clone(), 0).await;
    let report = |report| ReportAlarm { alarm: "a".into(), report };
    for _ in 0..3 {
        finish(&runtime, runtime.send(report(Report::Raised(vec![5]))).await.unwrap().process).await;
        advance(&runtime, 5).await;
        finish(&runtime, runtime.send(report(Report::Cleared)).await.unwrap().process).await;
    }
    finish(&runtime, runtime.send(report(Report::Cleared)).await.unwrap().process).await;

    let watch: Watch = state(&runtime, "a").await;
    assert_eq!((watch.began, watch.rang), (3, vec![0, 0, 0]));
    assert_eq!(ignored(&log(&store).await).len(), 1, "only the second end in a row was late");
    is_sound(&store).await;
}
