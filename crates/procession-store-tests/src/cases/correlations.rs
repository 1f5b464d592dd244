//! P7, P11: which instance a message belongs to, and what leads from one message to the next.

use procession::{Stream, history::layers, log::Position};

use crate::{
    Settings, StoreUnderTest,
    batches::log,
    domain::{MoveAway, Poll, Terms, Voter, announce, open, terms, vote},
    running::{advance, counts, finish, is_sound, start, start_at, state},
};

pub async fn p7_a_missing_or_impossible_correlation_is_parked_with_the_reason<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    let runtime = start(store.clone()).await;
    let too_long = "x".repeat(Stream::MAX_ID_BYTES + 1);

    for (number, poll) in [None, Some(""), Some(too_long.as_str())].into_iter().enumerate() {
        let sent = runtime.send(vote(poll, number as u32)).await.unwrap();
        assert_eq!(runtime.wait(sent.process).await.unwrap().parked, 1);
    }

    let parked = runtime.reader().parked().await.unwrap();
    assert!(
        parked.iter().all(|it| it.handler == "route to poll" && it.stream.category() == "voter"),
        "{parked:#?}"
    );
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
