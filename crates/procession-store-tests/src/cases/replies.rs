//! Who waits for an event of a process: before it happens, after it has happened, and when it never does.

use std::time::Duration;

use procession::{Either, log::ProcessId};
use procession_runtime::{ReplyError, RequestError, Runtime, WaitError};

use crate::{
    Settings, StoreUnderTest,
    batches::second,
    domain::{AnnouncePoll, CastVote, FillTank, LevelChanged, PollClosed, PollTimedOut, Terms, application},
    faulty::{Fault, FaultyStore},
    moments::send_surely,
    running::{advance, finish, is_sound, settles_soundly, small_limits, start, start_at},
};

/// Far longer than a case takes: a reply that comes only then never comes.
const LONG: Duration = Duration::from_secs(60);

fn announce(poll: &str) -> AnnouncePoll {
    let terms = Terms { voters: 3, refusers: 0, forgotten: 0, within_seconds: Some(60) };
    AnnouncePoll { poll: poll.into(), terms }
}

/// A poll that waits for the vote of number 0.
fn announce_unfinished(poll: &str) -> AnnouncePoll {
    let mut announce = announce(poll);
    announce.terms.forgotten = 1;
    announce
}

fn last_vote(poll: &str) -> CastVote {
    CastVote { voter: "v".into(), poll: Some(poll.into()), number: 0 }
}

/// Lets everybody who is about to wait begin to.
async fn until_they_wait() {
    for _ in 0..200 {
        tokio::task::yield_now().await;
    }
}

pub async fn a_reply_is_heard_before_and_after_it_happens<U: StoreUnderTest>() {
    let (place, store) = U::create(Settings::default()).await;
    let runtime = start(store).await;
    for poll in (0..20).map(|it| it.to_string()) {
        let sent = runtime.send(announce(&poll)).await.unwrap();
        let before: PollClosed = runtime.reply(sent.process, LONG).await.unwrap();
        assert_eq!((&before.poll, before.votes), (&poll, 3));
        finish(&runtime, sent.process).await;
        let after: PollClosed = runtime.reply(sent.process, LONG).await.unwrap();
        assert_eq!(after.poll, poll);
    }
    let process = runtime.send(announce("p")).await.unwrap().process;
    finish(&runtime, process).await;
    runtime.stop().await.unwrap();

    let runtime = start(place.reopen().await).await;
    let long_after: PollClosed = runtime.reply(process, LONG).await.unwrap();
    assert_eq!(long_after.poll, "p");
    settles_soundly(&runtime).await;
}

pub async fn a_reply_is_of_the_process_that_is_asked_and_the_first_one<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    let runtime = start(store).await;
    let fill = |litres: &[u32]| FillTank { tank: "t".into(), litres: litres.into() };
    let first = runtime.send(fill(&[1, 2])).await.unwrap();
    let second = runtime.send(fill(&[4, 8])).await.unwrap();

    let of_second: LevelChanged = runtime.reply(second.process, LONG).await.unwrap();
    let of_first: LevelChanged = runtime.reply(first.process, LONG).await.unwrap();

    assert_eq!((of_first.level, of_second.level), (1, 7), "public events are replies too");
    settles_soundly(&runtime).await;
}

pub async fn a_reply_is_one_of_two_whichever_comes<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    let runtime = start_at(store, 0).await;
    let ended = async |poll: AnnouncePoll| {
        let sent = runtime.send(poll).await.unwrap();
        runtime.settled().await.unwrap();
        let reply = runtime.reply::<Either<PollClosed, PollTimedOut>>(sent.process, LONG);
        tokio::join!(reply, advance(&runtime, 60)).0.unwrap()
    };

    assert!(matches!(ended(announce("p")).await, Either::Left(PollClosed { votes: 3, .. })));
    let timed_out = ended(announce_unfinished("q")).await;
    assert!(matches!(timed_out, Either::Right(PollTimedOut { missing }) if missing == [0]));
    settles_soundly(&runtime).await;
}

