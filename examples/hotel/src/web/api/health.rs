use axum::{Json, extract::State, response::IntoResponse};
use serde::Serialize;
use utoipa::ToSchema;

use super::responses::ServerProblems;
use crate::web::{desk::Desk, problem::Problem};

/// That the hotel is well.
#[derive(Serialize, ToSchema)]
struct Health {
    /// Always `ok`; otherwise there is a problem instead.
    #[schema(example = "ok")]
    status: &'static str,
}

/// Whether the program runs
#[utoipa::path(
    get, operation_id = "is_live", path = "/health/live", tag = "About",
    responses((status = 200, description = "It runs", body = Health))
)]
pub(super) async fn live() -> impl IntoResponse {
    Json(Health { status: "ok" })
}

/// Whether the hotel can read its books
#[utoipa::path(
    get, operation_id = "is_ready", path = "/health/ready", tag = "About",
    responses((status = 200, description = "It can", body = Health), ServerProblems)
)]
pub(super) async fn ready(State(desk): State<Desk>) -> Result<impl IntoResponse, Problem> {
    desk.runtime.reader().store().progress().await?;
    Ok(Json(Health { status: "ok" }))
}
