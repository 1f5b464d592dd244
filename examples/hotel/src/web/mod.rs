//! The front desk in the browser, and the API for programs.
//!
//! - [`desk`]: what the front desk can do, for both.
//! - [`api`]: the same as JSON under `/api`, and its description.
//! - [`metrics`]: what is counted, for Prometheus.
//! - [`pages`]: the same as pages that work without a script.
//! - [`problem`]: what can go wrong, told as a problem document or as a page.

mod api;
mod conditions;
mod desk;
mod metrics;
mod pages;
mod problem;

use std::{io, sync::Arc};

use axum::{Extension, Router, extract::DefaultBodyLimit, middleware::from_fn};
use hotel::{Deadline, Style};
use metrics_exporter_prometheus::PrometheusHandle;
use procession::{ProcessMap, Runtime};
use tokio::{net::TcpListener, sync::watch};

use self::desk::Desk;
pub(crate) use self::metrics::collect;

/// A request may name some 15,000 guests, and nobody's request fills the memory.
const LARGEST_BODY_BYTES: usize = 1024 * 1024;

/// What the front desk stands in.
pub(crate) struct House {
    pub(crate) runtime: Runtime,
    pub(crate) style: Style,
    /// For groups that do not name one.
    pub(crate) deadline: Option<Deadline>,
    /// What is counted.
    pub(crate) metrics: PrometheusHandle,
}

/// Serves the front desk until `shutdown` is done.
pub(crate) async fn serve(
    house: House,
    listener: TcpListener,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<(), io::Error> {
    let (close, closing) = watch::channel(false);
    let map = hotel::front_desk(house.style).map_err(io::Error::other)?.map().clone();
    let desk = Desk { runtime: house.runtime, deadline: house.deadline, closing };
    let shutdown = async move {
        shutdown.await;
        // Who follows a process would otherwise keep the connection, and the server, open.
        close.send_replace(true);
    };
    axum::serve(listener, router(desk, map, house.metrics)).with_graceful_shutdown(shutdown).await
}

fn router(desk: Desk, map: ProcessMap, collected: PrometheusHandle) -> Router {
    let (api, description) = api::router(map);
    api.layer(Extension(Arc::new(description)))
        .merge(pages::router())
        .merge(metrics::router(collected))
        .fallback(problem::unknown_path)
        .method_not_allowed_fallback(problem::wrong_method)
        .layer(DefaultBodyLimit::max(LARGEST_BODY_BYTES))
        .layer(from_fn(problem::refuse_other_sites))
        .layer(from_fn(problem::present))
        .layer(from_fn(pages::protect))
        .with_state(desk)
}
