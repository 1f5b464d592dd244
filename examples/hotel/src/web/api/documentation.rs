//! The description of the API, and the page that is made from it: nothing is loaded from elsewhere.

use std::sync::Arc;

use axum::{Extension, Json, response::IntoResponse};
use utoipa::openapi::OpenApi;

use super::{reference::reference, responses::ServerProblems};
use crate::web::{pages::layout, problem::Problem};

/// The OpenAPI document of this API
#[utoipa::path(
    get, operation_id = "get_description", path = "/api/openapi.json", tag = "About",
    responses((status = 200, description = "OpenAPI 3.1", body = serde_json::Value))
)]
pub(super) async fn document(Extension(description): Extension<Arc<OpenApi>>) -> impl IntoResponse {
    Json(description)
}

/// The same for people
#[utoipa::path(
    get, operation_id = "read_description", path = "/api/docs", tag = "About",
    responses((status = 200, description = "A page", body = String, content_type = "text/html"), ServerProblems)
)]
pub(super) async fn page(
    Extension(description): Extension<Arc<OpenApi>>,
) -> Result<impl IntoResponse, Problem> {
    let document = serde_json::to_value(&*description)?;
    Ok(layout("API", &reference(&document)))
}
