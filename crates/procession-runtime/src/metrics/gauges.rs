use std::{sync::Arc, time::Duration};

use metrics::{Gauge, SharedString};
use procession_core::log::Position;
use tokio::{
    sync::{mpsc::WeakSender, watch},
    time::{sleep, timeout},
};

use super::list::{
    BACKLOG, COMMITTING, HEAD, LAG, LATENESS, LIVE, OLDEST, PARKED_NOW, RECOVERING, REQUESTS, STARTED, STATES,
};
use super::of_effects::EffectGauges;
use crate::{Clock, HealthBounds, request::Call, vitals::Vitals};

/// The gauges of one runtime.
struct Gauges {
    head: Gauge,
    lags: Vec<Gauge>,
    oldest: Gauge,
    backlog: Gauge,
    requests: Gauge,
    states: Gauge,
    parked: Gauge,
    lateness: Gauge,
    committing: Gauge,
    recovering: Gauge,
    live: Gauge,
    effects: Vec<EffectGauges>,
}

const FASTEST: Duration = Duration::from_secs(1);
const SLOWEST: Duration = Duration::from_secs(5);

/// Refreshes the gauges of a runtime until its processor has ended. It is not a part of the processor, so that it costs that
/// nothing, and tells when that does not go on.
pub(crate) async fn refresh(
    store: String,
    vitals: Arc<Vitals>,
    clock: Arc<dyn Clock>,
    calls: WeakSender<Call>,
    mut committed: watch::Receiver<Position>,
) {
    let gauges = Gauges::of(store, &vitals, clock.now());
    loop {
        let waiting = calls.upgrade().map_or(0, |it| it.max_capacity() - it.capacity());
        gauges.set(&vitals, &*clock, waiting);
        sleep(FASTEST).await;
        let moved = timeout(SLOWEST - FASTEST, committed.changed()).await;
        if matches!(moved, Ok(Err(_))) {
            break;
        }
    }
    gauges.set(&vitals, &*clock, 0);
    gauges.live.set(0.0);
}

impl Gauges {
    fn of(store: String, vitals: &Vitals, now: jiff::Timestamp) -> Self {
        let store = SharedString::from_shared(store.into());
        let gauge = |name| ::metrics::gauge!(name, "store" => store.clone());
        let lag = |partition: usize| ::metrics::gauge!(LAG.name, "store" => store.clone(), "partition" => partition.to_string());
        gauge(STARTED.name).set(now.as_second() as f64);
        Self {
            head: gauge(HEAD.name),
            lags: (0..vitals.partitions()).map(lag).collect(),
            oldest: gauge(OLDEST.name),
            backlog: gauge(BACKLOG.name),
            requests: gauge(REQUESTS.name),
            states: gauge(STATES.name),
            parked: gauge(PARKED_NOW.name),
            lateness: gauge(LATENESS.name),
            committing: gauge(COMMITTING.name),
            recovering: gauge(RECOVERING.name),
            live: gauge(LIVE.name),
            effects: vitals.effects().map(|(effect, _)| EffectGauges::of(&store, effect)).collect(),
        }
    }

    fn set(&self, vitals: &Vitals, clock: &dyn Clock, waiting: usize) {
        let now = clock.now();
        self.head.set(vitals.head().0 as f64);
        for (gauge, lag) in self.lags.iter().zip(vitals.lags()) {
            gauge.set(lag as f64);
        }
        self.oldest.set(seconds(vitals.oldest_message_age(now)));
        self.backlog.set(vitals.backlog() as f64);
        self.requests.set((waiting + vitals.requests()) as f64);
        self.states.set(vitals.cached_states() as f64);
        self.parked.set(vitals.parked() as f64);
        self.lateness.set(seconds(vitals.timer_lateness(now)));
        self.committing.set(seconds(vitals.committing_for()));
        self.recovering.set(seconds(vitals.recovering_for()));
        for (gauges, (_, standing)) in self.effects.iter().zip(vitals.effects()) {
            gauges.set(standing);
        }
        let goes_on = vitals.handling_for().is_none_or(|it| it < HealthBounds::default().longest_turn);
        self.live.set(f64::from(u8::from(goes_on)));
    }
}

fn seconds(duration: Option<Duration>) -> f64 {
    duration.unwrap_or_default().as_secs_f64()
}
