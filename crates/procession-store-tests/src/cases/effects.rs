//! Effects: what is done in the world outside, at least once, and recorded once.

use std::{collections::BTreeSet, time::Duration};

use procession::{Application, CircuitBreaker, Retries, log::ProcessId};
use procession_runtime::{Operation, OperatorError, Quiet, Runtime, Store};

use crate::{
    Settings, StoreUnderTest,
    batches::{log, second},
    domain::{
        Letter, PostOffice, PostOfficeAnswer as Answer, RecallLetter, WriteLetter, letters, letters_with,
    },
    faulty::{Fault, FaultyStore},
    moments::send_surely,
    running::{advance, counts, finish, is_sound_for, small_limits, state},
};

async fn start(application: &Application, store: impl Store) -> Runtime {
    let builder = Runtime::builder().limits(small_limits()).seed(7).virtual_time(second(0));
    builder.start(application, store).await.unwrap()
}

/// Letters whose post has no circuit breaker.
fn impatient(office: &PostOffice, retries: Retries, timeout: Duration) -> Application {
    letters_with(office, retries, CircuitBreaker::never(), timeout)
}

async fn write(runtime: &Runtime, letter: &str) -> ProcessId {
    runtime.send(WriteLetter { letter: letter.into() }).await.unwrap().process
}

async fn first_visit(office: &PostOffice) {
    while office.visits().is_empty() {
        tokio::task::yield_now().await;
    }
}

async fn posted(runtime: &Runtime, letter: &str) -> u32 {
    state::<Letter>(runtime, letter).await.posted
}

fn attempts(office: &PostOffice, letter: &str) -> Vec<u32> {
    office.visits().iter().filter(|it| it.letter == letter).map(|it| it.attempt).collect()
}

pub async fn an_effect_is_called_and_its_result_is_recorded_once<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    let office = PostOffice::default();
    let runtime = start(&letters(&office), store.clone()).await;

    let process = write(&runtime, "a").await;
    finish(&runtime, process).await;

    assert_eq!((posted(&runtime, "a").await, attempts(&office, "a")), (1, vec![1]));
    let log = log(&store).await;
    let names: Vec<_> = log.iter().map(|it| &*it.entry.name).collect();
    assert_eq!(names, ["WriteLetter", "LetterWritten", "EffectCompleted", "RecordPosting", "LetterPosted"]);
    assert!(log.iter().all(|it| it.process == process), "all of it is one process");
    assert_eq!(store.calls().await.unwrap(), []);
    is_sound_for(&letters(&office), &store).await;
}

pub async fn o15_a_failed_call_is_tried_again_after_a_pause_with_the_same_key<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    let office = PostOffice::default();
    office.answers("a", &[Answer::ComeAgain, Answer::ComeAgain]);
    let runtime = start(&letters(&office), store.clone()).await;

    write(&runtime, "a").await;
    runtime.settled().await.unwrap();
    let call = store.calls().await.unwrap().remove(0);
    assert_eq!((call.attempts, call.cause.as_deref()), (1, Some("come again")));
    assert!(call.due > second(0) && call.due <= second(10), "at a time between now and the bound");
    advance(&runtime, 40).await;

    assert_eq!((posted(&runtime, "a").await, attempts(&office, "a")), (1, vec![1, 2, 3]));
    let keys: BTreeSet<_> = office.visits().into_iter().map(|it| it.key).collect();
    assert_eq!(keys.len(), 1);
    assert_eq!(counts(&log(&store).await)["HandlerFailed"], 2, "the story of the process shows both");
    is_sound_for(&letters(&office), &store).await;
}

pub async fn a_call_that_the_target_refuses_is_given_up_at_once<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    let office = PostOffice::default();
    office.answers("a", &[Answer::Refused]);
    let runtime = start(&letters(&office), store.clone()).await;

    let process = write(&runtime, "a").await;
    finish(&runtime, process).await;

    assert_eq!(state::<Letter>(&runtime, "a").await.returned, ["no stamp"]);
    assert_eq!(attempts(&office, "a"), [1]);
    is_sound_for(&letters(&office), &store).await;
}

