use std::{
    fs::File,
    io,
    path::{Path, PathBuf},
};

use procession_runtime::StoreError;

use crate::read::Readers;

/// Why a store was not backed up.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BackupError {
    /// There is a file already.
    #[error("{} is there already, and is not overwritten; name a new file", .path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// The copy cannot be written.
    #[error("the copy {} cannot be written: {error}", .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// The store cannot be read, or SQLite cannot write the copy.
    #[error("the store cannot be copied: {0}")]
    Store(#[from] StoreError),
}

/// SQLite writes the copy as one reader, so that it holds what was durable when it began. It is given its name only when it
/// is whole and synced: no half of a store is ever taken for one.
pub(crate) async fn back_up(readers: &Readers, to: &Path) -> Result<(), BackupError> {
    if to.exists() {
        return Err(BackupError::Exists { path: to.into() });
    }
    let mut unfinished = to.as_os_str().to_owned();
    unfinished.push(".unfinished");
    let unfinished = PathBuf::from(unfinished);
    // One that was left behind by a backup that was killed.
    _ = std::fs::remove_file(&unfinished);
    let copy = unfinished.clone();
    let copied = readers
        .read(move |connection| {
            let path = copy.to_string_lossy().into_owned();
            connection.execute("VACUUM INTO ?1", [path]).map(drop)
        })
        .await;
    let named = copied.map_err(BackupError::from).and_then(|()| give_its_name(&unfinished, to));
    _ = std::fs::remove_file(&unfinished);
    named
}

fn give_its_name(unfinished: &Path, to: &Path) -> Result<(), BackupError> {
    let io = |error: io::Error| match error.kind() {
        io::ErrorKind::AlreadyExists => BackupError::Exists { path: to.into() },
        _ => BackupError::Io { path: to.into(), error },
    };
    File::open(unfinished).and_then(|it| it.sync_all()).map_err(io)?;
    // A link, unlike a renaming, does not replace what is there.
    std::fs::hard_link(unfinished, to).map_err(io)?;
    sync_folder_of(to).map_err(io)
}

/// Makes names durable: those that files were given, or have lost.
pub(crate) fn sync_folder_of(file: &Path) -> io::Result<()> {
    match file.parent().map(|it| if it.as_os_str().is_empty() { Path::new(".") } else { it }) {
        Some(folder) => File::open(folder).and_then(|it| it.sync_all()),
        None => Ok(()),
    }
}
