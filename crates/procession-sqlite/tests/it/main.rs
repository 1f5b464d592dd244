//! The SQLite store under the conformance suite, and what is its own.
#![expect(clippy::unwrap_used, reason = "what the tests stand on says that it is broken by panicking")]

mod beside;
mod conformance;
mod damaged;
mod limits;
mod locked;
mod restored;
mod upgrade;
