use std::{
    error::Error,
    fmt::{self, Display},
};

use crate::{
    Stream,
    log::{Position, ProcessId},
};

/// What the call of an effect knows of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct EffectCallContext {
    /// The same for every attempt of this call, and for no other call of any store on a disk: give it to the target as its idempotency
    /// key, so that what is asked for again is done once.
    pub key: String,
    /// Which attempt it is, from 1.
    pub attempt: u32,
    /// The event that asks for it.
    pub position: Position,
    /// The process of the event.
    pub process: ProcessId,
    /// The stream of the event.
    pub stream: Stream,
}

impl EffectCallContext {
    /// The first attempt of a call; for tests of an effect's function.
    #[must_use]
    pub fn first(key: impl Into<String>, position: Position, process: ProcessId, stream: Stream) -> Self {
        Self { key: key.into(), attempt: 1, position, process, stream }
    }

    /// The same call, at another attempt.
    #[must_use]
    pub fn at_attempt(self, attempt: u32) -> Self {
        Self { attempt, ..self }
    }
}

/// Why a call did not do what it was to do, and what becomes of it.
///
/// Every [`Error`] becomes one with `?`, and lets the call be tried again; its reason is the error's text, with those of its
/// [sources](Error::source). What is no error, a `String` for example, is given to [`retry`](Self::retry),
/// [`reject`](Self::reject) or [`park`](Self::park).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EffectError {
    /// It may work later: the target is away, slow, or asks for patience.
    Retry(String),
    /// The target says no, and will not say anything else: the call is given up.
    Reject(String),
    /// Somebody must look at it: the call is parked at once.
    Park(String),
}

impl EffectError {
    /// It may work later.
    #[must_use]
    pub fn retry(reason: impl Display) -> Self {
        Self::Retry(reason.to_string())
    }

    /// The target says no, for good.
    #[must_use]
    pub fn reject(reason: impl Display) -> Self {
        Self::Reject(reason.to_string())
    }

    /// Somebody must look at it.
    #[must_use]
    pub fn park(reason: impl Display) -> Self {
        Self::Park(reason.to_string())
    }
}

/// What `?` makes an [`EffectError`] of: every [`Error`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say what becomes of the call of an effect",
    label = "not an error: write `.map_err(EffectError::retry)`, or `reject`, or `park`, before the `?`",
    note = "`EffectError::retry` if it may work later, `reject` if the target says no for good, `park` if somebody must look at it"
)]
pub trait IntoEffectError {
    #[doc(hidden)]
    fn into_effect_error(self) -> EffectError;
}

#[diagnostic::do_not_recommend]
impl<E: Error> IntoEffectError for E {
    fn into_effect_error(self) -> EffectError {
        let mut reason = self.to_string();
        let mut source = self.source();
        while let Some(error) = source {
            let said = error.to_string();
            // Many errors tell their source themselves.
            if !reason.contains(&said) {
                reason = format!("{reason}: {said}");
            }
            source = error.source();
        }
        EffectError::Retry(reason)
    }
}

impl<E: IntoEffectError> From<E> for EffectError {
    fn from(error: E) -> Self {
        error.into_effect_error()
    }
}

/// That a call was given up, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct GivenUp {
    /// What the last attempt said, or why there was none.
    pub reason: String,
    /// How many attempts there were; none if the time was used up while the call waited for its target or its turn.
    pub attempts: u32,
    /// Whether the target has said no; otherwise the attempts or the time are used up.
    pub is_rejected: bool,
}

impl GivenUp {
    /// After so many attempts.
    #[must_use]
    pub fn after(attempts: u32, reason: impl Into<String>, is_rejected: bool) -> Self {
        Self { reason: reason.into(), attempts, is_rejected }
    }
}

impl Display for GivenUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { reason, attempts, is_rejected } = self;
        match attempts {
            _ if *is_rejected => write!(f, "rejected: {reason}"),
            // The reason says that it was never made.
            0 => f.write_str(reason),
            1 => write!(f, "given up after 1 attempt: {reason}"),
            _ => write!(f, "given up after {attempts} attempts: {reason}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[derive(Debug, thiserror::Error)]
    enum ProviderError {
        #[error("the provider is away")]
        Away(#[source] io::Error),
        #[error("the provider is away: {0}")]
        AwayAndToldSo(#[source] io::Error),
    }

    #[derive(Debug, thiserror::Error)]
    #[error("the money was not asked for")]
    struct PaymentError(#[source] ProviderError);

    fn refused() -> io::Error {
        io::Error::other("connection refused")
    }

    #[test]
    fn the_reason_of_an_error_tells_its_sources_to_the_first() {
        let error = EffectError::from(PaymentError(ProviderError::Away(refused())));
        let whole = "the money was not asked for: the provider is away: connection refused";
        assert_eq!(error, EffectError::retry(whole));
    }

    #[test]
    fn a_source_that_an_error_tells_itself_is_told_once() {
        let error = EffectError::from(ProviderError::AwayAndToldSo(refused()));
        assert_eq!(error, EffectError::retry("the provider is away: connection refused"));
    }

    #[test]
    fn what_is_given_up_says_why_and_after_how_many_attempts() {
        let told = |attempts, reason, is_rejected| GivenUp::after(attempts, reason, is_rejected).to_string();
        assert_eq!(told(3, "nobody answers", false), "given up after 3 attempts: nobody answers");
        assert_eq!(told(1, "nobody answers", false), "given up after 1 attempt: nobody answers");
        assert_eq!(told(1, "no money", true), "rejected: no money");
        assert_eq!(told(0, "never made: the target is away", false), "never made: the target is away");
    }
}
