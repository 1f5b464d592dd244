//! Procession runs event-driven distributed processes: sequences of small local transactions, in place of one big one
//! that cannot be.
pub use procession_core::*;
pub use procession_runtime::*;
#[cfg(feature = "sqlite")]
pub use procession_sqlite as sqlite;
