//! What has ended leaves the log, and nothing that is left depends on it.

use std::sync::Arc;

use jiff::Timestamp;
use procession::{
    Partition, Version,
    log::{Kind, Position, ProcessId, Recorded},
    replay::{Replay, WhatIf},
};
use procession_runtime::{
    ExecuteError, RequestError, Runtime, Store, StoreError,
    inspect::{Inspector, archived, verify::verify, what_if},
    store::{
        Archived, Batch, Becomes, CheckpointMove, Conflict, Delivery, EffectCall, Generation,
        GenerationState, Hold, HoldKind, Move, NotArchived, ProjectionChange, ReadModelChanges, Reference,
    },
};

use crate::{
    Settings, StoreUnderTest,
    batches::{
        NOTHING, NewEntryWith as _, batch, command, contents, entry, event, log, message, parked, positions,
        second, stream, timer,
    },
    domain::{
        Account, Deposit, FillTank, Gauge, OpenAccount, Poll, StartSurvey, Survey, announce, application,
        terms,
    },
    faulty::{Fault, FaultyStore},
    running::{finish, start, state},
};

const FIRST: ProcessId = ProcessId(1);

/// A process of a command, an event, a rejection and a public event, and two entries of other processes.
async fn a_process(store: &impl Store) {
    let first = Reference::Entry(0);
    let mut entries = vec![command("a", 1).keyed("key")];
    entries.push(event("a", 2).of_process(first).caused_by(first));
    let rejection = entry(Kind::Rejection, "a", message(3));
    entries.push(rejection.of_process(first).caused_by(first));
    let public = entry(Kind::PublicEvent, "a", message(4));
    entries.push(public.of_process(first).caused_by(first));
    entries.push(command("b", 5));
    entries.push(command("b", 6));
    store.commit(batch(entries)).await.unwrap();
}

/// Every partition is handled up to a position.
async fn handle(store: &impl Store, to: u64) {
    let owned = store.acquire((0..store.partitions()).map(Partition).collect()).await.unwrap();
    let moves = owned.into_iter().map(|it| CheckpointMove {
        partition: it.partition,
        token: it.token,
        from: it.checkpoint,
        to: Position(to),
    });
    store.commit(Batch { checkpoints: moves.collect(), ..Batch::default() }).await.unwrap();
}

fn piece(process: u64, first: u64, last: u64, entries: u64) -> Archived {
    Archived {
        process: ProcessId(process),
        first: Position(first),
        last: Position(last),
        entries,
        digest: "the digest of 'lines'".into(),
        file: "the \"file\" of ümlauts\\".into(),
        at: second(7),
    }
}

async fn take_out(store: &impl Store, pieces: impl IntoIterator<Item = Archived>) -> Result<(), StoreError> {
    let archived = pieces.into_iter().collect();
    store.commit(Batch { archived, ..Batch::default() }).await.map(drop)
}

/// Archives all that has ended, and gives what would be in the file.
async fn archive_all(store: &(impl Store + Clone)) -> Vec<Recorded> {
    let inspector = Inspector::of(Arc::new(store.clone())).await.unwrap();
    let mut gone = Vec::new();
    for it in inspector.ended_before(Timestamp::MAX, usize::MAX).await.unwrap() {
        let mut entries = store.read_process(it.process, Position::START, usize::MAX).await.unwrap();
        entries.retain(|entry| !entry.entry.kind.is_kept());
        let Some(first) = entries.first() else { continue };
        let piece = piece(it.process.0, first.position.0, it.last.0, entries.len() as u64);
        take_out(store, [piece]).await.unwrap();
        gone.extend(entries);
    }
    gone
}

pub async fn what_is_archived_leaves_the_log_and_what_is_kept_stays<U: StoreUnderTest>() {
    let (place, store) = U::create(Settings::default()).await;
    a_process(&store).await;
    handle(&store, 6).await;
    let before = store.process(FIRST).await.unwrap();

    take_out(&store, [piece(1, 1, 4, 2)]).await.unwrap();

    store.close().await.unwrap();
    let store = place.reopen().await;
    assert_eq!(positions(&log(&store).await), [2, 4, 5, 6]);
    let of_process = store.read_process(FIRST, Position::START, 10).await.unwrap();
    assert_eq!(positions(&of_process), [2, 4]);
    assert_eq!(positions(&store.read_entries((0..9).map(Position).collect()).await.unwrap()), [2, 4, 5, 6]);
    assert_eq!(positions(&store.read_stream(stream("a"), Version::NONE, 10).await.unwrap()), [2]);
    assert_eq!(positions(&store.read_log(Position::START, 2).await.unwrap()), [2, 4]);
    assert_eq!(positions(&store.read_log(Position(2), 2).await.unwrap()), [4, 5]);
    assert_eq!(store.process(FIRST).await.unwrap(), before, "it is as large as it was");
    assert_eq!(archived(&store).await.unwrap(), [piece(1, 1, 4, 2)]);
    let report = verify(&store).await.unwrap();
    assert_eq!((report.violations, report.entries, report.archived), (vec![], 4, 2));
}

