//! The store on a real server, and what may happen to the server and to the line to it.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "what the tests stand on says that it is broken by panicking"
)]

mod batches;
mod conformance;
mod connecting;
mod diary;
mod dumped;
mod encrypted;
mod faults;
mod foreign;
mod full_disk;
mod lent;
mod line;
mod log_order;
mod nodes;
mod place;
mod same_history;