pub async fn two_who_wait_for_one_reply_both_hear_it<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    let runtime = start_at(store, 0).await;
    let sent = runtime.send(announce_unfinished("p")).await.unwrap();
    let wait = || {
        let runtime = runtime.clone();
        tokio::spawn(async move { runtime.reply::<PollTimedOut>(sent.process, LONG).await })
    };
    let waiting = [wait(), wait(), wait()];
    until_they_wait().await;

    advance(&runtime, 60).await;

    for it in waiting {
        assert_eq!(it.await.unwrap().unwrap().missing, [0]);
    }
    settles_soundly(&runtime).await;
}

pub async fn a_reply_that_does_not_come_in_time_is_told_so_and_nothing_is_lost<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    let runtime = start_at(store, 0).await;
    let process = runtime.send(announce_unfinished("p")).await.unwrap().process;

    let within = Duration::from_millis(5);
    let too_late = runtime.reply::<Either<PollClosed, PollTimedOut>>(process, within).await.unwrap_err();

    let awaited = vec!["PollClosed", "PollTimedOut"];
    assert_eq!(too_late, ReplyError::TooLate { process, awaited, within });
    assert!(too_late.to_string().contains("has not recorded PollClosed or PollTimedOut within 5ms"));
    // The vote belongs to another process, and so does what comes of it.
    let voted = runtime.send(last_vote("p")).await.unwrap();
    assert_eq!(runtime.reply::<PollClosed>(voted.process, LONG).await.unwrap().votes, 3);
    assert!(matches!(runtime.reply::<PollClosed>(process, within).await, Err(ReplyError::TooLate { .. })));
    settles_soundly(&runtime).await;
}

pub async fn who_waits_for_a_reply_is_told_when_the_runtime_stops<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    let runtime = start_at(store, 0).await;
    let process = runtime.send(announce_unfinished("p")).await.unwrap().process;
    let other = runtime.clone();
    let waiting = tokio::spawn(async move { other.reply::<PollClosed>(process, LONG).await });
    until_they_wait().await;

    runtime.clone().stop().await.unwrap();

    assert_eq!(waiting.await.unwrap().unwrap_err(), ReplyError::Stopped);
    assert_eq!(runtime.reply::<PollClosed>(process, LONG).await.unwrap_err(), ReplyError::Stopped);
    assert_eq!(runtime.wait(process).await, Err(WaitError::Stopped));
}

/// Every commit is refused once, so also the one with the news.
pub async fn a_reply_comes_although_the_commit_with_it_failed_at_first<U: StoreUnderTest>() {
    let mut struck = 0;
    for nth in 1.. {
        let (_place, store) = U::create(Settings::default()).await;
        let faulty = FaultyStore::new(store.clone(), Fault::CommitRefused, nth);
        let builder = Runtime::builder().limits(small_limits());
        let runtime = builder.start(&application(), faulty.clone()).await.unwrap();
        let sent = send_surely(&runtime, || announce("p"), "announce").await;

        let reply: PollClosed = runtime.reply(sent.process, LONG).await.unwrap();

        assert_eq!(reply.votes, 3);
        runtime.settled().await.unwrap();
        is_sound(&store).await;
        if !faulty.has_struck() {
            break;
        }
        struck += 1;
    }
    assert!(struck >= 5, "only {struck} commits could be refused");
}

pub async fn a_reply_comes_although_a_read_of_the_store_is_refused<U: StoreUnderTest>() {
    let mut struck = 0;
    for nth in 1.. {
        let (_place, store) = U::create(Settings::default()).await;
        let faulty = FaultyStore::new(store.clone(), Fault::ReadRefused, nth);
        let builder = Runtime::builder().limits(small_limits());
        let Ok(runtime) = builder.start(&application(), faulty.clone()).await else { continue };
        let sent = send_surely(&runtime, || announce("p"), "announce").await;

        // A read of its own that is refused is told; asked again, the reply is there.
        let reply = match runtime.reply::<PollClosed>(sent.process, LONG).await {
            Err(ReplyError::Store(_)) => runtime.reply(sent.process, LONG).await,
            reply => reply,
        };

        assert_eq!(reply.unwrap().votes, 3);
        runtime.settled().await.unwrap();
        is_sound(&store).await;
        if !faulty.has_struck() {
            break;
        }
        struck += 1;
    }
    assert!(struck >= 5, "only {struck} reads could be refused");
}

