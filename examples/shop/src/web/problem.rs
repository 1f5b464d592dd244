//! What can go wrong, as RFC 9457 tells it.

use std::error::Error;

use axum::{
    Json,
    extract::rejection::JsonRejection,
    http::{HeaderValue, Method, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use procession::{ExecuteError, ReadError, RequestError, StoreError};
use serde_json::json;

/// Something that went wrong: a status for programs, and a sentence for people.
#[derive(Debug)]
pub(super) struct Problem {
    status: StatusCode,
    detail: String,
}

impl Problem {
    pub(super) fn new(status: StatusCode, detail: impl ToString) -> Self {
        Self { status, detail: detail.to_string() }
    }

    pub(super) fn not_found(detail: impl ToString) -> Self {
        Self::new(StatusCode::NOT_FOUND, detail)
    }
}

pub(super) async fn unknown_path(uri: Uri) -> Problem {
    Problem::not_found(format!("there is nothing at {}", uri.path()))
}

pub(super) async fn wrong_method(method: Method, uri: Uri) -> Problem {
    let detail = format!("{method} is not possible at {}", uri.path());
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, detail)
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let Self { status, detail } = self;
        let title = status.canonical_reason().unwrap_or("Problem");
        let document = json!({ "title": title, "status": status.as_u16(), "detail": detail });
        let kind = HeaderValue::from_static("application/problem+json");
        (status, [(header::CONTENT_TYPE, kind)], Json(document).into_response().into_body()).into_response()
    }
}

impl<R: Error> From<ExecuteError<R>> for Problem {
    fn from(error: ExecuteError<R>) -> Self {
        match error {
            ExecuteError::Rejected(rejection) => Self::new(StatusCode::CONFLICT, rejection),
            ExecuteError::NotTaken(error) => error.into(),
        }
    }
}

impl From<RequestError> for Problem {
    fn from(error: RequestError) -> Self {
        let status = match &error {
            RequestError::KeyReused { .. } | RequestError::Archived { .. } | RequestError::InvalidId(_) => {
                StatusCode::UNPROCESSABLE_ENTITY
            }
            RequestError::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            RequestError::Blocked { .. } | RequestError::Unavailable(_) | RequestError::Stopped(_) => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        };
        Self::new(status, error)
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        let status = match &error {
            StoreError::Transient(_) => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        };
        Self::new(status, format!("the store cannot be read: {error}"))
    }
}

impl From<ReadError> for Problem {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Store(error) => error.into(),
            ReadError::InvalidId(error) => Self::not_found(error),
            other => Self::new(StatusCode::INTERNAL_SERVER_ERROR, other),
        }
    }
}

impl From<JsonRejection> for Problem {
    fn from(rejection: JsonRejection) -> Self {
        let text = rejection.body_text();
        let detail = match &rejection {
            JsonRejection::JsonSyntaxError(_) => {
                let said = text.strip_prefix("Failed to parse the request body as JSON: ");
                format!("the body is no JSON: {}", said.unwrap_or(&text))
            }
            JsonRejection::MissingJsonContentType(_) => {
                "the body must be JSON; send `Content-Type: application/json`".into()
            }
            _ => text,
        };
        Self::new(rejection.status(), detail)
    }
}
