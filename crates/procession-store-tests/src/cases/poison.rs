//! P13: an input that no handler can take, in the middle of a process.

use std::collections::BTreeSet;

use procession::{
    Lifecycle, Stream,
    log::{Encoded, Entry, Kind, Position},
};
use procession_runtime::{
    Runtime, Store,
    store::{Batch, Expected, NewEntry, Reference},
};

use crate::{
    Settings, StoreUnderTest,
    batches::{log, second},
    domain::{How, Machine, Poll, RunMachine, Siren, Terms, open, terms, vote},
    moments::{at_every_commit, send_surely},
    running::{counts, finish, is_sound, start, start_at, state},
};

async fn cast(runtime: &Runtime, poll: &str, number: u32) -> u64 {
    let sent = runtime.send(vote(Some(poll), number)).await.unwrap();
    runtime.wait(sent.process).await.unwrap().parked
}

/// Writes a vote for a poll that a defective release could have written, as caused by the newest message.
async fn poison(store: &impl Store, poll: &str) -> Position {
    let log = log(store).await;
    let last = log.last().unwrap();
    let message =
        Encoded { name: "VoteCast".into(), schema_version: 1, payload: r#"{"number":"two"}"#.into() };
    let entry = Entry::new(Kind::Input, Stream::new("poll", poll).unwrap(), message, second(0));
    let poison = NewEntry {
        entry: entry.into(),
        process: Some(Reference::Position(last.process.began_at())),
        causation: Some(Reference::Position(last.position)),
        expected: Expected::Any,
        idempotency_key: None,
    };
    let committed = store.commit(Batch { entries: vec![poison], ..Batch::default() }).await.unwrap();
    committed.after.plus(1)
}

pub async fn p13_a_poison_input_in_the_middle_suspends_its_instance_with_the_reason<U: StoreUnderTest>() {
    // given two polls that are half way
    let (place, store) = U::create(Settings::default()).await;
    let runtime = start(store.clone()).await;
    for poll in ["p", "q"] {
        runtime.execute(open(poll, Terms { forgotten: 3, ..terms(3) })).await.unwrap();
        assert_eq!(cast(&runtime, poll, 0).await, 0);
    }

    // when one of them gets what it cannot read, and both go on
    let poison = poison(&store, "p").await;
    for number in [1, 2] {
        assert_eq!(cast(&runtime, "p", number).await, 1, "it waits behind the poison");
        assert_eq!(cast(&runtime, "q", number).await, 0);
    }

    // then what was before it stays, what follows waits in order, and the other poll ends
    let voters_missing = async |runtime: &Runtime, poll: &str| {
        state::<Poll>(runtime, poll).await.voters.missing().copied().collect::<Vec<_>>()
    };
    assert_eq!(voters_missing(&runtime, "p").await, [1, 2]);
    assert_eq!(runtime.reader().instance::<Poll>("p").await.unwrap().lifecycle, Lifecycle::Running);
    assert_eq!(state::<Poll>(&runtime, "q").await.ended, 1);
    let parked = runtime.reader().parked().await.unwrap();
    assert!(parked.iter().all(|it| (&*it.handler, it.stream.id()) == ("poll", "p")), "{parked:?}");
    assert_eq!(parked.iter().map(|it| it.cause.is_some()).collect::<Vec<_>>(), [true, false, false]);
    assert!(parked.is_sorted_by_key(|it| it.position) && parked[0].position == poison);
    let cause = parked[0].cause.as_deref().unwrap();
    assert!(cause.contains("`VoteCast`") && cause.contains("invalid type"), "{cause}");

    // and so it is after a restart
    runtime.stop().await.unwrap();
    let store = place.reopen().await;
    let runtime = start(store.clone()).await;
    assert_eq!(runtime.reader().parked().await.unwrap(), parked);
    assert_eq!(voters_missing(&runtime, "p").await, [1, 2]);
    runtime.execute(open("r", Terms { forgotten: 1, ..terms(1) })).await.unwrap();
    finish(&runtime, runtime.send(vote(Some("r"), 0)).await.unwrap().process).await;
}

/// O1 for what is parked: its place in the log, its reason, and the checkpoint behind it are there together.
pub async fn o1_a_message_that_is_parked_is_parked_once_whatever_fails<U: StoreUnderTest>() {
    let (parked, runs, messages) = at_every_commit::<U, _>(async |store| {
        let runtime = start_at(store.clone(), 0).await;
        let runs = [How::Well, How::PanicInSaga, How::Well, How::PanicInHandle, How::Well];
        let runs = ["a", "b"].into_iter().flat_map(|machine| runs.map(|how| (machine, how)));
        for ((machine, how), number) in runs.zip(0..) {
            let run = || RunMachine { machine: machine.into(), number, how };
            send_surely(&runtime, run, &format!("run {number}")).await;
        }
        runtime.settled().await.unwrap();
        is_sound(&store).await;
        let parked = runtime.reader().parked().await.unwrap();
        let count = parked.len();
        let parked: BTreeSet<_> = parked.into_iter().map(|it| (it.handler, it.position, it.cause)).collect();
        assert_eq!(parked.len(), count, "none is parked twice");
        let kinds: Vec<_> = parked.into_iter().map(|(handler, _, cause)| (handler, cause)).collect();
        let runs = state::<Machine>(&runtime, "a").await.runs;
        let sirens = state::<Siren>(&runtime, "fragile a").await.sounded;
        let outcome = (kinds, (runs, sirens), counts(&log(&store).await));
        runtime.stop().await.unwrap();
        outcome
    })
    .await;

    assert_eq!(runs, (vec![0, 1, 2], vec![0]));
    assert_eq!(messages["RunMachine"], 10);
    // Of each machine: the run that breaks its handler and the one behind it, and two of the runs for the fragile saga.
    assert_eq!(parked.len(), 2 * (2 + 2));
    assert_eq!(parked.iter().filter(|(_, cause)| cause.is_some()).count(), 2 * 2);
}
