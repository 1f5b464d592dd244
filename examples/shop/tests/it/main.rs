//! The shop as a whole: its processes on every store, and the program as people and machines use it.

#![expect(
    clippy::unwrap_used,
    reason = "in tests a broken expectation ends the test, also in what the tests share"
)]

mod acceptance;
mod api;
mod bad_input;
mod check;
mod crash;
mod demo;
mod domain;
mod everywhere;
mod program;
mod provider;
mod redelivery;
mod storm;
