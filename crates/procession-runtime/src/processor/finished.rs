use std::time::Duration;

use procession_core::{EffectError, Output};

use crate::store::Delivery;

/// What a call has said.
#[derive(Clone)]
pub(super) struct Finished {
    pub(super) delivery: Delivery,
    pub(super) said: Said,
    /// Whether the circuit breaker knows it already: it is recorded again when its batch has failed.
    pub(super) is_judged: bool,
}

/// What came of a call.
#[derive(Clone)]
pub(super) enum Said {
    /// It was made.
    Result { result: Result<Vec<Output>, EffectError>, took: Duration },
    /// It was not made, because its time is over.
    TooLate { reason: String },
}