pub async fn what_follows_an_archive_stands_at_new_places<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    a_process(&store).await;
    handle(&store, 6).await;
    take_out(&store, [piece(1, 1, 4, 2), piece(5, 5, 5, 1)]).await.unwrap();

    let after = store.commit(batch([event("a", 7).expecting(1), event("b", 8).expecting(0)])).await.unwrap();

    assert_eq!(after.after, Position(6));
    assert_eq!(positions(&log(&store).await), [2, 4, 6, 7, 8]);
    let again = store.commit(batch([command("a", 1).keyed("key")])).await;
    assert_eq!(again, Err(StoreError::Duplicate { key: "key".into(), position: Position(1) }));
    assert_eq!(store.find_key("key".into()).await.unwrap(), Some(Position(1)));
}

pub async fn what_has_not_ended_is_not_archived_and_nothing_of_its_batch_takes_effect<U: StoreUnderTest>() {
    let delivery = || Delivery { position: Position(2), handler: "effect x".into() };
    let call = EffectCall {
        delivery: delivery(),
        stream: stream("a"),
        process: FIRST,
        attempts: 0,
        due: second(1),
        cause: None,
        at: second(0),
    };
    let hold = Hold { kind: HoldKind::Cancelled, operation: Position(6) };
    let waiting: [Batch; 4] = [
        Batch { parked: vec![parked(2, "a", Some("broken"))], ..Batch::default() },
        Batch { calls: vec![call], ..Batch::default() },
        Batch { timers: vec![timer("a", second(9), 9)], ..Batch::default() },
        Batch { holds: vec![(FIRST, Some(hold))], ..Batch::default() },
    ];
    for waits in waiting {
        let (_place, store) = U::create(Settings::default()).await;
        a_process(&store).await;
        handle(&store, 6).await;
        store.commit(waits).await.unwrap();
        is_refused(&store, piece(1, 1, 4, 2), NotArchived::Waits).await;
    }
    let (_place, store) = U::create(Settings::default()).await;
    a_process(&store).await;
    handle(&store, 3).await;
    is_refused(&store, piece(1, 1, 4, 2), NotArchived::NotHandled).await;
}

pub async fn the_newest_entry_and_what_is_gone_are_not_archived<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    a_process(&store).await;
    handle(&store, 6).await;

    is_refused(&store, piece(6, 6, 6, 1), NotArchived::Newest).await;
    for wrong in
        [piece(1, 1, 4, 3), piece(1, 1, 4, 1), piece(1, 3, 4, 2), piece(5, 1, 4, 2), piece(1, 4, 1, 0)]
    {
        is_refused(&store, wrong, NotArchived::Others).await;
    }
    take_out(&store, [piece(1, 1, 4, 2)]).await.unwrap();
    is_refused(&store, piece(1, 1, 4, 2), NotArchived::Others).await;
}

pub async fn what_a_read_model_has_not_come_to_is_not_archived<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    a_process(&store).await;
    handle(&store, 6).await;
    let token = store.acquire_projection("rooms".into()).await.unwrap();
    let generation = || Generation { projection: "rooms".into(), number: 1 };
    let live = Becomes::New { version: 1, state: GenerationState::Live };
    let generations = vec![ProjectionChange { token, generation: generation(), to: live }];
    let read_models = ReadModelChanges { generations, ..Default::default() };
    store.commit(Batch { read_models, ..Batch::default() }).await.unwrap();

    is_refused(&store, piece(1, 1, 4, 2), NotArchived::NotHandled).await;

    let to = Move { from: Position::START, to: Position(4) };
    let moves = vec![ProjectionChange { token, generation: generation(), to }];
    let read_models = ReadModelChanges { moves, ..Default::default() };
    store.commit(Batch { read_models, ..Batch::default() }).await.unwrap();
    take_out(&store, [piece(1, 1, 4, 2)]).await.unwrap();
}

async fn is_refused(store: &impl Store, piece: Archived, why: NotArchived) {
    let (before, was) = (contents(store).await, archived(store).await.unwrap());
    let Archived { process, first, last, .. } = piece;
    // What the batch appends itself would be the newest.
    let beside = if why == NotArchived::Newest { Batch::default() } else { batch([event("z", 1)]) };

    let refused = store.commit(Batch { archived: vec![piece], ..beside }).await;

    assert_eq!(refused, Err(Conflict::Archive { process, first, last, why }.into()));
    assert_eq!((contents(store).await, archived(store).await.unwrap()), (before, was));
}

