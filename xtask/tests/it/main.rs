//! The chores themselves, and the floors of the architecture.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod chores;
mod floors;
