use std::sync::Arc;

use axum::{Extension, Json, response::IntoResponse};
use procession::ProcessMap;

/// The process map
///
/// Who takes what and emits what, read from the handlers' signatures.
#[utoipa::path(
    get, operation_id = "get_map", path = "/api/map", tag = "About",
    responses((status = 200, description = "The modules, and the handlers of each", body = serde_json::Value,
        example = json!({ "modules": [] })))
)]
pub(super) async fn get(Extension(map): Extension<Arc<ProcessMap>>) -> impl IntoResponse {
    Json(map)
}
