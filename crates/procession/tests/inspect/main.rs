//! What operators see of processes, over real stores with real handlers: one story for each reason to wait.

#![expect(
    clippy::unwrap_used,
    reason = "in tests a broken expectation ends the test, also in what the tests share"
)]

mod reasons;
mod rental;
mod sweeping;
mod verifying;
mod waiting_behind;
