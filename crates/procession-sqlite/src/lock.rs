use std::{
    fs::{File, TryLockError},
    io::{Read, Seek, Write},
    path::Path,
};

use crate::{OpenError, restore::with};

/// The right to write a store, held until it is dropped or the process dies.
///
/// It is a lock on a file of its own: closing the store's own file would, on POSIX, drop the locks that SQLite holds.
pub(crate) struct WriteLock {
    file: File,
}

impl WriteLock {
    pub(crate) fn acquire(store: &Path) -> Result<Self, OpenError> {
        let path = with(store, "-lock");
        let io = |error: std::io::Error| OpenError::Io {
            path: store.into(),
            reason: format!("the lock file {} beside it cannot be written: {error}", path.display()),
        };
        let mut file =
            File::options().read(true).write(true).create(true).truncate(false).open(&path).map_err(io)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut pid = String::new();
                // Who holds it is told if it can be read; that it is held is certain.
                _ = file.read_to_string(&mut pid);
                return Err(OpenError::InUse { path: store.into(), pid: pid.trim().parse().ok() });
            }
            Err(TryLockError::Error(error)) => return Err(io(error)),
        }
        let write = file.set_len(0).and_then(|()| file.rewind());
        write.and_then(|()| write!(file, "{}", std::process::id())).map_err(io)?;
        Ok(Self { file })
    }
}

impl Drop for WriteLock {
    fn drop(&mut self) {
        // A program that this process starts has the open file too until it begins. Closing alone would leave the lock to it.
        if let Err(error) = self.file.unlock() {
            tracing::warn!(%error, "the lock of a store is not given back before its file is closed");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_is_given_back_although_somebody_else_still_has_the_open_file() {
        let folder = tempfile::tempdir().unwrap();
        let store = folder.path().join("store.db");
        let lock = WriteLock::acquire(&store).unwrap();
        let inherited = lock.file.try_clone().unwrap();
        assert!(WriteLock::acquire(&store).is_err());

        drop(lock);

        WriteLock::acquire(&store).unwrap();
        drop(inherited);
    }
}
