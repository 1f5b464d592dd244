//! The program `procession`, run for real on the store of a shop that is run for real.

#![expect(
    clippy::unwrap_used,
    reason = "in tests a broken expectation ends the test, also in what the tests share"
)]

mod archive;
mod broken_shop;
mod damaged;
mod effects;
mod everywhere;
mod guide;
mod parked;
mod processes;
mod programs;
mod projections;
mod restore;
mod timers;
