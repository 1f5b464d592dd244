use std::time::Duration;

use serde::{Deserialize, Serialize};
use ureq::{
    Agent,
    http::{HeaderValue, Request as HttpRequest},
};

/// What is sent to the hotel, as it goes over the wire.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Request {
    pub(super) method: String,
    /// With the query, if there is one.
    pub(super) path: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) headers: Vec<(String, String)>,
    #[serde(default, skip_serializing_if = "Body::is_empty")]
    pub(super) body: Body,
}

/// A body, written so that a person can read it in the corpus.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum Body {
    Text(String),
    Bytes(Vec<u8>),
    /// A large one.
    Repeated {
        before: String,
        again: String,
        times: usize,
        after: String,
    },
}

impl Default for Body {
    fn default() -> Self {
        Self::Text(String::new())
    }
}

impl From<Vec<u8>> for Body {
    fn from(bytes: Vec<u8>) -> Self {
        String::from_utf8(bytes).map_or_else(|it| Self::Bytes(it.into_bytes()), Self::Text)
    }
}

impl Body {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    pub(super) fn bytes(&self) -> Vec<u8> {
        match self {
            Self::Text(text) => text.clone().into_bytes(),
            Self::Bytes(bytes) => bytes.clone(),
            Self::Repeated { before, again, times, after } => {
                [before, &again.repeat(*times), after].map(String::as_str).concat().into_bytes()
            }
        }
    }
}

/// What came back.
#[derive(Debug, Clone)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) text: String,
}

impl Answer {
    /// The values of a header, in a row; empty if there is none.
    pub(super) fn header(&self, name: &str) -> String {
        let values = self.headers.iter().filter(|it| it.0.eq_ignore_ascii_case(name)).map(|it| it.1.as_str());
        values.collect::<Vec<_>>().join(", ")
    }

    pub(super) fn content_type(&self) -> String {
        self.header("content-type").split(';').next().unwrap_or_default().trim().to_owned()
    }
}

/// Who takes longer has died, or hangs. On a machine where others go first, some seconds are nothing.
const LONGEST_ANSWER: Duration = Duration::from_secs(60);

pub(super) fn client() -> Agent {
    let config = Agent::config_builder().http_status_as_error(false).max_redirects(0);
    config.timeout_global(Some(LONGEST_ANSWER)).allow_non_standard_methods(true).build().new_agent()
}

impl Request {
    pub(super) fn get(path: impl Into<String>) -> Self {
        Self { method: "GET".into(), path: path.into(), headers: Vec::new(), body: Body::default() }
    }

    /// The values of a header.
    pub(super) fn header<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.headers.iter().filter(move |it| it.0.eq_ignore_ascii_case(name)).map(|it| it.1.as_str())
    }

    pub(super) fn send(&self, client: &Agent, address: &str) -> Result<Answer, String> {
        let mut request = HttpRequest::builder().method(&*self.method).uri(format!("{address}{}", self.path));
        for (name, value) in &self.headers {
            let value = HeaderValue::from_bytes(value.as_bytes()).map_err(|error| error.to_string())?;
            request = request.header(name, value);
        }
        let body = self.body.bytes();
        let response = if ["POST", "PUT", "PATCH"].contains(&self.method.as_str()) {
            request.body(body).map(|it| client.run(it))
        } else {
            request.body(()).map(|it| client.run(it))
        };
        let mut response = response
            .map_err(|error| format!("cannot be sent: {error}"))?
            .map_err(|error| format!("was not answered: {error}"))?;
        let text =
            response.body_mut().read_to_vec().map_err(|error| format!("was answered in part: {error}"))?;
        let headers = response.headers().iter();
        let headers =
            headers.map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into()));
        Ok(Answer {
            status: response.status().as_u16(),
            headers: headers.collect(),
            text: String::from_utf8(text).map_err(|_| "was answered with text that is no UTF-8")?,
        })
    }
}
