//! What the pages' forms send.

use std::{str::FromStr, sync::Arc};

use axum::{
    Form,
    extract::{FromRequest, Request},
};
use maud::{Markup, html};
use uuid::Uuid;

use crate::web::{
    conditions::{Conditions, ExpectedVersion},
    desk::invalid,
    problem::Problem,
};

/// The fields of a form, as often as each was sent.
pub(super) struct Fields(Vec<(String, String)>);

impl<S: Send + Sync> FromRequest<S> for Fields {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let Form(fields) = Form::from_request(request, state).await?;
        Ok(Self(fields))
    }
}

impl Fields {
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(it, _)| it == name).map(|(_, value)| value.trim())
    }

    /// The one value of a field.
    pub(super) fn one<T: FromStr<Err: std::fmt::Display>>(&self, name: &str) -> Result<T, Problem> {
        let value = self.all(name).next().ok_or_else(|| invalid(format!("the field {name} is missing")))?;
        value.parse().map_err(invalid)
    }

    /// What the page that holds the form demands: to be sent once, and for the version that it shows.
    pub(super) fn conditions(&self) -> Result<Conditions, Problem> {
        let key: Arc<str> = self.one::<String>("key")?.into();
        let version = match self.all("version").next() {
            Some(tag) => tag.parse().map_err(invalid)?,
            None => ExpectedVersion::Any,
        };
        Ok(Conditions { version, key: Some(key), traceparent: None })
    }
}

/// A field that makes sending the form twice harmless.
pub(super) fn key_field() -> Markup {
    html! { input type="hidden" name="key" value=(Uuid::now_v7()); }
}
