//! The hotel's command line: the real program, real stores, real signals.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "in tests a broken expectation ends the test, also in what the tests share"
)]

mod bad_input;
mod check;
mod deadline;
mod demo;
mod desk;
mod full_disk;
mod history;
mod map;
mod program;
mod replay;
mod reservations;
mod serving;
mod styles;