pub async fn o15_a_call_is_given_up_when_its_attempts_are_used_up<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    let office = PostOffice::default();
    office.answers("a", &[Answer::ComeAgain; 9]);
    let runtime = start(&letters(&office), store.clone()).await;

    write(&runtime, "a").await;
    advance(&runtime, 1000).await;

    assert_eq!(state::<Letter>(&runtime, "a").await.returned, ["come again"]);
    assert_eq!(attempts(&office, "a"), [1, 2, 3]);
    is_sound_for(&letters(&office), &store).await;
}

pub async fn o15_a_call_is_given_up_when_its_time_is_used_up<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    let office = PostOffice::default();
    office.answers("a", &[Answer::ComeAgain; 99]);
    let retries = Retries::up_to(1000).longest_pause(Duration::from_secs(10)).within(Duration::from_secs(60));
    let runtime = start(&impatient(&office, retries, Duration::from_secs(100)), store.clone()).await;

    write(&runtime, "a").await;
    advance(&runtime, 1000).await;

    assert_eq!(state::<Letter>(&runtime, "a").await.returned, ["come again"]);
    let log = log(&store).await;
    let given_up = log.iter().find(|it| it.entry.name == "EffectGivenUp").unwrap();
    assert!(given_up.entry.at <= second(61), "no attempt begins after its time");
    is_sound_for(&letters(&office), &store).await;
}

pub async fn a_call_that_is_not_answered_in_time_is_made_again<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    let office = PostOffice::default();
    office.answers("a", &[Answer::Silence]);
    let letters = impatient(&office, Retries::up_to(3), Duration::from_millis(20));
    let runtime = start(&letters, store.clone()).await;

    write(&runtime, "a").await;
    runtime.settled().await.unwrap();
    let call = store.calls().await.unwrap().remove(0);
    assert_eq!(call.cause.as_deref(), Some("no answer within 20ms"));
    advance(&runtime, 10).await;

    assert_eq!((posted(&runtime, "a").await, attempts(&office, "a")), (1, vec![1, 2]));
    is_sound_for(&letters, &store).await;
}

pub async fn o15_a_panic_in_a_call_parks_it_and_what_follows_for_its_stream<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    let office = PostOffice::default();
    office.answers("a", &[Answer::Broken]);
    let runtime = start(&letters(&office), store.clone()).await;

    let broken = write(&runtime, "a").await;
    assert_eq!(runtime.wait(broken).await.unwrap(), Quiet { process: broken, parked: 1 });
    let behind = write(&runtime, "a").await;
    assert_eq!(runtime.wait(behind).await.unwrap(), Quiet { process: behind, parked: 1 });
    let other = write(&runtime, "b").await;
    finish(&runtime, other).await;

    let parked = runtime.reader().parked().await.unwrap();
    let parked: Vec<_> = parked.iter().map(|it| (&*it.handler, it.attempts, it.cause.as_deref())).collect();
    let why = Some("the handler panicked: the bag has a hole");
    assert_eq!(parked, [("effect post", 1, why), ("effect post", 0, None)]);
    assert_eq!((posted(&runtime, "a").await, posted(&runtime, "b").await), (0, 1));
}

pub async fn o13_a_parked_call_is_made_again_when_an_operator_asks<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    let office = PostOffice::default();
    office.answers("a", &[Answer::Broken]);
    let runtime = start(&letters(&office), store.clone()).await;
    for _ in 0..2 {
        write(&runtime, "a").await;
    }
    runtime.settled().await.unwrap();
    let parked = runtime.reader().parked().await.unwrap();
    assert_eq!(parked.len(), 2);

    let anna = runtime.operator().by("anna").because("the bag is mended");
    let payload = "{}".into();
    let edited = anna.request([Operation::EditParked { message: parked[0].delivery(), payload }]).await;
    assert_eq!(edited, Err(OperatorError::CallsAreNotEdited(parked[0].delivery())));
    anna.request([Operation::RetryParked(parked[0].delivery())]).await.unwrap();
    runtime.settled().await.unwrap();

    assert_eq!(runtime.reader().parked().await.unwrap(), []);
    assert_eq!(posted(&runtime, "a").await, 2, "the one behind it follows");
    let keys: Vec<_> = office.visits().into_iter().map(|it| it.key).collect();
    assert_eq!((keys.len(), &keys[0]), (3, &keys[1]), "the call that is made again has its key");
    is_sound_for(&letters(&office), &store).await;
}

