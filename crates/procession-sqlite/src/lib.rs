//! A [`Store`](procession_runtime::Store) in one SQLite file.
//!
//! One thread writes. It commits all batches that wait together (group commit), in WAL mode with
//! `synchronous = FULL`: what was acknowledged survives a power cut. Others read beside it, from connections of
//! their own, and other processes may read the file too, or append to its log; but only one process may handle its
//! messages, which a lock on the file `<store>-lock` makes sure.

mod apply;
mod apply_read_models;
mod archive;
mod backup;
mod error;
#[doc(hidden)]
pub mod fault_points;
#[cfg(test)]
mod growth;
mod inspect;
mod lock;
mod open;
mod read;
mod read_models;
mod restore;
mod rows;
mod store;
mod writer;

pub use backup::BackupError;
pub use error::OpenError;
pub use lock::InUse;
pub use open::SqliteOptions;
pub use restore::{Restore, RestoreError};
pub use store::SqliteStore;
