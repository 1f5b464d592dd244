//! P: process managers at work, and whom they hear of.

use std::collections::BTreeMap;

use procession::{Lifecycle, log::Kind};
use procession_runtime::{ExecuteError, Runtime};

use crate::{
    Settings, StoreUnderTest,
    batches::log,
    domain::{AskVoter, Canvass, MoveAway, Poll, Terms, announce, application, open, terms, vote},
    faulty::FaultyStore,
    moments::{at_every_commit, send_surely},
    running::{counts, finish, is_sound, start, start_at, state},
};

pub async fn p2_two_messages_for_one_process_manager_at_once_are_both_applied<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    let runtime = start(store.clone()).await;
    for round in 0..20 {
        let poll = format!("{round}");
        runtime.execute(open(&poll, Terms { forgotten: 3, ..terms(3) })).await.unwrap();
        let moves = MoveAway { voter: "a".into(), poll: Some(poll.clone()), number: 1 };

        let (voted, moved) = tokio::join!(runtime.send(vote(Some(&poll), 0)), runtime.send(moves));

        finish(&runtime, voted.unwrap().process).await;
        finish(&runtime, moved.unwrap().process).await;
        let found: Poll = state(&runtime, &poll).await;
        assert_eq!((found.voters.missing().collect::<Vec<_>>(), found.refused), (vec![&2], [1].into()));
    }
    is_sound(&store).await;
}

pub async fn p15_duplicates_do_not_count_and_strangers_are_ignored_by_a_join<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    let runtime = start(store.clone()).await;
    runtime.execute(open("p", Terms { forgotten: 3, ..terms(3) })).await.unwrap();

    for number in [0, 0, 7, 2, u32::MAX, 2, 0] {
        finish(&runtime, runtime.send(vote(Some("p"), number)).await.unwrap().process).await;
    }
    assert_eq!(state::<Poll>(&runtime, "p").await.ended, 0);
    finish(&runtime, runtime.send(vote(Some("p"), 1)).await.unwrap().process).await;

    let poll: Poll = state(&runtime, "p").await;
    assert_eq!((poll.sum, poll.ended), (3, 1));
    assert_eq!(counts(&log(&store).await)["VoteCounted"], 3);
    is_sound(&store).await;
}

/// The answers to a commit are held back, so that the last two votes wait together and fall into one batch.
pub async fn p15_the_last_two_answers_that_arrive_together_complete_a_join_once<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    let faulty = FaultyStore::sound(store.clone());
    let runtime = Runtime::start(&application(), faulty.clone()).await.unwrap();
    for round in 0..10 {
        let poll = format!("{round}");
        runtime.execute(open(&poll, Terms { forgotten: 3, ..terms(3) })).await.unwrap();
        finish(&runtime, runtime.send(vote(Some(&poll), 0)).await.unwrap().process).await;
        faulty.hold_answers();
        let votes: Vec<_> = [1, 2, 1, 2]
            .map(|number| tokio::spawn(runtime.send(vote(Some(&poll), number)).into_future()))
            .into();
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        faulty.release_answers();
        for vote in votes {
            finish(&runtime, vote.await.unwrap().unwrap().process).await;
        }

        assert_eq!(state::<Poll>(&runtime, &poll).await.ended, 1);
    }
    assert_eq!(counts(&log(&store).await)["PollClosed"], 10);
    is_sound(&store).await;
}