pub async fn a_call_of_a_suspended_process_waits_until_it_is_resumed<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    let office = PostOffice::default();
    office.answers("a", &[Answer::ComeAgain]);
    let runtime = start(&letters(&office), store.clone()).await;
    let process = write(&runtime, "a").await;
    runtime.settled().await.unwrap();
    let anna = runtime.operator().by("anna").because("the office moves");

    anna.request([Operation::SuspendProcess(process)]).await.unwrap();
    advance(&runtime, 100).await;
    assert_eq!(attempts(&office, "a"), [1]);
    let other = write(&runtime, "b").await;
    finish(&runtime, other).await;

    anna.request([Operation::ResumeProcess(process)]).await.unwrap();
    finish(&runtime, process).await;
    assert_eq!(posted(&runtime, "a").await, 1);
    is_sound_for(&letters(&office), &store).await;
}

pub async fn the_calls_of_a_cancelled_process_are_taken_back<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    let office = PostOffice::default();
    office.answers("a", &[Answer::Silence]);
    let runtime = start(&letters(&office), store.clone()).await;
    let process = write(&runtime, "a").await;
    first_visit(&office).await;

    let anna = runtime.operator().by("anna").because("it was a mistake");
    anna.request([Operation::CancelProcess(process)]).await.unwrap();
    finish(&runtime, process).await;

    assert_eq!(store.calls().await.unwrap(), []);
    assert_eq!((posted(&runtime, "a").await, attempts(&office, "a")), (0, vec![1]));
    let other = write(&runtime, "a").await;
    finish(&runtime, other).await;
    assert_eq!(posted(&runtime, "a").await, 1);
}

pub async fn a_call_that_asks_for_somebody_to_look_is_parked<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    let office = PostOffice::default();
    office.answers("a", &[Answer::Puzzled]);
    let runtime = start(&letters(&office), store).await;

    let process = write(&runtime, "a").await;

    assert_eq!(runtime.wait(process).await.unwrap().parked, 1);
    assert_eq!(runtime.reader().parked().await.unwrap()[0].cause.as_deref(), Some("what is that?"));
}

pub async fn a_call_that_nobody_wants_any_more_is_taken_back<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    let office = PostOffice::default();
    office.answers("a", &[Answer::Silence]);
    let runtime = start(&letters(&office), store.clone()).await;
    let process = write(&runtime, "a").await;
    first_visit(&office).await;

    runtime.execute(RecallLetter { letter: "a".into() }).await.unwrap();
    finish(&runtime, process).await;

    assert_eq!(store.calls().await.unwrap(), []);
    assert_eq!((posted(&runtime, "a").await, attempts(&office, "a")), (0, vec![1]));
    let second = write(&runtime, "a").await;
    finish(&runtime, second).await;
    assert_eq!(posted(&runtime, "a").await, 1, "another letter is not held up");
    is_sound_for(&letters(&office), &store).await;
}

pub async fn calls_for_one_stream_are_made_one_after_another<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    let office = PostOffice::default();
    office.answers("a", &[Answer::ComeAgain]);
    let runtime = start(&letters(&office), store.clone()).await;
    for _ in 0..3 {
        write(&runtime, "a").await;
    }
    runtime.settled().await.unwrap();
    assert_eq!(attempts(&office, "a"), [1], "the others wait until the first is over");

    advance(&runtime, 20).await;

    assert_eq!((posted(&runtime, "a").await, attempts(&office, "a")), (3, vec![1, 2, 1, 1]));
    is_sound_for(&letters(&office), &store).await;
}

