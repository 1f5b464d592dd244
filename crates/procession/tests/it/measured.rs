//! What a runtime counts, as Prometheus would see it, and how it says that it is well.

use std::{collections::BTreeMap, time::Duration};

use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use procession::{
    After, Application, Command, Context, Death, Decider, Event, Events, Handle, HealthBounds, MemoryStore,
    Module, Never, Runtime, Saga, Unready,
    doc::{CleanRoom, RoomCleaned},
    metrics::{self, MetricKind},
};
use serde::{Deserialize, Serialize};

#[derive(Command, Serialize, Deserialize)]
#[command(to = Shift, id = name)]
struct BeginShift {
    name: String,
}

#[derive(Command, Serialize, Deserialize)]
#[command(to = Shift, id = name)]
struct EndShift {
    name: String,
}

#[derive(Event, Serialize, Deserialize)]
struct ShiftBegun {
    name: String,
}

#[derive(Event, Serialize, Deserialize)]
struct ShiftEnded {}

#[derive(Events)]
enum ShiftEvent {
    Begun(ShiftBegun),
    #[ends]
    Ended(ShiftEnded),
}

#[derive(Default)]
struct Shift;

impl Decider for Shift {
    const CATEGORY: &'static str = "shift";
    type Event = ShiftEvent;
    type Rejection = Never;

    fn evolve(&mut self, _: &ShiftEvent) {}
}

impl Handle<BeginShift> for Shift {
    type Records = ShiftBegun;

    fn handle(&self, command: BeginShift, _: &Context) -> Result<ShiftBegun, Never> {
        Ok(ShiftBegun { name: command.name })
    }
}

impl Handle<EndShift> for Shift {
    type Records = ShiftEnded;

    fn handle(&self, _: EndShift, _: &Context) -> Result<ShiftEnded, Never> {
        Ok(ShiftEnded {})
    }
}

const UNLUCKY: u16 = 13;
const SLOW: u16 = 14;

fn hotel() -> Application {
    let inspector = Saga::named("inspector").on(|event: &RoomCleaned| -> Option<CleanRoom> {
        assert!(event.room != UNLUCKY, "nobody looks into this room");
        if event.room == SLOW {
            std::thread::sleep(Duration::from_millis(600));
        }
        None
    });
    let shifts = Module::named("shifts")
        .handles::<BeginShift>()
        .handles::<EndShift>()
        .on(|event: &ShiftBegun| After(Duration::from_secs(3_600), EndShift { name: event.name.clone() }));
    let rooms = Module::named("rooms").handles::<CleanRoom>().saga(inspector);
    Application::assemble([rooms, shifts]).unwrap()
}

/// The values of all series, by name and labels without the store's.
pub(crate) fn values(prometheus: &PrometheusHandle) -> BTreeMap<String, f64> {
    let text = prometheus.render().replace("store=\"memory\",", "").replace("{store=\"memory\"}", "");
    let lines = text.lines().filter(|it| !it.starts_with('#')).filter_map(|it| it.rsplit_once(' '));
    lines.map(|(name, value)| (name.to_owned(), value.parse().unwrap())).collect()
}

