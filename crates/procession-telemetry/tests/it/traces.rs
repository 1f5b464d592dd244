use std::collections::{BTreeMap, BTreeSet};

use hotel::guest_stays::RecordPayment;
use opentelemetry_proto::tonic::trace::v1::Span;
use procession::{
    MemoryStore, Runtime,
    log::{Kind, Position, ProcessId, Recorded},
    sqlite::SqliteStore,
};
use procession_telemetry::{CursorFile, TraceExport};

use crate::{
    receiver::{Receiver, number, text},
    tour::{arrive, leave, open},
};

/// The spans of a process, by the positions of their messages; each must be there once.
fn spans_of(receiver: &Receiver, process: ProcessId) -> BTreeMap<u64, Span> {
    let spans = receiver.spans().into_iter().filter(|it| number(it, "procession.process") == Some(process.0));
    let mut found = BTreeMap::new();
    for span in spans {
        let position = number(&span, "procession.position").unwrap();
        assert!(found.insert(position, span).is_none(), "two spans for position {position}");
    }
    found
}

async fn history(runtime: &Runtime, process: ProcessId) -> Vec<Recorded> {
    runtime.reader().history(process, Position::START).await.unwrap()
}

/// One trace, with a span for each message, whose parent is the span of the cause.
fn assert_one_trace(history: &[Recorded], spans: &BTreeMap<u64, Span>, outer: &[u8]) {
    let messages: Vec<&Recorded> = history
        .iter()
        .filter(|it| !matches!(it.entry.kind, Kind::Rejection | Kind::Ignored | Kind::Failure))
        .collect();
    let positions: BTreeSet<u64> = messages.iter().map(|it| it.position.0).collect();
    assert_eq!(spans.keys().copied().collect::<BTreeSet<_>>(), positions);
    let traces: BTreeSet<&[u8]> = spans.values().map(|it| &*it.trace_id).collect();
    assert_eq!(traces.len(), 1, "one process is one trace");
    for message in messages {
        let span = &spans[&message.position.0];
        let parent = message.causation.map_or(outer, |it| &*spans[&it.0].span_id);
        assert_eq!(span.parent_span_id, parent, "the parent of {message:?}");
        assert_eq!(span.name, message.entry.name);
        assert_eq!(span.start_time_unix_nano as i128, message.entry.at.as_nanosecond());
        assert!(span.end_time_unix_nano >= span.start_time_unix_nano);
        assert_eq!(text(&span.attributes, "procession.stream"), Some(message.entry.stream.to_string()));
    }
}

#[tokio::test]
async fn a_group_checkout_is_one_trace_whose_parents_follow_who_caused_what_also_over_a_restart() {
    let receiver = Receiver::listen().await;
    let folder = tempfile::tempdir().unwrap();
    let store = || SqliteStore::open(folder.path().join("hotel.db")).unwrap();
    let export = |runtime: &Runtime| {
        let cursor = CursorFile::at(folder.path().join("hotel.db-traces"));
        let export = TraceExport::of(runtime, "hotel").cursor(cursor).after(Position::START);
        export.start(receiver.exporter()).unwrap()
    };

    // given: a group that leaves while traces are exported, and one that leaves while they are not
    let runtime = open(store()).await;
    let exporting = export(&runtime);
    let (first, second) = (arrive(&runtime, "first", 5).await, arrive(&runtime, "second", 3).await);
    let first = leave(&runtime, first).await;
    exporting.stop().await;
    let seen = receiver.spans().len();
    let second = leave(&runtime, second).await;
    runtime.stop().await.unwrap();
    assert_eq!(receiver.spans().len(), seen, "nobody exports");

    // when: the hotel opens again
    let runtime = open(store()).await;
    let exporting = export(&runtime);
    let head = *runtime.committed().borrow();
    receiver.until(|it| it.spans().iter().any(|it| number(it, "procession.position") == Some(head.0))).await;
    exporting.stop().await;

    // then: both are whole, and nothing was sent twice
    for process in [first, second] {
        assert_one_trace(&history(&runtime, process).await, &spans_of(&receiver, process), &[]);
    }
    let positions: Vec<u64> =
        receiver.spans().iter().map(|it| number(it, "procession.position").unwrap()).collect();
    assert!(positions.is_sorted_by(|a, b| a < b), "in the order of the log, each once: {positions:?}");
    assert!(receiver.services().iter().all(|it| it == "hotel"));
    runtime.stop().await.unwrap();
}

#[tokio::test]
async fn what_the_destination_does_not_take_is_sent_when_it_does() {
    // given: a destination that is down
    let receiver = Receiver::listen().await;
    receiver.refuse(true);
    let runtime = open(MemoryStore::new()).await;
    let exporting = TraceExport::of(&runtime, "hotel").start(receiver.exporter()).unwrap();
    let group = arrive(&runtime, "tour", 4).await;
    let process = leave(&runtime, group).await;
    receiver.until(|it| it.refused() > 0).await;

    // when
    receiver.refuse(false);

    // then
    let history = history(&runtime, process).await;
    let last = history.last().unwrap().position.0;
    receiver.until(|it| spans_of(it, process).contains_key(&last)).await;
    assert_one_trace(&history, &spans_of(&receiver, process), &[]);
    exporting.stop().await;
}

