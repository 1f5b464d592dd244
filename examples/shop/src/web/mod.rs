//! The shop for programs: JSON under `/api`, problems as RFC 9457 says. Every command takes an `Idempotency-Key`: sent again
//! with the same key, it has no second effect and gets the first answer.
//!
//! - `POST /api/carts`, `GET /api/carts/{cart}`, `POST /api/carts/{cart}/products`, `.../removals`, `.../confirmation`
//! - `GET /api/orders/{order}`; with `Prefer: wait=30` it waits so many seconds for the order's end
//! - `POST /api/stock`, `GET /api/stock`
//! - `GET /api/payments/{payment}`, `POST /api/payments/{payment}/answer` for the provider
//! - `GET /health/live`, `GET /health/ready`, `GET /metrics`

mod carts;
mod health;
mod metrics;
mod orders;
mod payments;
mod problem;
mod request;
mod stock;

use std::io;

use axum::{
    Router,
    extract::DefaultBodyLimit,
    middleware::from_fn,
    routing::{get, post},
};
use metrics_exporter_prometheus::PrometheusHandle;
use procession::Runtime;
use tokio::net::TcpListener;

pub use self::metrics::collect;

/// Nobody's request fills the memory.
const LARGEST_BODY_BYTES: usize = 64 * 1024;

/// Serves the shop until `shutdown` is done, with what is counted, if it is.
///
/// # Errors
/// When the listener fails.
pub async fn serve(
    runtime: Runtime,
    collected: Option<PrometheusHandle>,
    listener: TcpListener,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<(), io::Error> {
    axum::serve(listener, router(runtime).merge(collected.map(metrics::router).unwrap_or_default()))
        .with_graceful_shutdown(shutdown)
        .await
}

fn router(runtime: Runtime) -> Router {
    Router::new()
        .route("/api/carts", post(carts::open))
        .route("/api/carts/{cart}", get(carts::get))
        .route("/api/carts/{cart}/products", post(carts::add))
        .route("/api/carts/{cart}/removals", post(carts::remove))
        .route("/api/carts/{cart}/confirmation", post(carts::confirm))
        .route("/api/orders/{order}", get(orders::get))
        .route("/api/stock", get(stock::get).post(stock::receive))
        .route("/api/payments/{payment}", get(payments::get))
        .route("/api/payments/{payment}/answer", post(payments::answer))
        .route("/health/live", get(health::live))
        .route("/health/ready", get(health::ready))
        .fallback(problem::unknown_path)
        .method_not_allowed_fallback(problem::wrong_method)
        .layer(DefaultBodyLimit::max(LARGEST_BODY_BYTES))
        .layer(from_fn(request::refuse_browsers))
        .with_state(runtime)
}
