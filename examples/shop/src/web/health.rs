use axum::{Json, extract::State, http::StatusCode};
use procession::{Health, Runtime};
use serde_json::{Value, json};

/// The program runs. When it does not, it has to be started again.
pub(super) async fn live(State(runtime): State<Runtime>) -> (StatusCode, Json<Value>) {
    let health = runtime.health().await;
    report(&health, health.dead.iter().map(ToString::to_string).collect())
}

/// The shop can be asked for something. When it cannot, starting it again does not help.
pub(super) async fn ready(State(runtime): State<Runtime>) -> (StatusCode, Json<Value>) {
    let health = runtime.health().await;
    report(&health, health.unready.iter().map(ToString::to_string).collect())
}

fn report(health: &Health, reasons: Vec<String>) -> (StatusCode, Json<Value>) {
    let (code, status) =
        if reasons.is_empty() { (StatusCode::OK, "ok") } else { (StatusCode::SERVICE_UNAVAILABLE, "unwell") };
    let report = json!({ "status": status, "reasons": reasons, "lag": health.lag, "parked": health.parked });
    (code, Json(report))
}
