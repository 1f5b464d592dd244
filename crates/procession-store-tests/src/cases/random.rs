//! Random batches and random answers, compared with models that are too simple to be wrong.

use std::collections::BTreeSet;

use procession::{
    Stream, Version,
    log::{Position, Recorded},
};
use procession_runtime::{
    Store, StoreError,
    store::{Conflict, Ownership, ParkedOf, Timer},
};
use proptest::{
    collection::vec,
    prelude::Strategy,
    test_runner::{Config, TestRunner},
};

use crate::{
    Settings, StoreUnderTest,
    batches::{acquire, contents, numbers, positions, second, stream},
    domain::{AnnouncePoll, CastVote, CountAnswer, Poll, StartSurvey, Survey, Terms},
    model::{Logged, Model, RandomBatch, STREAMS, Step, Waiting, number_of, step},
    running::{advance, finish, is_sound, start, start_at, state},
};

pub async fn any_batches_leave_what_a_plain_model_holds<U: StoreUnderTest>() {
    holds(64, vec(step(), 1..25), async |steps: Vec<Step>| {
        let (place, mut store) = U::create(Settings::default()).await;
        let mut model = Model::default();
        let mut owner = acquire(&store, 0).await;
        for step in steps {
            match step {
                Step::Acquire => owner = acquire(&store, 0).await,
                Step::Reopen => {
                    store.close().await.unwrap();
                    store = place.reopen().await;
                }
                Step::Commit(new) => model = commit(&store, model, owner, &new).await,
            }
        }
        is_as_modelled(&store, &model).await;
        store.close().await.unwrap();
    });
}

/// Commits to both. What breaks a rule must be refused for that reason, and everything else taken.
async fn commit(store: &impl Store, model: Model, owner: Ownership, new: &RandomBatch) -> Model {
    let timers = store.due_timers(second(100), 100).await.unwrap();
    let change = model.change(owner, &timers, new);
    match store.commit(change.batch).await {
        Ok(committed) => {
            assert!(change.broken.is_empty(), "it was taken, although it breaks {:?}", change.broken);
            assert_eq!(committed.after.0, model.log.len() as u64);
            change.after
        }
        Err(error) => {
            assert!(change.broken.contains(rule(&error)), "{error:?}; it breaks {:?}", change.broken);
            model
        }
    }
}

/// The answers that a survey gets, in any order, some twice, some from strangers, from several clients at once.
pub async fn p15_any_order_and_repetition_of_answers_ends_a_process_exactly_once<U: StoreUnderTest>() {
    let answers = vec(vec(0..12_u32, 0..12), 1..4);
    holds(24, (0..8_u32, answers), async |(respondents, clients): (u32, Vec<Vec<u32>>)| {
        let (_place, store) = U::create(Settings::default()).await;
        let runtime = start(store.clone()).await;
        let started = runtime.send(StartSurvey { survey: "s".into(), respondents }).await.unwrap();
        let clients: Vec<_> = clients
            .into_iter()
            .map(|numbers| {
                let runtime = runtime.clone();
                tokio::spawn(async move {
                    for number in numbers {
                        let answer = CountAnswer { survey: "s".into(), number };
                        let sent = runtime.send(answer).await.unwrap();
                        finish(&runtime, sent.process).await;
                    }
                })
            })
            .collect();
        for client in clients {
            client.await.unwrap();
        }
        finish(&runtime, started.process).await;

        let survey: Survey = state(&runtime, "s").await;
        let sum: u32 = (0..respondents).sum();
        assert_eq!((survey.answers, survey.sum), (respondents, u64::from(sum)));
        assert_eq!(survey.ended, u32::from(respondents > 0));
        is_sound(&store).await;
        runtime.stop().await.unwrap();
    });
}

