//! P: process managers, from their start to their end, and whom they hear of.

use std::collections::BTreeMap;

use procession::{
    Ignored, Lifecycle, Reason, Stream,
    history::layers,
    log::{Kind, Position, Recorded},
};
use procession_runtime::{ExecuteError, Runtime};

use crate::{
    Settings, StoreUnderTest,
    batches::log,
    domain::{
        AnnouncePoll, AskVoter, Canvass, CastVote, ClosePollUnfinished, MoveAway, OpenPoll, Poll, Report,
        ReportAlarm, Terms, Voter, Watch,
    },
    faulty::FaultyStore,
    moments::{at_every_commit, send_surely},
    running::{advance, counts, finish, is_sound, start, start_at, state},
};

fn terms(voters: u32) -> Terms {
    Terms { voters, refusers: 0, forgotten: 0, within_seconds: None }
}

fn announce(poll: &str, terms: Terms) -> AnnouncePoll {
    AnnouncePoll { poll: poll.into(), terms }
}

fn open(poll: &str, terms: Terms) -> OpenPoll {
    OpenPoll { poll: poll.into(), terms }
}

fn vote(poll: Option<&str>, number: u32) -> CastVote {
    CastVote { voter: format!("voter {number}"), poll: poll.map(Into::into), number }
}

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

pub async fn p7_a_missing_or_impossible_correlation_is_parked_with_the_reason<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    let runtime = start(store.clone()).await;
    let too_long = "x".repeat(Stream::MAX_ID_BYTES + 1);

    for (number, poll) in [None, Some(""), Some(too_long.as_str())].into_iter().enumerate() {
        let sent = runtime.send(vote(poll, number as u32)).await.unwrap();
        assert_eq!(runtime.wait(sent.process).await.unwrap().parked, 1);
    }

    let parked = runtime.reader().parked().await.unwrap();
    assert!(parked.iter().all(|it| it.handler == "poll" && it.stream.category() == "voter"), "{parked:#?}");
    let causes: Vec<_> = parked.iter().map(|it| it.cause.as_deref().unwrap()).collect();
    assert_eq!(
        causes,
        [
            "`VoteCast` must name an instance of `poll`, and does not",
            "`VoteCast` names an impossible instance: the id of a `poll` is empty; every command must name its instance",
            "`VoteCast` names an impossible instance: the id of a `poll` has 513 bytes; at most 512 are allowed",
        ]
    );
    assert_eq!(state::<Voter>(&runtime, "voter 0").await.votes, 1, "who cast the vote is not concerned");
    assert_eq!(counts(&log(&store).await).get("VoteCast"), Some(&3), "no input was made of them");
    finish(&runtime, runtime.send(vote(Some("p"), 3)).await.unwrap().process).await;
    is_sound(&store).await;
}

pub async fn p7_a_correlation_that_may_be_missing_concerns_nobody<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    let runtime = start(store.clone()).await;

    let moved = runtime.send(MoveAway { voter: "v".into(), poll: None, number: 0 }).await.unwrap();
    finish(&runtime, moved.process).await;

    assert_eq!(log(&store).await.len(), 2, "the command and its event, and nothing more");
    is_sound(&store).await;
}

pub async fn p7_odd_and_long_ids_name_instances_of_their_own<U: StoreUnderTest>() {
    let (place, store) = U::create(Settings::default()).await;
    let runtime = start(store).await;
    let longest = "\u{1F6CE}".repeat(Stream::MAX_ID_BYTES / 4);
    let polls = ["p", "P", "p ", "p/q", "it's \0", "%_", "\"", "\u{1F6CE}", "null", longest.as_str()];
    for (number, poll) in polls.iter().enumerate() {
        let opened = runtime.send(open(poll, Terms { forgotten: 20, ..terms(20) })).await.unwrap();
        finish(&runtime, opened.process).await;
        finish(&runtime, runtime.send(vote(Some(poll), number as u32)).await.unwrap().process).await;
    }
    runtime.stop().await.unwrap();

    let store = place.reopen().await;
    let runtime = start(store.clone()).await;
    for (number, poll) in polls.iter().enumerate() {
        let found: Poll = state(&runtime, poll).await;
        let voted: Vec<_> = found.voters.answers().map(|it| *it.0 as usize).collect();
        assert_eq!((found.opened, voted), (1, vec![number]), "{poll:?}");
    }
    is_sound(&store).await;
}

pub async fn p11_every_message_of_a_process_manager_leads_back_to_the_first_command<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    let runtime = start_at(store.clone(), 0).await;
    let in_time = Terms { refusers: 1, forgotten: 2, within_seconds: Some(60), ..terms(3) };
    let mut processes = Vec::new();
    for poll in ["p", "q"] {
        processes.push(runtime.send(announce(poll, in_time)).await.unwrap().process);
    }
    advance(&runtime, 60).await;

    for process in processes {
        let history = runtime.reader().history(process, Position::START).await.unwrap();
        let names: Vec<Vec<&str>> = layers(&history)
            .iter()
            .map(|it| it.messages.iter().map(|it| &*it.entry.name).collect())
            .collect();
        let expected: [&[&str]; 9] = [
            &["AnnouncePoll"],
            &["PollAnnounced"],
            &["PollAnnounced"],
            &["PollOpened"],
            &["PollOpened"],
            &["AskVoter", "AskVoter", "ClosePollUnfinished"],
            &["Refusal", "AskVoter rejected", "VoteCast", "PollTimedOut"],
            &["VoteCounted", "VoteCast"],
            &["VoteCounted"],
        ];
        let sorted = |layer: &[&str]| {
            let mut layer: Vec<String> = layer.iter().map(ToString::to_string).collect();
            layer.sort();
            layer
        };
        let names: Vec<_> = names.iter().map(|it| sorted(it)).collect();
        assert_eq!(names, expected.iter().map(|it| sorted(it)).collect::<Vec<_>>());
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
    assert_eq!(lifecycle(&runtime, "p").await, Lifecycle::Running);
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
    let runtime = Runtime::start(&crate::domain::application(), faulty.clone()).await.unwrap();
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
