//! What a request can carry.

use std::{fmt::Display, str::FromStr, sync::Arc};

use axum::{
    Json,
    extract::{FromRequest, FromRequestParts, Path, Request},
    http::{HeaderMap, StatusCode, header, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};
use procession::{Command, ExecuteCommand, Runtime};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::problem::Problem;

/// A JSON object as the body. Whatever is wrong with it is told as a problem.
pub(super) struct Body<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let Json(body): Json<Value> = Json::from_request(request, state).await?;
        let unfit = |why: String| {
            Problem::new(StatusCode::UNPROCESSABLE_ENTITY, format!("the body does not fit: {why}"))
        };
        // A list would be taken for the fields in their order, which nobody means.
        if !body.is_object() {
            return Err(unfit("it must be an object, like {\"product\": \"pen\", \"quantity\": 1}".into()));
        }
        serde_json::from_value(body).map(Self).map_err(|error| unfit(error.to_string()))
    }
}

/// The id in the path. What cannot be an id names nothing that exists.
pub(super) struct Id<T>(pub(super) T);

impl<T: FromStr<Err: Display>, S: Send + Sync> FromRequestParts<S> for Id<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let path = Path::<String>::from_request_parts(parts, state).await;
        let Path(text) = path.map_err(|error| Problem::not_found(error.body_text()))?;
        let unknown = |error| {
            let shown: String = text.chars().take(80).collect();
            Problem::not_found(format!("there is nothing called {shown:?}: {error}"))
        };
        text.parse().map(Self).map_err(unknown)
    }
}

/// What says more of a command: the key that makes it recognisable, and the trace that it belongs to.
pub(super) struct Key {
    key: Option<Arc<str>>,
    traceparent: Option<String>,
}

const KEY: &str = "Idempotency-Key";
const LONGEST_KEY_BYTES: usize = 200;

impl<S: Send + Sync> FromRequestParts<S> for Key {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        // One that makes no sense is ignored: it is no reason to refuse an order.
        let traceparent = parts.headers.get("traceparent").and_then(|it| it.to_str().ok()).map(str::to_owned);
        let Some(key) = parts.headers.get(KEY) else { return Ok(Self { key: None, traceparent }) };
        let invalid = || {
            let detail = format!("`{KEY}` must have 1 to {LONGEST_KEY_BYTES} plain characters");
            Problem::new(StatusCode::BAD_REQUEST, detail)
        };
        let key = key.to_str().ok().filter(|it| (1..=LONGEST_KEY_BYTES).contains(&it.len()));
        // What clients choose must not meet the keys that the shop itself uses.
        let key = format!("client/{}", key.ok_or_else(invalid)?);
        Ok(Self { key: Some(key.into()), traceparent })
    }
}

impl Key {
    /// The command, recognisable if it has a key.
    pub(super) fn execute<C: Command>(self, runtime: &Runtime, command: C) -> ExecuteCommand<C> {
        let mut command = runtime.execute(command);
        if let Some(key) = self.key {
            command = command.idempotency_key(key);
        }
        if let Some(traceparent) = self.traceparent {
            command = command.trace_context(&traceparent);
        }
        command
    }
}

/// How many seconds a client is ready to wait: `Prefer: wait=30` (RFC 7240).
pub(super) fn preferred_wait_seconds(headers: &HeaderMap) -> Option<u64> {
    let preferences = headers.get("Prefer")?.to_str().ok()?;
    preferences.split(',').find_map(|it| it.trim().strip_prefix("wait=")?.parse().ok())
}

/// No page of another site may order in the name of whoever looks at it. Only browsers name the page's origin.
pub(super) async fn refuse_browsers(request: Request, next: Next) -> Response {
    if request.method().is_safe() || !request.headers().contains_key(header::ORIGIN) {
        return next.run(request).await;
    }
    Problem::new(StatusCode::FORBIDDEN, "commands are taken from programs, not from pages in a browser")
        .into_response()
}
