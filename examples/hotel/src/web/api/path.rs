use std::str::FromStr;

use axum::{
    extract::{FromRequestParts, Path},
    http::request::Parts,
};

use crate::web::problem::{Problem, ProblemKind};

/// The id in the path. What cannot be an id names nothing that exists.
pub(in crate::web) struct Id<T>(pub(in crate::web) T);

impl<T: FromStr<Err: std::fmt::Display>, S: Send + Sync> FromRequestParts<S> for Id<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Path(text) = Path::<String>::from_request_parts(parts, state)
            .await
            .map_err(|error| Problem::new(ProblemKind::NotFound, error.body_text()))?;
        let unknown = |error| {
            let shown: String = text.chars().take(80).collect();
            Problem::new(ProblemKind::NotFound, format!("there is nothing called {shown:?}: {error}"))
        };
        text.parse().map(Self).map_err(unknown)
    }
}
