//! Process managers: stateful reactions with a stream of their own.

mod correlation;
mod ignored;
mod join;
mod lifecycle;
mod manager;
mod on;
mod rejected;

pub use correlation::Correlation;
pub use ignored::{Ignored, Reason};
pub use join::{Answered, Join};
pub use lifecycle::{Lifecycle, Starts};
pub use manager::ProcessManager;
pub use on::{On, OnRejection, OnTimeout};
pub use rejected::Rejected;

pub(crate) use manager::{CorrelateFn, Input, ProcessType, Source, correlate_fn};
pub(crate) use rejected::encoded as encoded_rejection;
