use std::sync::Arc;

use procession::{
    MemoryStore, Message, Store, Stream,
    inspect::verify::{Rule, verify},
    log::{Entry, Kind, Position, ProcessId},
    store::{Batch, Delivery, EffectCall, Expected, NewEntry, Reference},
};

use crate::rental::{Pay, START, rent, rentals, running};

#[tokio::test]
async fn a_store_that_an_application_has_written_keeps_its_promises() {
    let (runtime, store) = running(&rentals(true)).await;
    for rental in ["a", "reminded"] {
        rent(&runtime, rental).await;
    }

    let report = verify(&store).await.unwrap();

    assert_eq!((report.violations, report.processes), (vec![], 2));
}

#[tokio::test]
async fn what_refers_to_nothing_and_what_belongs_to_another_process_is_found() {
    // given an entry of process 1 whose cause is of another one, and a call for an entry that is not there
    let store = MemoryStore::new();
    let pay = || {
        let stream = Stream::new("till", "a").unwrap();
        Arc::new(Entry::new(
            Kind::ExecutedCommand,
            stream,
            Pay { rental: "a".into() }.encode().unwrap(),
            START,
        ))
    };
    let new = |process: Option<u64>, causation: Option<u64>| NewEntry {
        entry: pay(),
        process: process.map(|it| Reference::Position(Position(it))),
        causation: causation.map(|it| Reference::Position(Position(it))),
        expected: Expected::Any,
        idempotency_key: None,
    };
    let call = EffectCall {
        delivery: Delivery { position: Position(9), handler: "effect charge".into() },
        stream: Stream::new("till", "a").unwrap(),
        process: ProcessId(1),
        attempts: 0,
        due: START,
        cause: None,
        at: START,
    };
    let entries = vec![new(None, None), new(None, None), new(Some(1), Some(2)), new(Some(1), None)];
    store.commit(Batch { entries, calls: vec![call], ..Batch::default() }).await.unwrap();

    let report = verify(&store).await.unwrap();

    let found: Vec<_> = report.violations.iter().map(|it| (it.rule, it.position.map(|it| it.0))).collect();
    assert_eq!(
        found,
        [
            (Rule::ProcessesByCause, Some(3)),
            (Rule::ProcessesByCause, Some(4)),
            (Rule::TablesReferToEntries, Some(9)),
        ]
    );
}