/// Who begins to wait while a batch is under way waits for that batch too. When it fails, and what clients had asked for in
/// it is refused, the log never becomes that long; the reply must come all the same.
pub async fn a_reply_comes_although_the_log_stays_shorter_than_it_was_to_be<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    let faulty = FaultyStore::sound(store.clone());
    let builder = Runtime::builder().virtual_time(second(0));
    let runtime = builder.start(&application(), faulty.clone()).await.unwrap();
    let process = runtime.send(announce_unfinished("p")).await.unwrap().process;
    runtime.settled().await.unwrap();
    let before = faulty.commits();
    let fill = |litres: Vec<u32>| {
        let fill = FillTank { tank: "t".into(), litres };
        tokio::spawn(runtime.execute(fill).into_future())
    };
    let has_tried = async |commits| {
        while faulty.commits() < before + commits {
            tokio::task::yield_now().await;
        }
    };
    faulty.hold_answers();
    faulty.refuse_commits(true);
    let large = fill(vec![1; 50]);
    has_tried(1).await;

    let meanwhile = async {
        // Calls are taken in their order: when this one was, the call of who waits was too.
        let small = fill(vec![1]);
        has_tried(2).await;
        faulty.refuse_commits(false);
        faulty.release_answers();
        assert!(large.await.unwrap().is_err() && small.await.unwrap().is_err(), "they were to be refused");
        advance(&runtime, 60).await;
    };
    let (reply, ()) = tokio::join!(runtime.reply::<PollTimedOut>(process, LONG), meanwhile);

    assert_eq!(reply.unwrap().missing, [0]);
    settles_soundly(&runtime).await;
}

pub async fn a_reply_that_is_in_the_log_is_found_although_batches_in_flight_fail<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    let faulty = FaultyStore::sound(store.clone());
    let runtime = start_at(faulty.clone(), 0).await;
    let process = runtime.send(announce_unfinished("p")).await.unwrap().process;
    advance(&runtime, 60).await;
    let before = faulty.commits();
    faulty.hold_answers();
    faulty.refuse_commits(true);
    let fill = FillTank { tank: "t".into(), litres: vec![1; 50] };
    let large = tokio::spawn(runtime.execute(fill).into_future());
    while faulty.commits() < before + 1 {
        tokio::task::yield_now().await;
    }

    let meanwhile = async {
        until_they_wait().await;
        faulty.refuse_commits(false);
        faulty.release_answers();
        assert!(large.await.unwrap().is_err(), "it was to be refused");
    };
    let (reply, ()) = tokio::join!(runtime.reply::<PollTimedOut>(process, LONG), meanwhile);

    assert_eq!(reply.unwrap().missing, [0]);
    settles_soundly(&runtime).await;
}

pub async fn a_reply_of_a_process_that_does_not_exist_is_told_at_once<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    let runtime = start_at(store.clone(), 0).await;
    let reply = runtime.reply::<PollTimedOut>(ProcessId(7), LONG).await;
    assert_eq!(reply.err(), Some(ReplyError::UnknownProcess(ProcessId(7))));
}

pub async fn who_waits_for_a_reply_while_a_store_refuses_goes_on_waiting<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    let faulty = FaultyStore::sound(store.clone());
    let runtime = start_at(faulty.clone(), 0).await;
    let process = runtime.send(announce_unfinished("p")).await.unwrap().process;
    runtime.settled().await.unwrap();
    faulty.refuse_commits(true);
    let refused = runtime.send(last_vote("p")).await;
    assert!(matches!(refused, Err(RequestError::Unavailable(_))), "{refused:?}");
    let before = faulty.commits();
    let accept = async {
        while faulty.commits() < before + 3 {
            tokio::task::yield_now().await;
        }
        faulty.refuse_commits(false);
    };

    let reply = runtime.reply::<PollTimedOut>(process, LONG);
    let (reply, (), ()) = tokio::join!(reply, advance(&runtime, 60), accept);

    assert_eq!(reply.unwrap().missing, [0]);
    settles_soundly(&runtime).await;
}