pub async fn a_target_that_is_down_uses_up_few_attempts<U: StoreUnderTest>() {
    const LETTERS: usize = 40;
    let (_place, store) = U::create(Settings::default()).await;
    let office = PostOffice::default();
    office.is_closed(true);
    let runtime = start(&letters(&office), store.clone()).await;
    for letter in 0..LETTERS {
        write(&runtime, &letter.to_string()).await;
    }
    advance(&runtime, 60).await;
    let visits = office.visits().len();
    assert!((5..LETTERS).contains(&visits), "after some failures hardly anybody goes: {visits} went");

    office.is_closed(false);
    advance(&runtime, 60).await;

    for letter in 0..LETTERS {
        assert_eq!(posted(&runtime, &letter.to_string()).await, 1, "letter {letter}");
    }
    is_sound_for(&letters(&office), &store).await;
}

pub async fn o1_a_crash_at_any_commit_loses_no_call_and_records_none_twice<U: StoreUnderTest>() {
    for fault in [Fault::DeathBeforeCommit, Fault::DeathAfterCommit, Fault::CommitRefused] {
        for nth in 1.. {
            let (place, store) = U::create(Settings::default()).await;
            let office = PostOffice::default();
            office.answers("b", &[Answer::ComeAgain]);
            let faulty = FaultyStore::new(store.clone(), fault, nth);
            let work = async {
                let runtime = start(&letters(&office), faulty.clone()).await;
                for letter in ["a", "b", "c"] {
                    // One that is refused is sent again, as a client would.
                    let key = letter.to_string();
                    while runtime
                        .send(WriteLetter { letter: letter.into() })
                        .idempotency_key(key.clone())
                        .await
                        .is_err()
                    {}
                }
                runtime.settled().await.unwrap();
            };
            tokio::select! {
                () = work => {}
                () = faulty.death() => {}
            }
            let struck = faulty.has_struck();
            let store = place.crash(store).await;

            let runtime = start(&letters(&office), store.clone()).await;
            for letter in ["a", "b", "c"] {
                let write = runtime.send(WriteLetter { letter: letter.into() });
                write.idempotency_key(letter).await.unwrap();
            }
            advance(&runtime, 60).await;

            for letter in ["a", "b", "c"] {
                assert_eq!(posted(&runtime, letter).await, 1, "{fault:?} {nth}: {letter}");
            }
            let keys: BTreeSet<_> = office.visits().into_iter().map(|it| it.key).collect();
            assert_eq!(keys.len(), 3, "{fault:?} {nth}: one key for each letter");
            is_sound_for(&letters(&office), &store).await;
            if !struck {
                break;
            }
        }
    }
}

/// What a call has said is kept when its batch is refused, and recorded with another one. Were the call made once more
/// meanwhile, nobody would hear that one, and it would count as under way for ever.
pub async fn o1_a_call_whose_result_was_refused_is_not_made_again<U: StoreUnderTest>() {
    for nth in 1.. {
        let (_place, store) = U::create(Settings::default()).await;
        let office = PostOffice::default();
        office.answers("a", &[Answer::ComeAgain, Answer::ComeAgain]);
        let application = impatient(&office, Retries::up_to(20), Duration::from_secs(30));
        let faulty = FaultyStore::new(store.clone(), Fault::CommitRefused, nth);
        let runtime = start(&application, faulty.clone()).await;

        send_surely(&runtime, || WriteLetter { letter: "a".into() }, "a").await;
        advance(&runtime, 60 * 60).await;

        assert_eq!(attempts(&office, "a"), [1, 2, 3], "commit {nth}");
        assert_eq!((posted(&runtime, "a").await, store.calls().await.unwrap()), (1, vec![]), "commit {nth}");
        if !faulty.has_struck() {
            assert!(nth > 4, "the job had only {nth} commits");
            break;
        }
    }
}
