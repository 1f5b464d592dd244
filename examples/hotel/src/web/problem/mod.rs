//! What can go wrong, as RFC 9457 tells it.

mod causes;
mod kind;
mod present;

use axum::{
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use procession::{Version, log::ProcessId};
use serde::Serialize;
use utoipa::ToSchema;

pub(super) use self::{
    kind::ProblemKind,
    present::{present, refuse_other_sites, unknown_path, wrong_method},
};

/// Something that went wrong: a kind that programs can tell apart, and a sentence for people.
#[derive(Debug, Clone)]
pub(super) struct Problem {
    pub(super) kind: ProblemKind,
    pub(super) detail: String,
    guest_stays: Option<Vec<String>>,
    version: Option<Version>,
    process: Option<ProcessId>,
}

/// A problem document (RFC 9457).
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub(super) struct ProblemDocument {
    /// The kind of problem; the page behind it explains it.
    #[serde(rename = "type")]
    #[schema(format = "uri-reference", example = "/api/docs#stale-version")]
    kind: String,
    /// The kind of problem in a few words.
    #[schema(example = "It has changed meanwhile")]
    title: &'static str,
    /// The status of the response.
    #[schema(example = 412)]
    status: u16,
    /// What happened, to what, and what to do.
    #[schema(
        example = "guest_stay/okafor-101 has version 3, not 2 as expected; look at it again and decide again"
    )]
    detail: String,
    /// The path that was asked for.
    #[schema(format = "uri-reference", example = "/api/stays/okafor-101/charges")]
    instance: String,
    /// The guest stays that the problem is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    guest_stays: Option<Vec<String>>,
    /// The version that the stay or the reservation has.
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<u64>,
    /// The process that recorded the outcome.
    #[serde(skip_serializing_if = "Option::is_none")]
    process: Option<u64>,
}

impl Problem {
    pub(super) fn new(kind: ProblemKind, detail: impl ToString) -> Self {
        let detail = detail.to_string();
        Self { kind, detail, guest_stays: None, version: None, process: None }
    }

    pub(super) fn guest_stays(self, ids: Vec<String>) -> Self {
        Self { guest_stays: Some(ids), ..self }
    }

    pub(super) fn version(self, version: Version) -> Self {
        Self { version: Some(version), ..self }
    }

    pub(super) fn process(self, process: ProcessId) -> Self {
        Self { process: Some(process), ..self }
    }

    fn document(self, instance: &str) -> ProblemDocument {
        ProblemDocument {
            kind: self.kind.uri(),
            title: self.kind.title(),
            status: self.kind.status().as_u16(),
            detail: self.detail,
            instance: instance.into(),
            guest_stays: self.guest_stays,
            version: self.version.map(|it| it.0),
            process: self.process.map(|it| it.0),
        }
    }
}

/// The response carries the problem along; [`present`] writes it as a document or a page.
impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.kind.status().into_response();
        if let Some(seconds) = self.kind.retry_after_seconds() {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if let Some(version) = self.version
            && let Ok(tag) = HeaderValue::from_str(&super::conditions::tag(version))
        {
            response.headers_mut().insert(header::ETAG, tag);
        }
        response.extensions_mut().insert(self);
        response
    }
}