pub async fn pieces_are_read_in_pages<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    let one = Reference::Position(Position(1));
    let later = (2..=6).map(|it| command("a", it).of_process(one).caused_by(one));
    store.commit(batch([command("a", 1)])).await.unwrap();
    store.commit(batch(later.chain([command("b", 7), command("b", 8)]))).await.unwrap();
    handle(&store, 8).await;

    take_out(&store, [piece(1, 1, 2, 2), piece(1, 3, 5, 3)]).await.unwrap();
    take_out(&store, [piece(7, 7, 7, 1), piece(1, 6, 6, 1)]).await.unwrap();

    let firsts = async |process, after, limit| -> Vec<u64> {
        let pieces = store.archived((ProcessId(process), Position(after)), limit).await.unwrap();
        pieces.iter().map(|it| it.first.0).collect()
    };
    assert_eq!(firsts(0, 0, 10).await, [1, 3, 6, 7]);
    assert_eq!(firsts(0, 0, 2).await, [1, 3]);
    assert_eq!(firsts(1, 3, 2).await, [6, 7]);
    assert_eq!(firsts(1, u64::MAX, 10).await, [7]);
    assert_eq!(firsts(7, 7, 10).await, NOTHING);
    assert_eq!(positions(&log(&store).await), [8]);
}

pub async fn o1_a_crash_around_an_archive_leaves_all_or_nothing<U: StoreUnderTest>() {
    for (fault, left, pieces) in [
        (Fault::DeathBeforeCommit, vec![1, 2, 3, 4, 5, 6], 0),
        (Fault::DeathAfterCommit, vec![2, 4, 5, 6], 1),
    ] {
        let (place, store) = U::create(Settings::default()).await;
        a_process(&store).await;
        handle(&store, 6).await;
        let faulty = FaultyStore::new(store.clone(), fault, 1);

        let archiving = tokio::spawn({
            let faulty = faulty.clone();
            async move { take_out(&faulty, [piece(1, 1, 4, 2)]).await }
        });
        faulty.death().await;
        archiving.abort();
        // What was handed over is decided when the next commit is.
        store.commit(Batch::default()).await.unwrap();
        drop(faulty);

        let store = place.crash(store).await;
        assert_eq!(positions(&log(&store).await), left);
        assert_eq!(archived(&store).await.unwrap().len(), pieces);
        assert_eq!(verify(&store).await.unwrap().violations, []);
    }
}

/// Accounts, a survey, a poll that waits, and public events.
async fn a_day(runtime: &Runtime) {
    runtime.execute(OpenAccount { account: "1".into() }).idempotency_key("open").await.unwrap();
    for amount in [5, 7, 3] {
        runtime.execute(Deposit { account: "1".into(), amount }).await.unwrap();
    }
    let sent = runtime.send(StartSurvey { survey: "s".into(), respondents: 10 }).idempotency_key("survey");
    finish(runtime, sent.await.unwrap().process).await;
    finish(runtime, runtime.send(FillTank { tank: "t".into(), litres: vec![1, 2] }).await.unwrap().process)
        .await;
    finish(runtime, runtime.send(announce("p", terms(3))).await.unwrap().process).await;
}

type States = (Account, Survey, Gauge, Poll);

async fn states(runtime: &Runtime) -> States {
    (
        state(runtime, "1").await,
        state(runtime, "s").await,
        state(runtime, "t").await,
        state(runtime, "p").await,
    )
}

/// A day, all that has ended of it archived, and a new runtime on what is left. Gives the states before, too.
async fn an_archived_day<U: StoreUnderTest>() -> (U, U::Store, Runtime, Vec<Recorded>, States) {
    let (place, store) = U::create(Settings::default()).await;
    let runtime = start(store.clone()).await;
    a_day(&runtime).await;
    let before = states(&runtime).await;
    // When it stops, it says of every partition how far it is handled.
    runtime.stop().await.unwrap();
    let store = place.reopen().await;
    let runtime = start(store.clone()).await;
    let gone = archive_all(&store).await;
    assert!(gone.len() > 20, "only {} entries are archived", gone.len());
    runtime.stop().await.unwrap();
    let store = place.reopen().await;
    let runtime = start(store.clone()).await;
    (place, store, runtime, gone, before)
}

pub async fn promise_6_states_are_the_same_after_an_archive<U: StoreUnderTest>() {
    let (_place, store, runtime, gone, before) = an_archived_day::<U>().await;

    assert_eq!(states(&runtime).await, before);
    let log = log(&store).await;
    assert!(log.iter().all(|it| !gone.contains(it)));
    let report = verify(&store).await.unwrap();
    assert_eq!((report.violations, report.archived), (vec![], gone.len() as u64));
    assert!(archive_all(&store).await.is_empty(), "nothing is archived twice");
    // What goes on, goes on from there.
    runtime.execute(Deposit { account: "1".into(), amount: 100 }).await.unwrap();
    assert_eq!(state::<Account>(&runtime, "1").await.balance, 115);
}

