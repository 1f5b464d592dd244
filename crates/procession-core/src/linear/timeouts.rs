//! What a linear saga sends to itself, for later. Every saga has its own of these, and they never leave it.

use serde::{Deserialize, Serialize};

use crate::{Message, message::kind};

/// A step was not done in time. Addressed to the instance that has asked for it.
#[derive(Serialize, Deserialize)]
pub(crate) struct TimeOutStep {
    pub(super) step: String,
    pub(super) attempt: u32,
}

/// The pause before a step is tried again is over. Addressed to the instance that has asked for it.
#[derive(Serialize, Deserialize)]
pub(super) struct RetryStep {
    pub(super) step: String,
    pub(super) attempt: u32,
}

/// The pause at a save-point is over. Addressed to the instance that has asked for it.
#[derive(Serialize, Deserialize)]
pub(super) struct ResumeSaga {
    pub(super) from: String,
}

impl Message for TimeOutStep {
    type Kind = kind::Command;
    const NAME: &'static str = "TimeOutStep";
}

impl Message for RetryStep {
    type Kind = kind::Command;
    const NAME: &'static str = "RetryStep";
}

impl Message for ResumeSaga {
    type Kind = kind::Command;
    const NAME: &'static str = "ResumeSaga";
}

/// Whether this is the name of what a linear saga sends to itself: every saga has its own of this name.
pub(crate) fn is_own_timeout(name: &str) -> bool {
    [TimeOutStep::NAME, RetryStep::NAME].contains(&name) || is_pause(name)
}

/// Whether this is the name of what wakes a linear saga after its pause at a save-point.
pub(crate) fn is_pause(name: &str) -> bool {
    name == ResumeSaga::NAME
}
