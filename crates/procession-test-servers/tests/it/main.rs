//! Each server does what it says, and what happens to it is seen by an ordinary client.
#![expect(clippy::unwrap_used, reason = "what the tests stand on says that it is broken by panicking")]

mod client;
mod databases;
mod disk;
mod ends;
mod faults;
mod proxy;