pub async fn promise_6_what_is_archived_is_replayed_as_it_is_recorded<U: StoreUnderTest>() {
    let (_place, store, runtime, gone, _) = an_archived_day::<U>().await;
    finish(&runtime, runtime.send(StartSurvey { survey: "t".into(), respondents: 3 }).await.unwrap().process)
        .await;
    let (application, log) = (application(), log(&store).await);
    let mut replay = Replay::new(application.engine());
    for it in archived(&store).await.unwrap() {
        replay = replay.archived(it.process, it.last);
    }

    let replayed = log.iter().try_for_each(|it| replay.next(it.clone()));

    assert_eq!(replayed, Ok(()));
    assert!(replay.finish().unwrap() > 0, "what is there is decided again");
    let report = what_if(&application, &store).await.unwrap();
    assert!(report.differences.is_empty(), "{:?}", report.differences);
    assert!(report.same > 0 && gone.iter().all(|it| report.archived.contains(&it.process)));
    let mut unaware = WhatIf::of(&application);
    log.into_iter().for_each(|it| unaware.next(it));
    assert!(!unaware.finish().differences.is_empty(), "who is not told of it finds causes missing");
}

pub async fn o3_a_key_whose_message_is_archived_has_no_second_effect_and_says_so<U: StoreUnderTest>() {
    let (_place, store, runtime, _, before) = an_archived_day::<U>().await;
    let at = |key: &str| store.find_key(key.into());
    let (opened, surveyed) = (at("open").await.unwrap().unwrap(), at("survey").await.unwrap().unwrap());

    let executed = runtime.execute(OpenAccount { account: "1".into() }).idempotency_key("open").await;
    let survey = StartSurvey { survey: "s".into(), respondents: 10 };
    let sent = runtime.send(survey).idempotency_key("survey").await;

    let archived = |key: &str, position| RequestError::Archived { key: key.into(), position };
    assert_eq!(executed.unwrap_err(), ExecuteError::NotTaken(archived("open", opened)));
    assert_eq!(sent.unwrap_err(), archived("survey", surveyed));
    runtime.settled().await.unwrap();
    assert_eq!(states(&runtime).await, before);
}

pub async fn what_waits_behind_an_archive_is_handled_after_a_restart<U: StoreUnderTest>() {
    let (place, _, runtime, ..) = an_archived_day::<U>().await;
    runtime.stop().await.unwrap();
    let store = place.reopen().await;
    let deposits = (0..9).map(|it| Deposit { account: "1".into(), amount: it });
    let runtime = start(store.clone()).await;
    for deposit in deposits {
        runtime.send(deposit).await.unwrap();
    }
    runtime.stop().await.unwrap();

    let store = place.reopen().await;
    let runtime = start(store.clone()).await;
    runtime.settled().await.unwrap();

    assert_eq!(state::<Account>(&runtime, "1").await.balance, 15 + 36);
    assert_eq!(verify(&store).await.unwrap().violations, []);
}

pub async fn an_archive_while_commits_go_on_disturbs_nobody<U: StoreUnderTest>() {
    const ACCOUNTS: usize = 4;
    let (place, store) = U::create(Settings::default()).await;
    let runtime = start(store.clone()).await;
    a_day(&runtime).await;
    runtime.stop().await.unwrap();
    let store = place.reopen().await;
    let runtime = start(store.clone()).await;
    let busy = (0..ACCOUNTS).map(|it| {
        let (runtime, account) = (runtime.clone(), format!("busy {it}"));
        tokio::spawn(async move {
            runtime.execute(OpenAccount { account: account.clone() }).await.unwrap();
            for _ in 0..50 {
                runtime.execute(Deposit { account: account.clone(), amount: 1 }).await.unwrap();
            }
        })
    });
    let busy: Vec<_> = busy.collect();

    let mut gone = 0;
    while busy.iter().any(|it| !it.is_finished()) {
        gone += archive_all(&store).await.len();
        assert_eq!(verify(&store).await.unwrap().violations, []);
        tokio::task::yield_now().await;
    }

    for it in busy {
        it.await.unwrap();
    }
    assert!(gone > 20, "only {gone} entries are archived");
    for it in 0..ACCOUNTS {
        assert_eq!(state::<Account>(&runtime, &format!("busy {it}")).await.balance, 50);
    }
    runtime.settled().await.unwrap();
    let report = verify(&store).await.unwrap();
    assert_eq!((report.violations, report.archived), (vec![], gone as u64));
}
