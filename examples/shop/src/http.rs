//! Calls to other services.

use std::{fmt, str::FromStr, time::Duration};

use backon::ExponentialBuilder;
use serde::{Serialize, de::DeserializeOwned};

/// Where another service is: `http://HOST:PORT`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address(String);

/// Text that is no address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no address: write http://HOST:PORT")]
pub struct InvalidAddress(String);

/// Why a call has failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// Nobody has answered, or not in a way that can be understood.
    #[error("{url} cannot be reached: {reason}")]
    Unreachable {
        /// What was called.
        url: String,
        /// Why it did not work.
        reason: String,
    },
    /// The answer was a refusal.
    #[error("{url} has answered with status {status}")]
    Refused {
        /// What was called.
        url: String,
        /// The status.
        status: u16,
    },
}

/// A service that takes longer than this counts as one that does not answer.
const LONGEST_CALL: Duration = Duration::from_secs(10);

/// First soon, then less and less often, and never at the same time as all others; for ever.
pub(crate) fn again_and_again() -> ExponentialBuilder {
    ExponentialBuilder::default()
        .with_min_delay(Duration::from_millis(50))
        .with_max_delay(Duration::from_secs(5))
        .with_jitter()
        .without_max_times()
}

impl Address {
    /// The address of a path at this service.
    pub(crate) fn at(&self, path: &str) -> String {
        format!("{}{path}", self.0)
    }
}

impl FromStr for Address {
    type Err = InvalidAddress;

    fn from_str(text: &str) -> Result<Self, InvalidAddress> {
        let host = text.strip_prefix("http://").map(|it| it.trim_end_matches('/')).unwrap_or_default();
        let is_host =
            !host.is_empty() && host.chars().all(|it| it.is_ascii_alphanumeric() || ".-:[]".contains(it));
        if is_host {
            Ok(Self(format!("http://{host}")))
        } else {
            Err(InvalidAddress(text.chars().take(80).collect()))
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl CallError {
    /// Whether the same call would be refused again.
    pub(crate) fn is_final(&self) -> bool {
        matches!(self, Self::Refused { status: 400..=499, .. })
    }
}

/// Posts a message as JSON. Any answer but a refusal is fine.
pub(crate) async fn post(url: String, message: &impl Serialize) -> Result<(), CallError> {
    let unwritable =
        |error: serde_json::Error| CallError::Unreachable { url: url.clone(), reason: error.to_string() };
    let body = serde_json::to_string(message).map_err(unwritable)?;
    call(url, move |agent, url| agent.post(url).content_type("application/json").send(body).map(drop)).await
}

/// Gets a document as JSON.
pub(crate) async fn get<T: DeserializeOwned + Send + 'static>(url: String) -> Result<T, CallError> {
    call(url, |agent, url| agent.get(url).call()?.body_mut().read_json()).await
}

/// The client blocks, which keeps it small, so it gets a thread of its own while it waits.
async fn call<T: Send + 'static>(
    url: String,
    call: impl FnOnce(&ureq::Agent, &str) -> Result<T, ureq::Error> + Send + 'static,
) -> Result<T, CallError> {
    let called = url.clone();
    let answer = tokio::task::spawn_blocking(move || {
        let config = ureq::Agent::config_builder().timeout_global(Some(LONGEST_CALL)).proxy(None).build();
        call(&config.into(), &called)
    });
    let unreachable = |reason: String| CallError::Unreachable { url: url.clone(), reason };
    match answer.await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(ureq::Error::StatusCode(status))) => Err(CallError::Refused { url, status }),
        Ok(Err(error)) => Err(unreachable(error.to_string())),
        Err(error) => Err(unreachable(error.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::Address;

    #[test]
    fn an_address_is_plain_http_without_a_path() {
        for text in ["http://127.0.0.1:4100", "http://provider", "http://[::1]:80/"] {
            assert_eq!(text.parse::<Address>().unwrap().to_string(), text.trim_end_matches('/'));
        }
        for text in ["", "127.0.0.1:4100", "https://provider", "http://", "http://a/b", "http://a b"] {
            assert!(text.parse::<Address>().is_err(), "{text:?}");
        }
    }
}