/// Polls in any shape, with votes of any number at any moment, in a time that moves on by chance: each ends exactly once, and
/// every message is accounted for.
pub async fn p15_any_votes_at_any_time_end_a_process_manager_exactly_once<U: StoreUnderTest>() {
    let terms = (0..6_u32, 0..3_u32, 0..6_u32).prop_map(|(voters, refusers, forgotten)| Terms {
        voters,
        refusers: refusers.min(voters),
        forgotten: forgotten.min(voters),
        within_seconds: Some(60),
    });
    let votes = vec((0..8_u32, 0..30_u64), 0..12);
    holds(32, (terms, votes), async |(terms, votes): (Terms, Vec<(u32, u64)>)| {
        let (_place, store) = U::create(Settings::default()).await;
        let runtime = start_at(store.clone(), 0).await;
        runtime.send(AnnouncePoll { poll: "p".into(), terms }).await.unwrap();
        let mut seconds = 0;
        for (number, pause) in votes {
            let vote = CastVote { voter: format!("{number}"), poll: Some("p".into()), number };
            runtime.send(vote).await.unwrap();
            advance(&runtime, pause).await;
            seconds += pause;
        }
        advance(&runtime, 60_u64.saturating_sub(seconds)).await;

        let poll: Poll = state(&runtime, "p").await;
        assert_eq!((poll.opened, poll.ended), (1, 1));
        assert_eq!(store.next_due().await.unwrap(), None);
        assert_eq!(store.parked(ParkedOf::Everything, usize::MAX).await.unwrap(), []);
        is_sound(&store).await;
        runtime.stop().await.unwrap();
    });
}

async fn is_as_modelled(store: &impl Store, model: &Model) {
    let found = contents(store).await;
    assert_eq!(found.progress.head.0, model.log.len() as u64);
    assert_eq!(found.progress.checkpoints[0].0, model.checkpoint);
    assert_eq!(found.log.iter().zip(numbers(&found.log)).map(logged).collect::<Vec<_>>(), model.log);
    let mut timers = model.timers.clone();
    timers.sort_by_key(|it| it.due);
    assert_eq!(found.timers.iter().map(waiting).collect::<Vec<_>>(), timers);
    assert_eq!(found.next_due, timers.first().map(|it| second(it.due)));
    assert_eq!(found.parked.len(), model.parked);
    for (key, position) in &model.keys {
        let found = store.find_key(format!("key {key}").into()).await.unwrap();
        assert_eq!(found, Some(Position(*position)));
    }
    for (index, id) in STREAMS.iter().enumerate() {
        let events = store.read_stream(stream(id), Version::NONE, 10_000).await.unwrap();
        assert_eq!(events.len() as u64, model.versions.get(&index).copied().unwrap_or(0));
    }
    let processes: BTreeSet<u64> = model.log.iter().map(|it| it.process).collect();
    for process in processes {
        let expected =
            (1..).zip(&model.log).filter(|(_, it)| it.process == process).map(|(position, _)| position);
        assert_eq!(read_in_pages(store, process).await, expected.collect::<Vec<u64>>());
    }
}

fn logged((recorded, number): (&Recorded, u64)) -> Logged {
    Logged {
        number,
        kind: recorded.entry.kind,
        stream: index_of(&recorded.entry.stream),
        version: recorded.version.map(|it| it.0),
        process: recorded.process.0,
        causation: recorded.causation.map(|it| it.0),
        sender: recorded.entry.sender.as_ref().map(index_of),
    }
}

fn waiting(timer: &Timer) -> Waiting {
    Waiting {
        number: number_of(timer),
        due: timer.due.as_second() - second(0).as_second(),
        to: index_of(&timer.to),
        sender: timer.sender.as_ref().map(index_of),
    }
}

fn index_of(found: &Stream) -> usize {
    STREAMS.iter().position(|id| *found == stream(id)).unwrap()
}

async fn read_in_pages(store: &impl Store, process: u64) -> Vec<u64> {
    let (mut after, mut read) = (Position::START, Vec::new());
    loop {
        let page = store.read_process(Position(process).into(), after, 3).await.unwrap();
        let Some(last) = page.last() else { return read };
        after = last.position;
        read.extend(positions(&page));
    }
}

fn rule(error: &StoreError) -> &'static str {
    match error {
        StoreError::Conflict(Conflict::Version { .. }) => "version",
        StoreError::Duplicate { .. } => "key",
        StoreError::Conflict(Conflict::StaleOwner { .. }) => "owner",
        StoreError::Conflict(Conflict::CheckpointAhead { .. }) => "ahead",
        other => panic!("no rule was broken that says: {other:?}"),
    }
}

/// Runs a property on random input, in the runtime of the case.
fn holds<I: std::fmt::Debug>(cases: u32, input: impl Strategy<Value = I>, property: impl AsyncFn(I)) {
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let runtime = tokio::runtime::Handle::current();
    let result = TestRunner::new(config).run(&input, |input| {
        tokio::task::block_in_place(|| runtime.block_on(property(input)));
        Ok(())
    });
    result.unwrap();
}
