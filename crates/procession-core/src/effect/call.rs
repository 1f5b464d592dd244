use std::fmt::Display;

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
    /// Which attempt it is, from 1. A call that only looks whether a target is back has the number of the attempt that it
    /// does not use up.
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
/// Every error becomes one with `?`, and lets the call be tried again.
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

impl<E: std::error::Error> From<E> for EffectError {
    fn from(error: E) -> Self {
        Self::retry(error)
    }
}

/// That a call was given up, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct GivenUp {
    /// What the last attempt said.
    pub reason: String,
    /// How many attempts there were.
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
