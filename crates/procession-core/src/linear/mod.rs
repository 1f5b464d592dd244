//! Linear sagas: step after step, and back again when one fails.

mod advance;
mod builder;
mod compile;
mod emissions;
mod events;
mod inputs;
mod program;
mod state;
mod step;
#[cfg(test)]
mod tests;
mod timeouts;

pub use builder::{Branch, LinearSaga};
pub use events::{
    CompensationStarted, RollbackStarted, SagaCompensated, SagaCompleted, SagaResumed, SagaStarted,
    StepCompensated, StepCompleted, StepFailed, StepRetryScheduled, StepStarted, StepTimedOut,
};
pub use state::{SagaState, StepStatus};
pub use step::{Step, StepWithoutEnd};

pub(crate) use timeouts::{TimeOutStep, is_own_timeout, is_pause};
