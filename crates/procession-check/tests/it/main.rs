//! What the checker finds, what it lets pass, and that what it leaves out makes no difference.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![expect(clippy::print_stdout, reason = "it tells how much was tried")]

// The derives write this name.
extern crate procession_core as procession;

mod alike;
mod defects;
mod jobs;
mod keeping;
mod messages;
mod orders;
mod outside;
mod properties;
mod reductions;
mod time;
