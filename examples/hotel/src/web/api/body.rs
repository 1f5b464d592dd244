use axum::{
    Json,
    extract::{FromRequest, Request},
};
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use crate::web::{desk::invalid, problem::Problem};

/// A JSON object as the body. Whatever is wrong with it is told as a problem.
pub(super) struct Body<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let Json(body): Json<Box<RawValue>> = Json::from_request(request, state).await?;
        // A list would be taken for the fields in their order, which nobody means.
        if !body.get().starts_with('{') {
            return Err(invalid("the body does not fit: it must be an object, like {\"amount\": \"99.50\"}"));
        }
        let Json(body) = Json::from_bytes(body.get().as_bytes())?;
        Ok(Self(body))
    }
}
