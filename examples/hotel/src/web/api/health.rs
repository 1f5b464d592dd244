use axum::{Json, extract::State, http::StatusCode, response::IntoResponse};
use procession::Health;
use serde::Serialize;
use utoipa::ToSchema;

use crate::web::desk::Desk;

/// How the hotel is.
#[derive(Serialize, ToSchema)]
struct HealthReport {
    /// `ok`, or `unwell`.
    #[schema(example = "ok")]
    status: &'static str,
    /// What is wrong, in words; none if nothing is.
    #[schema(example = json!([]))]
    reasons: Vec<String>,
    /// How far the slowest partition is behind the log, in messages.
    #[schema(example = 0)]
    lag: u64,
    /// Messages that are parked. Others go on, so they do not make the hotel unwell.
    #[schema(example = 0)]
    parked: u64,
}

/// Whether the program runs
///
/// When it does not, it has to be started again.
#[utoipa::path(
    get, operation_id = "is_live", path = "/health/live", tag = "About",
    responses(
        (status = 200, description = "It runs", body = HealthReport),
        (status = 503, description = "Start it again", body = HealthReport)
    )
)]
pub(super) async fn live(State(desk): State<Desk>) -> impl IntoResponse {
    let health = desk.runtime.health().await;
    report(&health, health.dead.iter().map(ToString::to_string).collect())
}

/// Whether the hotel can be asked for something
///
/// It can when it runs, its store answers, it is not closing, and it is not far behind. When it is not, starting it again does
/// not help.
#[utoipa::path(
    get, operation_id = "is_ready", path = "/health/ready", tag = "About",
    responses(
        (status = 200, description = "It can", body = HealthReport),
        (status = 503, description = "Ask again later", body = HealthReport)
    )
)]
pub(super) async fn ready(State(desk): State<Desk>) -> impl IntoResponse {
    let health = desk.runtime.health().await;
    report(&health, health.unready.iter().map(ToString::to_string).collect())
}

fn report(health: &Health, reasons: Vec<String>) -> (StatusCode, Json<HealthReport>) {
    let (code, status) =
        if reasons.is_empty() { (StatusCode::OK, "ok") } else { (StatusCode::SERVICE_UNAVAILABLE, "unwell") };
    (code, Json(HealthReport { status, reasons, lag: health.lag, parked: health.parked }))
}
