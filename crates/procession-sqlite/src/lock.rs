use std::{
    ffi::OsString,
    fs::{File, TryLockError},
    io::{Read, Seek, Write},
    path::{Path, PathBuf},
};

use crate::OpenError;

/// The right to write a store, held until it is dropped or the process dies.
///
/// It is a lock on a file of its own: closing the store's own file would, on POSIX, drop the locks that SQLite holds.
pub(crate) struct WriteLock {
    _file: File,
}

impl WriteLock {
    pub(crate) fn acquire(store: &Path) -> Result<Self, OpenError> {
        let path = beside(store);
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
        Ok(Self { _file: file })
    }
}

fn beside(store: &Path) -> PathBuf {
    let mut name = OsString::from(store);
    name.push("-lock");
    name.into()
}
