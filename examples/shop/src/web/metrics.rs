//! What the shop counts, for Prometheus.

use std::time::Duration;

use axum::{
    Router,
    http::{HeaderName, header},
    routing::get,
};
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use procession::metrics::{ALL, MetricKind};

/// Collects what is counted from now on, so it has to come before the runtime.
///
/// # Errors
/// When somebody else in this program collects already.
pub fn collect() -> Result<PrometheusHandle, BuildError> {
    let mut builder = PrometheusBuilder::new();
    for metric in ALL {
        if let MetricKind::Histogram(buckets) = metric.kind {
            builder = builder.set_buckets_for_metric(Matcher::Full(metric.name.into()), buckets)?;
        }
    }
    let collected = builder.install_recorder()?;
    tokio::spawn(sum_up(collected.clone()));
    Ok(collected)
}

/// Where Prometheus asks.
pub(super) fn router<S: Clone + Send + Sync + 'static>(collected: PrometheusHandle) -> Router<S> {
    const KIND: [(HeaderName, &str); 1] =
        [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")];
    Router::new().route("/metrics", get(async move || (KIND, collected.render())))
}

/// Sums up what was collected now and then, or it would grow until somebody asks.
async fn sum_up(collected: PrometheusHandle) {
    const PAUSE: Duration = Duration::from_secs(5);
    loop {
        tokio::time::sleep(PAUSE).await;
        collected.run_upkeep();
    }
}
