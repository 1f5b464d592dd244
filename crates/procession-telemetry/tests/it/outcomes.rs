use hotel::guest_stays::{CheckInGuest, CheckOutGuest, GuestStay, RecordPayment};
use opentelemetry_proto::tonic::trace::v1::{Span, span::SpanKind, status::StatusCode};
use procession::{
    Decider, MemoryStore, Message, Store, Stream,
    log::{Encoded, Entry, Kind},
    store::{Batch, Expected, NewEntry},
};
use procession_telemetry::TraceExport;

use crate::{
    receiver::{Receiver, text},
    tour::open,
};

fn outcome(span: &Span) -> (Option<String>, i32, String) {
    let status = span.status.clone().unwrap_or_default();
    (text(&span.attributes, "procession.outcome"), status.code, status.message)
}

fn unreadable_command(stay: &str) -> NewEntry {
    let stream = Stream::new(GuestStay::CATEGORY, stay.to_owned()).unwrap();
    let command = Encoded { name: CheckOutGuest::NAME.into(), schema_version: 1, payload: "{}".into() };
    NewEntry {
        entry: std::sync::Arc::new(Entry::new(
            Kind::Command,
            stream,
            command,
            "2030-01-01T00:00:00Z".parse().unwrap(),
        )),
        process: None,
        causation: None,
        expected: Expected::Any,
        idempotency_key: None,
    }
}

#[tokio::test]
async fn a_span_says_that_its_message_was_rejected_or_parked() {
    // given: a stay for which somebody has written a command that cannot be read
    let receiver = Receiver::listen().await;
    let store = MemoryStore::new();
    store.commit(Batch { entries: vec![unreadable_command("poison")], ..Batch::default() }).await.unwrap();
    let runtime = open(store).await;
    let export = TraceExport::of(&runtime, "hotel").after(procession::log::Position::START);
    let exporting = export.start(receiver.exporter()).unwrap();

    // when: somebody pays for a stay that does not exist, and a guest arrives
    let (nobody, ada) = ("nobody".parse().unwrap(), "ada".parse().unwrap());
    let amount = "1.00".parse().unwrap();
    runtime.execute(RecordPayment { guest_stay: nobody, amount }).await.unwrap_err();
    runtime.execute(CheckInGuest { guest_stay: ada, guest: "Ada".into(), room: 101 }).await.unwrap();
    runtime.settled().await.unwrap();
    exporting.stop().await;

    // then
    let spans = receiver.spans();
    let by_name = |name: &str| spans.iter().find(|it| it.name == name).unwrap();
    let (parked, code, why) = outcome(by_name("CheckOutGuest"));
    assert_eq!((parked.as_deref(), code), (Some("parked"), StatusCode::Error as i32));
    assert!(why.starts_with("parked for guest_stay: "), "{why}");
    let (rejected, code, why) = outcome(by_name("RecordPayment"));
    assert_eq!((rejected.as_deref(), code), (Some("rejected"), StatusCode::Error as i32));
    assert!(why.starts_with("rejected: "), "{why}");
    let well = by_name("CheckInGuest");
    assert_eq!(outcome(well), (None, StatusCode::Unset as i32, String::new()));
    assert_eq!(well.kind, SpanKind::Server as i32);
    assert_eq!(by_name("GuestCheckedIn").kind, SpanKind::Internal as i32);
}
