use std::{fmt, path::PathBuf};

use procession_runtime::StoreError;
use rusqlite::ErrorCode;

/// Why a file could not be opened as a store. Nothing in it was changed.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// There is no such file, and it was to be read only.
    #[error("there is no store at {}", .path.display())]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// The file is something else.
    #[error("{} is not a Procession store: {reason}", .path.display())]
    NotAStore {
        /// The file.
        path: PathBuf,
        /// What it is instead.
        reason: String,
    },
    /// The file was a store once.
    #[error("{} is damaged: {reason}; restore it from a backup", .path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What SQLite found.
        reason: String,
    },
    /// A backup was being put in its place, and that was not finished.
    #[error("{} was being restored, and is neither the old store nor the new one; restore it again", .path.display())]
    HalfRestored {
        /// The file.
        path: PathBuf,
    },
    /// Another process writes the file.
    #[error("{} is in use by another{}; only one may write a store: stop that one, or let it do the work", .path.display(), holder(.pid))]
    InUse {
        /// The file.
        path: PathBuf,
        /// The other process, if it said.
        pid: Option<u32>,
    },
    /// The store was written by a newer release.
    #[error("{} has the format {found}, and this release knows formats up to {known}; use a newer release", .path.display())]
    TooNew {
        /// The file.
        path: PathBuf,
        /// The format of the file.
        found: i64,
        /// The newest format that is known.
        known: i64,
    },
    /// The store was written by an older release, and cannot be read before it is upgraded.
    #[error("{} has the format {found}, and this release reads format {known}; open it for writing once, which upgrades it", .path.display())]
    TooOld {
        /// The file.
        path: PathBuf,
        /// The format of the file.
        found: i64,
        /// The format that this release reads.
        known: i64,
    },
    /// The store was created with other settings.
    #[error("{} was created with {found} partitions, which cannot change; it was to be opened with {asked}", .path.display())]
    Partitions {
        /// The file.
        path: PathBuf,
        /// How many it has.
        found: u16,
        /// How many were asked for.
        asked: u16,
    },
    /// SQLite is too old, or does not keep what it was told.
    #[error("SQLite cannot keep the promises of a store: {0}")]
    Unsafe(String),
    /// The file or its folder cannot be used.
    #[error("{} cannot be opened: {reason}", .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system or SQLite said.
        reason: String,
    },
}

fn holder(pid: &Option<u32>) -> String {
    match pid {
        Some(pid) if *pid == std::process::id() => {
            " handle of this very process, whose runtime was not stopped".into()
        }
        Some(pid) => format!(" process (pid {pid})"),
        None => " process".into(),
    }
}

/// The sentence too: `?` in `main` shows an error by its `Debug`.
impl fmt::Debug for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// One taxonomy for all stores: may it go better later, or not?
pub(crate) fn store_error(error: rusqlite::Error) -> StoreError {
    let code = error.sqlite_error_code();
    let said = error.to_string();
    match code {
        Some(ErrorCode::DiskFull) => StoreError::Transient(format!("the disk is full ({said})")),
        Some(
            ErrorCode::DatabaseBusy
            | ErrorCode::DatabaseLocked
            | ErrorCode::SystemIoFailure
            | ErrorCode::OutOfMemory
            | ErrorCode::CannotOpen
            | ErrorCode::FileLockingProtocolFailed
            | ErrorCode::OperationInterrupted,
        ) => StoreError::Transient(said),
        _ => StoreError::Permanent(said),
    }
}