pub async fn p17_folding_a_process_again_sends_nothing<U: StoreUnderTest>() {
    let (place, store) = U::create(Settings::default()).await;
    let runtime = start_at(store, 0).await;
    for poll in 0..20 {
        let in_time = Terms { refusers: 1, forgotten: 2, within_seconds: Some(60), ..terms(5) };
        let opened = runtime.send(announce(&format!("{poll}"), in_time)).await.unwrap();
        finish(&runtime, opened.process).await;
    }
    runtime.stop().await.unwrap();
    let store = place.reopen().await;
    let before = log(&store).await;

    let runtime = start_at(store.clone(), 0).await;
    runtime.settled().await.unwrap();
    let read = runtime.reader().instances::<Poll>(None, 100).await.unwrap();
    assert_eq!(read.len(), 20);
    assert!(read.iter().all(|it| it.lifecycle == Lifecycle::Running && it.state.refused == [0].into()));
    runtime.settled().await.unwrap();
    assert_eq!(log(&store).await, before);

    // What comes next stands on the states that were folded again, more of them than stay in memory.
    for poll in 0..20 {
        let vote = runtime.send(vote(Some(&format!("{poll}")), 1)).await.unwrap();
        finish(&runtime, vote.process).await;
    }
    assert!(
        runtime.reader().instances::<Poll>(None, 100).await.unwrap().iter().all(|it| it.state.ended == 1)
    );
    assert_eq!(counts(&log(&store).await)["AskVoter"], 20 * 4);
    is_sound(&store).await;
}

pub async fn a_rejection_reaches_the_instance_that_sent_the_command_and_nobody_else<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    let runtime = start(store.clone()).await;
    let polls = ["p", "q", "r"];
    for (poll, refusers) in polls.into_iter().zip([0, 1, 2]) {
        let terms = Terms { refusers, forgotten: 3, ..terms(3) };
        finish(&runtime, runtime.send(announce(poll, terms)).await.unwrap().process).await;
    }

    for (poll, refused) in polls.into_iter().zip([[].into(), [0].into(), [0, 1].into()]) {
        assert_eq!(state::<Poll>(&runtime, poll).await.refused, refused);
    }
    let log = log(&store).await;
    let told: Vec<_> = log.iter().filter(|it| it.entry.name == "AskVoter rejected").collect();
    let streams: Vec<_> = told.iter().map(|it| it.entry.stream.id()).collect();
    assert_eq!(streams, ["q", "r", "r"]);
    assert!(told.iter().all(|it| it.entry.kind == Kind::Input));
    is_sound(&store).await;
}

pub async fn a_rejection_of_a_command_that_others_sent_reaches_no_process_manager<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    let runtime = start(store.clone()).await;
    runtime.execute(open("p", Terms { forgotten: 3, ..terms(3) })).await.unwrap();
    let ask = || AskVoter { voter: "p-0".into(), poll: "p".into(), number: 0, refuses: true };

    assert!(matches!(runtime.execute(ask()).await, Err(ExecuteError::Rejected(_))));
    finish(&runtime, runtime.send(ask()).await.unwrap().process).await;
    finish(&runtime, runtime.send(Canvass { poll: "p".into(), number: 0 }).await.unwrap().process).await;

    let counts = counts(&log(&store).await);
    assert_eq!((counts["Refusal"], counts.get("AskVoter rejected")), (3, None));
    assert_eq!(state::<Poll>(&runtime, "p").await.refused, [].into());
    is_sound(&store).await;
}

/// What can be seen of a poll when all is done.
#[derive(Debug, PartialEq)]
struct Outcome {
    poll: Poll,
    messages: BTreeMap<String, u64>,
}

pub async fn o1_a_process_manager_does_everything_once_whatever_fails<U: StoreUnderTest>() {
    let outcome = at_every_commit::<U, Outcome>(async |store| {
        let runtime = start_at(store.clone(), 0).await;
        let terms = Terms { refusers: 2, within_seconds: Some(60), ..terms(5) };
        send_surely(&runtime, || announce("p", terms), "announce").await;
        runtime.settled().await.unwrap();
        is_sound(&store).await;
        let outcome = Outcome { poll: state(&runtime, "p").await, messages: counts(&log(&store).await) };
        runtime.stop().await.unwrap();
        outcome
    })
    .await;

    assert_eq!((outcome.poll.ended, outcome.poll.sum, outcome.poll.refused.len()), (1, 10, 2));
    assert_eq!((outcome.messages["AskVoter"], outcome.messages["AskVoter rejected"]), (5, 2));
}
