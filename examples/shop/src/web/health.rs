use axum::{Json, extract::State};
use procession::Runtime;
use serde_json::{Value, json};

use super::problem::Problem;

/// The program runs.
pub(super) async fn live() -> Json<Value> {
    Json(json!({ "status": "ok" }))
}

/// The store can be read.
pub(super) async fn ready(State(runtime): State<Runtime>) -> Result<Json<Value>, Problem> {
    runtime.reader().store().progress().await?;
    Ok(live().await)
}
