use std::{
    ffi::OsString,
    fs::{self, File, Metadata},
    io,
    path::{Path, PathBuf},
};

use jiff::Timestamp;
use rusqlite::{Connection, ErrorCode, OpenFlags, config::DbConfig};

use crate::{BackupError, OpenError, SqliteStore, backup::sync_folder_of, lock::WriteLock};

/// Puts a backup in the place of a store, whatever has become of that.
///
/// While it lives, nobody else opens the store. Nothing of the store is changed before [`finish`](Self::finish), and nothing
/// of it is deleted: its files are moved aside under a name with the time.
pub struct Restore {
    store: PathBuf,
    /// SQLite deletes the log of changes of a file by its name, also when it closes a file that has been moved. So nobody else
    /// may have the old file open.
    _alone: Option<Connection>,
    _lock: WriteLock,
}

/// Why a store was not restored.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RestoreError {
    /// The backup cannot be opened, or the store is in use.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The backup is the store.
    #[error("{} is the store itself; name a backup of it", .0.display())]
    Itself(PathBuf),
    /// Somebody reads the store, or appends to it.
    #[error("{} is read by another process; stop that one first", .0.display())]
    InUse(PathBuf),
    /// The backup cannot be copied to where the store is.
    #[error(transparent)]
    Copy(#[from] BackupError),
    /// A file cannot be moved or synced.
    #[error("{} cannot be moved into its place: {error}", .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
}

/// What belongs to a store beside its file: changes that are not in it yet, and who reads them. The lock file stays, as it is
/// held meanwhile, and holds nothing of the store.
const BESIDE: [&str; 3] = ["-wal", "-shm", "-journal"];

impl Restore {
    /// Takes the store, which may be broken or missing, from everybody else.
    ///
    /// # Errors
    /// When it is in use.
    pub fn of(store: impl AsRef<Path>) -> Result<Self, RestoreError> {
        let store = store.as_ref().to_path_buf();
        let lock = WriteLock::acquire(&store)?;
        Ok(Self { _alone: alone(&store)?, _lock: lock, store })
    }

    /// The files of the store that will be moved aside.
    #[must_use]
    pub fn files(&self) -> Vec<PathBuf> {
        let all = BESIDE.iter().map(|it| with(&self.store, it)).chain([self.store.clone()]);
        all.filter(|it| it.symlink_metadata().is_ok()).collect()
    }

    /// Copies the backup to a file beside the store, durably. It may be looked at before it takes the place of the store.
    ///
    /// # Errors
    /// When the backup is no store or cannot be read, or the copy cannot be written.
    pub async fn copy(&mut self, backup: impl AsRef<Path>) -> Result<PathBuf, RestoreError> {
        let backup = backup.as_ref();
        let real = |path: &Path| path.canonicalize().ok();
        if real(backup).is_some_and(|it| real(&self.store) == Some(it)) {
            return Err(RestoreError::Itself(backup.into()));
        }
        let copy = with(&self.store, "-restore-copy");
        match fs::remove_file(&copy) {
            // One that was left behind by a restoring that was killed.
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(&copy)(error)),
            _ => {}
        }
        SqliteStore::open_read_only(backup)?.back_up(&copy).await?;
        Ok(copy)
    }

    /// Moves the store aside, and puts the copy in its place. Returns where its files are now.
    ///
    /// When it fails or is killed half way, the store is not opened by anybody until it has been restored.
    ///
    /// # Errors
    /// When a file cannot be moved.
    pub fn finish(self, copy: &Path, now: Timestamp) -> Result<Vec<PathBuf>, RestoreError> {
        if let Ok(old) = fs::metadata(&self.store) {
            keep_owner(copy, &old).map_err(failed(copy))?;
        }
        let (ready, aside) = (begun(&self.store), self.aside(now));
        rename(copy, &ready)?;
        sync_folder_of(&self.store).map_err(failed(&self.store))?;
        let mut moved = Vec::new();
        for suffix in BESIDE.into_iter().chain([""]) {
            let (from, to) = (with(&self.store, suffix), with(&aside, suffix));
            if from.symlink_metadata().is_ok() {
                rename(&from, &to)?;
                moved.push(to);
            }
        }
        // The new file must never be found beside the changes of the old one, also after a power cut.
        sync_folder_of(&self.store).map_err(failed(&self.store))?;
        rename(&ready, &self.store)?;
        sync_folder_of(&self.store).map_err(failed(&self.store))?;
        Ok(moved)
    }

    /// A name that no file has, also not after two restorings within a second.
    fn aside(&self, now: Timestamp) -> PathBuf {
        let is_taken = |it: &Path| BESIDE.iter().chain(&[""]).any(|suffix| with(it, suffix).exists());
        let mut aside = with(&self.store, &format!(".replaced-{}", now.strftime("%Y%m%dT%H%M%SZ")));
        while is_taken(&aside) {
            aside = with(&aside, "-again");
        }
        aside
    }
}

/// The copy, whole, while a store makes room for it. As long as there is such a file, the store is neither the old nor the new.
pub(crate) fn begun(store: &Path) -> PathBuf {
    with(store, "-restoring")
}

pub(crate) fn with(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    name.into()
}

/// A connection that keeps everybody else out, and leaves the file as it is. A file that SQLite cannot read is open nowhere.
fn alone(store: &Path) -> Result<Option<Connection>, RestoreError> {
    if !store.is_file() {
        return Ok(None);
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let taken = Connection::open_with_flags(store, flags).and_then(|connection| {
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
        connection.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
        Ok(connection)
    });
    match taken {
        Ok(connection) => Ok(Some(connection)),
        Err(error) => match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
                Err(RestoreError::InUse(store.into()))
            }
            _ => Ok(None),
        },
    }
}

/// Whoever restores is often another user than the application.
#[cfg(unix)]
fn keep_owner(copy: &Path, old: &Metadata) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt, chown};

    let new = fs::metadata(copy)?;
    if (new.uid(), new.gid()) != (old.uid(), old.gid()) {
        chown(copy, Some(old.uid()), Some(old.gid()))?;
    }
    fs::set_permissions(copy, old.permissions())?;
    File::open(copy)?.sync_all()
}

#[cfg(not(unix))]
fn keep_owner(copy: &Path, old: &Metadata) -> io::Result<()> {
    fs::set_permissions(copy, old.permissions())
}

fn rename(from: &Path, to: &Path) -> Result<(), RestoreError> {
    fs::rename(from, to).map_err(failed(from))
}

fn failed(path: &Path) -> impl FnOnce(io::Error) -> RestoreError + use<'_> {
    move |error| RestoreError::Io { path: path.into(), error }
}
