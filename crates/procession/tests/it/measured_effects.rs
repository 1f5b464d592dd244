//! What a runtime counts of effects and of retries, as Prometheus would see it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering::SeqCst},
    },
    time::Duration,
};

use metrics_exporter_prometheus::PrometheusBuilder;
use procession::{
    Application, CircuitBreaker, Effect, EffectError, MemoryStore, Module, Retries, Runtime, Saga,
    doc::{CleanRoom, RoomCleaned},
};

use crate::measured::values;

const TWICE: u16 = 2;
const REFUSED: u16 = 3;
const SILENT: u16 = 4;

/// The lock of every room is asked, some rooms need a second attempt, and nobody hears the bell.
fn hotel() -> Application {
    let asked = Arc::new(AtomicU32::new(0));
    let lock = Effect::named("lock").on(move |event: RoomCleaned, call| async move {
        match event.room {
            TWICE if call.attempt == 1 => Err(EffectError::retry("the battery is low")),
            REFUSED => Err(EffectError::reject("no such lock")),
            SILENT => std::future::pending().await,
            _ => Ok(()),
        }
    });
    let bell = Effect::named("bell")
        .on(async |_: RoomCleaned, _| Err::<(), _>(EffectError::retry("nobody hears it")))
        .circuit_breaker(CircuitBreaker::default().failures(1));
    let forgetful = Saga::named("forgetful").on(move |event: &RoomCleaned| -> Option<CleanRoom> {
        assert!(event.room != TWICE || asked.fetch_add(1, SeqCst) > 0, "what was to be done?");
        None
    });
    let rooms = Module::named("rooms").handles::<CleanRoom>();
    let rooms = rooms.saga(forgetful.retries(Retries::up_to(3)));
    Application::assemble([rooms.effect(lock.calls_at_once(1)).effect(bell)]).unwrap()
}

#[tokio::test(flavor = "current_thread")]
async fn the_calls_of_each_effect_and_what_is_tried_again_are_counted() {
    // given
    let recorder = PrometheusBuilder::new().build_recorder();
    let prometheus = recorder.handle();
    let _installed = ::metrics::set_default_local_recorder(&recorder);
    let builder =
        Runtime::builder().grace(Duration::ZERO).virtual_time("2030-01-01T00:00:00Z".parse().unwrap());
    let runtime = builder.start(&hotel(), MemoryStore::new()).await.unwrap();

    // when: two locks are asked, one of them twice, one refuses, one says nothing, and one waits behind it
    for room in [1, TWICE, REFUSED] {
        runtime.execute(CleanRoom { room }).await.unwrap();
    }
    runtime.settled().await.unwrap();
    runtime.advance(Duration::from_millis(500)).await.unwrap();
    for room in [SILENT, 5] {
        runtime.execute(CleanRoom { room }).await.unwrap();
    }
    tokio::time::sleep(Duration::from_millis(2_100)).await;

    // then
    let values = values(&prometheus);
    let of_lock = [
        ("attempts_started_total", 5.0),
        ("attempts_failed_total", 2.0),
        ("calls_succeeded_total", 2.0),
        ("calls_given_up_total", 1.0),
        ("calls_parked_total", 1.0),
        ("attempt_seconds_count", 4.0),
        ("calls_under_way", 1.0),
        ("calls_waiting", 1.0),
        ("circuit_breaker_open", 0.0),
    ];
    for (name, expected) in of_lock {
        let name = format!("procession_effect_{name}{{effect=\"lock\"}}");
        assert_eq!(values.get(&name), Some(&expected), "{name} in {values:#?}");
    }
    let others = [
        ("procession_effect_circuit_breaker_open{effect=\"bell\"}", 1.0),
        ("procession_effect_calls_waiting{effect=\"bell\"}", 5.0),
        ("procession_handler_retries_total{handler=\"saga forgetful\"}", 1.0),
    ];
    for (name, expected) in others {
        assert_eq!(values.get(name), Some(&expected), "{name} in {values:#?}");
    }
    runtime.stop().await.unwrap();
}