#[tokio::test(flavor = "current_thread")]
async fn what_a_runtime_has_done_is_counted_once_and_by_its_documented_name() {
    // given: a recorder, and then a runtime
    let recorder = PrometheusBuilder::new().build_recorder();
    let prometheus = recorder.handle();
    let _installed = ::metrics::set_default_local_recorder(&recorder);
    let start = "2030-01-01T00:00:00Z".parse().unwrap();
    let builder = Runtime::builder().virtual_time(start);
    let runtime = builder.start(&hotel(), MemoryStore::new()).await.unwrap();

    // when: one command is handled, one is rejected, one event is parked, and one instance lives for an hour
    runtime.execute(CleanRoom { room: 1 }).await.unwrap();
    runtime.execute(CleanRoom { room: 1 }).await.unwrap_err();
    runtime.send(CleanRoom { room: UNLUCKY }).await.unwrap();
    runtime.execute(BeginShift { name: "early".into() }).await.unwrap();
    runtime.advance(Duration::from_secs(7_200)).await.unwrap();
    tokio::time::sleep(Duration::from_millis(1_100)).await;

    // then
    let values = values(&prometheus);
    let expected = [
        ("procession_messages_handled_total{kind=\"executed_command\"}", 3.0),
        ("procession_messages_handled_total{kind=\"command\"}", 2.0),
        ("procession_messages_handled_total{kind=\"event\"}", 3.0),
        ("procession_messages_rejected_total{category=\"room\"}", 1.0),
        ("procession_messages_parked_total{handler=\"saga inspector\",because=\"failure\"}", 1.0),
        ("procession_entries_written_total{kind=\"event\"}", 4.0),
        ("procession_entries_written_total{kind=\"rejection\"}", 1.0),
        ("procession_timers_set_total", 1.0),
        ("procession_timers_fired_total", 1.0),
        ("procession_instance_duration_seconds_sum{category=\"shift\",end=\"ShiftEnded\"}", 3_600.0),
        ("procession_instance_duration_seconds_count{category=\"shift\",end=\"ShiftEnded\"}", 1.0),
        ("procession_conflicts_total", 0.0),
        ("procession_log_head", 11.0),
        ("procession_parked_messages", 1.0),
        ("procession_cached_states", 3.0),
        ("procession_lag_entries{partition=\"0\"}", 0.0),
        ("procession_timer_lateness_seconds", 0.0),
        ("procession_live", 1.0),
    ];
    for (name, expected) in expected {
        assert_eq!(values.get(name), Some(&expected), "{name} in {values:#?}");
    }

    // and nothing has another name than the documented ones
    for name in values.keys().map(|it| it.split('{').next().unwrap()) {
        let name =
            ["_sum", "_count", "_bucket"].iter().fold(name, |it, end| it.strip_suffix(end).unwrap_or(it));
        assert!(metrics::ALL.iter().any(|it| it.name == name), "{name} is not documented");
    }
    runtime.stop().await.unwrap();
}

#[test]
fn the_guide_explains_every_metric() {
    let page =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/observability.md")).unwrap();
    for it in metrics::ALL {
        let kind = match it.kind {
            MetricKind::Counter => "counter",
            MetricKind::Gauge => "gauge",
            MetricKind::Histogram(_) => "histogram",
        };
        let labels: Vec<String> = it.labels.iter().skip(1).map(|it| format!("`{it}`")).collect();
        let (unit, labels) = (it.unit.as_str(), labels.join(", "));
        let row = format!("| `{}` | {kind} | {unit} | {labels} | {} |", it.name, it.says);
        assert!(page.contains(&row), "docs/observability.md has no row\n{row}");
    }
}

#[tokio::test(flavor = "current_thread")]
async fn a_runtime_that_stops_is_not_ready_and_then_not_live() {
    let runtime = Runtime::start(&hotel(), MemoryStore::new()).await.unwrap();
    let health = runtime.health().await;
    assert!(health.is_live() && health.is_ready(), "{health:?}");

    runtime.clone().stop().await.unwrap();

    let health = runtime.health().await;
    assert_eq!(health.dead, Some(Death::Stopped { reason: None }));
    assert!(health.unready.contains(&Unready::Stopping), "{health:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_handler_that_does_not_return_makes_the_runtime_dead_and_parked_messages_do_not() {
    let runtime = Runtime::start(&hotel(), MemoryStore::new()).await.unwrap();
    let mut bounds = HealthBounds::default();
    bounds.longest_turn = Duration::from_millis(100);
    let sent = runtime.send(CleanRoom { room: UNLUCKY }).await.unwrap();
    runtime.wait(sent.process).await.unwrap();
    let health = runtime.health_within(bounds).await;
    assert!(health.is_ready() && health.parked == 1, "{health:?}");

    // It is handled in the very batch that logs it, so nobody is told before the handler returns.
    let sending = tokio::spawn(runtime.send(CleanRoom { room: SLOW }).into_future());
    tokio::time::sleep(Duration::from_millis(300)).await;
    let stalled = runtime.health_within(bounds).await;
    assert!(matches!(stalled.dead, Some(Death::Stalled { .. })), "{stalled:?}");

    sending.await.unwrap().unwrap();
    assert!(runtime.health_within(bounds).await.is_live());
}
