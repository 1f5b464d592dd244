//! The API, asked at random: all that the client knows, it reads from the OpenAPI document that the hotel serves.
//!
//! A [`Session`](session::Session) is a row of requests to a hotel of its own, valid ones and broken ones. Each answer must
//! be one that the document declares ([`verdict`]), and when all is quiet, the log and the pages must hold what the
//! answers have claimed, once, and nothing else ([`books`]).
//!
//! The sessions of [`corpus`] are asked again in every run, and some random ones that are always the same. For new ones:
//!
//! ```console
//! $ HOTEL_FUZZ_SECONDS=600 cargo test --release -p hotel --test web fuzz -- --nocapture
//! ```
//!
//! It adds a session to the corpus for every answer of a kind that was not there before, and the one that has failed.

mod api;
mod books;
mod broken;
mod corpus;
mod request;
pub(crate) mod schema;
mod session;
mod valid;
mod verdict;

use std::{
    cell::RefCell,
    collections::BTreeSet,
    time::{Duration, Instant},
};

use proptest::{
    strategy::{Strategy, ValueTree},
    test_runner::{Config, TestCaseError, TestError, TestRunner},
};

use self::session::{Furnished, Session};

const RANDOM_SESSIONS: u32 = 60;

#[test]
fn the_corpus_is_answered_as_documented() {
    let furnished = Furnished::new();
    let cases = corpus::read();
    let shows = |case: &&corpus::Case| {
        let answers = case.session.ask(&furnished).unwrap_or_else(|why| panic!("{}: {why}", case.shows));
        answers.last() == Some(&case.shows)
    };
    let (showing, count) = (cases.iter().filter(shows).count(), cases.len());
    // Requests at the same time may change places, and so may the guests of the hotel in its log.
    assert!(showing * 10 >= count * 9, "only {showing} of {count} sessions show what they were kept for");
}

#[test]
fn random_sessions_are_answered_as_documented() {
    let furnished = Furnished::new();
    let seconds = std::env::var("HOTEL_FUZZ_SECONDS").ok().map(|it| it.parse().expect("a number of seconds"));
    match seconds {
        None => ask_the_same_as_ever(&furnished),
        Some(seconds) => look_for_new_answers(&furnished, Duration::from_secs(seconds)),
    }
}

/// A failure is then the fault of what was changed.
fn ask_the_same_as_ever(furnished: &Furnished) {
    let config = Config { cases: RANDOM_SESSIONS, failure_persistence: None, ..Config::default() };
    let rng = TestRunner::deterministic().new_rng();
    let asked = TestRunner::new_with_rng(config, rng).run(&session::sessions(&furnished.api), |session| {
        session.ask(furnished).map(drop).map_err(TestCaseError::fail)
    });
    asked.unwrap_or_else(|error| panic!("{error}\n{}", failing(&error)));
}

fn failing(error: &TestError<Session>) -> String {
    match error {
        TestError::Fail(_, session) => serde_json::to_string(session).unwrap(),
        TestError::Abort(_) => String::new(),
    }
}

fn look_for_new_answers(furnished: &Furnished, time: Duration) {
    let end = Instant::now() + time;
    let mut known: BTreeSet<_> = corpus::read().into_iter().map(|it| it.shows).collect();
    let (before, mut sessions, mut requests) = (known.len(), 0_u64, 0);
    let mut runner = TestRunner::new(Config { failure_persistence: None, ..Config::default() });
    let strategy = session::sessions(&furnished.api);
    while Instant::now() < end {
        let tree = strategy.new_tree(&mut runner).unwrap();
        let (session, kinds) = (tree.current(), RefCell::default());
        let asked = runner.run_one(tree, |it| {
            kinds.replace(it.ask(furnished).map_err(TestCaseError::fail)?);
            Ok(())
        });
        if let Err(error) = asked {
            if let TestError::Fail(why, session) = &error {
                corpus::add(format!("FAILS: {why}"), session);
            }
            panic!("{error}\n{}", failing(&error));
        }
        (sessions, requests) = (sessions + 1, requests + session.len());
        for shows in kinds.into_inner() {
            if known.insert(shows.clone()) {
                corpus::add(shows.clone(), &session.shortest_that_shows(&shows, furnished));
            }
        }
    }
    let grown = known.len() - before;
    eprintln!(
        "{sessions} sessions with {requests} requests; {grown} are new in the corpus of {}",
        known.len()
    );
}
