//! What the runtime says, as a problem.

use std::error::Error;

use axum::extract::rejection::{FormRejection, JsonRejection, QueryRejection};
use procession::{ExecuteError, ReadError, ReadModelError, RequestError, StoreError, WaitError};

use super::{Problem, ProblemKind};

impl<R: Error> From<ExecuteError<R>> for Problem {
    fn from(error: ExecuteError<R>) -> Self {
        match error {
            ExecuteError::Rejected(rejection) => Self::new(ProblemKind::Rejected, rejection),
            ExecuteError::NotTaken(error) => error.into(),
        }
    }
}

impl From<RequestError> for Problem {
    fn from(error: RequestError) -> Self {
        let kind = match &error {
            RequestError::Conflict { .. } => ProblemKind::StaleVersion,
            RequestError::KeyReused { .. } | RequestError::Archived { .. } => ProblemKind::KeyReused,
            RequestError::Blocked { .. } => ProblemKind::Blocked,
            RequestError::InvalidId(_) => ProblemKind::InvalidInput,
            RequestError::TooLarge { .. } => ProblemKind::TooLarge,
            RequestError::Unavailable(_) | RequestError::Stopped(_) => ProblemKind::Unavailable,
            _ => ProblemKind::Failed,
        };
        let problem = Self::new(kind, &error);
        match error {
            RequestError::Conflict { actual, .. } => problem.version(actual),
            _ => problem,
        }
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        let kind = match &error {
            StoreError::Transient(_) => ProblemKind::Unavailable,
            _ => ProblemKind::Failed,
        };
        Self::new(kind, format!("the store cannot be read: {error}"))
    }
}

impl From<ReadError> for Problem {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Store(error) => error.into(),
            ReadError::InvalidId(error) => Self::new(ProblemKind::NotFound, error),
            other => Self::new(ProblemKind::Failed, other),
        }
    }
}

impl From<ReadModelError> for Problem {
    fn from(error: ReadModelError) -> Self {
        match error {
            ReadModelError::Store(error) => error.into(),
            ReadModelError::Behind { .. } => Self::new(ProblemKind::Unavailable, error),
            other => Self::new(ProblemKind::Failed, other),
        }
    }
}

impl From<WaitError> for Problem {
    fn from(error: WaitError) -> Self {
        match error {
            WaitError::Store(error) => error.into(),
            WaitError::UnknownProcess(_) => Self::new(ProblemKind::NotFound, error),
            other => Self::new(ProblemKind::Unavailable, other),
        }
    }
}

impl From<serde_json::Error> for Problem {
    fn from(error: serde_json::Error) -> Self {
        Self::new(ProblemKind::Failed, format!("what is stored cannot be read: {error}"))
    }
}

impl From<JsonRejection> for Problem {
    fn from(rejection: JsonRejection) -> Self {
        let text = rejection.body_text();
        let prefixes = [
            "Failed to deserialize the JSON body into the target type: ",
            "Failed to parse the request body as JSON: ",
        ];
        let said = prefixes.iter().find_map(|it| text.strip_prefix(it)).unwrap_or(&text);
        let detail = match &rejection {
            JsonRejection::JsonDataError(_) => format!("the body does not fit: {said}"),
            JsonRejection::JsonSyntaxError(_) => format!("the body is no JSON: {said}"),
            JsonRejection::MissingJsonContentType(_) => "the body must be JSON, and say so".into(),
            _ => said.to_owned(),
        };
        Self::new(ProblemKind::of_status(rejection.status()), detail)
    }
}

impl From<FormRejection> for Problem {
    fn from(rejection: FormRejection) -> Self {
        Self::new(ProblemKind::of_status(rejection.status()), rejection.body_text())
    }
}

impl From<QueryRejection> for Problem {
    fn from(rejection: QueryRejection) -> Self {
        let text = rejection.body_text();
        let said = text.strip_prefix("Failed to deserialize query string: ").unwrap_or(&text);
        Self::new(ProblemKind::Malformed, format!("the query cannot be understood: {said}"))
    }
}
