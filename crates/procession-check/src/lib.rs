#![doc = include_str!("lib.md")]

mod answers;
mod canonical;
mod check;
mod counterexample;
mod coverage;
mod describe;
mod emitting;
mod error;
mod explore;
mod fingerprint;
mod ids;
mod independent;
mod machine;
mod modules;
mod moves;
mod numbers;
mod prepared;
mod properties;
mod reach;
mod report;
#[cfg(feature = "simulator")]
pub mod simulate;
mod state;
mod view;

pub use answers::Answer;
pub use check::{Check, IntoApplication, check};
pub use counterexample::Counterexample;
pub use error::CheckError;
pub use machine::Promise;
pub use properties::Holds;
pub use report::{Bound, Progress, Report, Unreached, Verdict};
pub use view::World;