#[tokio::test]
async fn a_crash_after_an_export_repeats_it_with_the_same_ids() {
    // given: an exported log, and a cursor that was not written any more
    let receiver = Receiver::listen().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("cursor");
    let runtime = open(MemoryStore::new()).await;
    let export = || TraceExport::of(&runtime, "hotel").cursor(CursorFile::at(&file)).after(Position::START);
    let exporting = export().start(receiver.exporter()).unwrap();
    let group = arrive(&runtime, "tour", 3).await;
    leave(&runtime, group).await;
    exporting.stop().await;
    let before = receiver.spans();
    let head = *runtime.committed().borrow();
    assert_eq!(std::fs::read_to_string(&file).unwrap().trim(), head.to_string());
    std::fs::remove_file(&file).unwrap();

    // when
    export().start(receiver.exporter()).unwrap().stop().await;

    // then
    let repeated = receiver.spans().split_off(before.len());
    let ids = |spans: &[Span]| -> Vec<(Vec<u8>, Vec<u8>)> {
        spans.iter().map(|it| (it.trace_id.clone(), it.span_id.clone())).collect()
    };
    assert_eq!(ids(&repeated), ids(&before));
}

#[tokio::test]
async fn a_share_of_the_traces_is_whole_traces() {
    let receiver = Receiver::listen().await;
    let runtime = open(MemoryStore::new()).await;
    let exporting = TraceExport::of(&runtime, "hotel").share(0.5).start(receiver.exporter()).unwrap();
    let mut processes = Vec::new();
    for tour in 0..24 {
        let group = arrive(&runtime, &format!("tour{tour}"), 1).await;
        processes.push(leave(&runtime, group).await);
    }
    exporting.stop().await;

    let mut exported = 0;
    for process in processes {
        let spans = spans_of(&receiver, process);
        if !spans.is_empty() {
            exported += 1;
            assert_one_trace(&history(&runtime, process).await, &spans, &[]);
        }
    }
    assert!((1..24).contains(&exported), "{exported} of 24");
}

#[tokio::test]
async fn a_trace_that_came_from_outside_goes_on_and_one_that_nobody_samples_is_not_exported() {
    const CALLER: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    const UNSAMPLED: &str = "00-4bf92f3577b34da6a3ce929d0e0e4737-00f067aa0ba902b7-00";
    const CALLERS_SPAN: [u8; 8] = 0x00f0_67aa_0ba9_02b7_u64.to_be_bytes();
    let receiver = Receiver::listen().await;
    let folder = tempfile::tempdir().unwrap();
    let store = || SqliteStore::open(folder.path().join("hotel.db")).unwrap();

    // given: two commands of one caller, one of a caller that does not sample, and one that is no trace context
    let runtime = open(store()).await;
    let mut processes = Vec::new();
    for (tour, traceparent) in [("a", CALLER), ("b", CALLER), ("c", UNSAMPLED), ("d", "00-none")] {
        let command = arrive(&runtime, tour, 2).await;
        let executed = runtime.execute(command).trace_context(traceparent).await.unwrap();
        runtime.wait(executed.process).await.unwrap();
        processes.push(executed.process);
    }
    runtime.stop().await.unwrap();

    // when: they are exported after a restart
    let runtime = open(store()).await;
    TraceExport::of(&runtime, "hotel")
        .after(Position::START)
        .start(receiver.exporter())
        .unwrap()
        .stop()
        .await;

    // then
    let [first, second, unsampled, own] = *processes else { panic!("{processes:?}") };
    for process in [first, second] {
        let spans = spans_of(&receiver, process);
        assert_one_trace(&history(&runtime, process).await, &spans, &CALLERS_SPAN);
        let root = &spans[&process.0];
        assert_eq!(root.trace_id, 0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736_u128.to_be_bytes());
    }
    assert_eq!(spans_of(&receiver, unsampled).len(), 0);
    assert_one_trace(&history(&runtime, own).await, &spans_of(&receiver, own), &[]);
    let ids: BTreeSet<Vec<u8>> = receiver.spans().into_iter().map(|it| it.span_id).collect();
    assert_eq!(ids.len(), receiver.spans().len(), "no two spans of one trace have the same id");
}

#[tokio::test]
async fn an_answer_from_outside_belongs_to_the_process_that_it_answers_and_links_to_its_own_trace() {
    const ANSWER: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let receiver = Receiver::listen().await;
    let runtime = open(MemoryStore::new()).await;
    let exporting = TraceExport::of(&runtime, "hotel").start(receiver.exporter()).unwrap();
    let command = arrive(&runtime, "tour", 1).await;
    let asked = runtime.execute(command).await.unwrap();

    let pay = RecordPayment { guest_stay: "tour-0".parse().unwrap(), amount: "7.00".parse().unwrap() };
    let paid = runtime.execute(pay).caused_by(&asked.events[0]).trace_context(ANSWER).await.unwrap();
    runtime.settled().await.unwrap();
    exporting.stop().await;

    let spans = spans_of(&receiver, asked.process);
    assert_one_trace(&history(&runtime, asked.process).await, &spans, &[]);
    let [link] = &*spans[&paid.position.0].links else { panic!("{spans:#?}") };
    assert_eq!(link.trace_id, 0x0af7_6519_16cd_43dd_8448_eb21_1c80_319c_u128.to_be_bytes());
    assert_eq!(link.span_id, 0xb7ad_6b71_6920_3331_u64.to_be_bytes());
}
