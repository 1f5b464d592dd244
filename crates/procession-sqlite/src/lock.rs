use std::{
    fs::{File, TryLockError},
    io::{ErrorKind, Read, Seek, Write},
    path::{Path, PathBuf},
    time::Duration,
};

use jiff::Timestamp;

use crate::{OpenError, restore::with};

/// The right to write a store, held until it is dropped or the process dies.
///
/// It is a lock on a file of its own: closing the store's own file would, on POSIX, drop the locks that SQLite holds.
pub(crate) struct WriteLock {
    file: File,
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
        if !takes(&file).map_err(io)? {
            return Err(OpenError::InUse { path: store.into(), pid: pid_in(&mut file) });
        }
        let write = file.set_len(0).and_then(|()| file.rewind());
        write.and_then(|()| write!(file, "{}", std::process::id())).map_err(io)?;
        Ok(Self { file })
    }
}

impl Drop for WriteLock {
    fn drop(&mut self) {
        // An empty file says that it was given back, and its time says when: somebody who died has left the number.
        if let Err(error) = self.file.set_len(0) {
            tracing::warn!(%error, "the lock file of a store does not say that it was given back");
        }
        // A program that this process starts has the open file too until it begins. Closing alone would leave the lock to it.
        if let Err(error) = self.file.unlock() {
            tracing::warn!(%error, "the lock of a store is not given back before its file is closed");
        }
    }
}

/// Takes a lock, if nobody holds it. Who only looks shares it for a moment, and is waited for.
fn takes(file: &File) -> std::io::Result<bool> {
    const MOST_LOOKS: u32 = 100;
    for _ in 0..MOST_LOOKS {
        match file.try_lock() {
            Ok(()) => return Ok(true),
            Err(TryLockError::WouldBlock) => {}
            Err(TryLockError::Error(error)) => return Err(error),
        }
        match file.try_lock_shared() {
            Ok(()) => file.unlock()?,
            Err(TryLockError::WouldBlock) => return Ok(false),
            Err(TryLockError::Error(error)) => return Err(error),
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    Ok(false)
}

/// The number of the process that has taken the lock, if it can be read.
fn pid_in(file: &mut File) -> Option<u32> {
    let mut pid = String::new();
    file.read_to_string(&mut pid).ok()?;
    pid.trim().parse().ok()
}

/// Whether a process handles the messages of a store, as far as the lock beside it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InUse {
    /// A process does.
    By {
        /// Its number, if that can be read.
        pid: Option<u32>,
        /// When it has opened the store.
        since: Option<Timestamp>,
    },
    /// Nobody does, and nobody has, in this place.
    Never,
    /// Nobody does: the last one has closed the store.
    Closed {
        /// When.
        since: Option<Timestamp>,
    },
    /// Nobody does: the last one has died without closing the store.
    Left {
        /// The number that it had.
        pid: u32,
        /// When it had opened the store.
        opened: Option<Timestamp>,
    },
}

impl InUse {
    /// Looks, without keeping anybody from taking the lock.
    pub(crate) fn of(store: &Path) -> std::io::Result<Self> {
        let mut file = match File::open(beside(store)) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Self::Never),
            Err(error) => return Err(error),
        };
        let is_held = match file.try_lock_shared() {
            Ok(()) => file.unlock().map(|()| false)?,
            Err(TryLockError::WouldBlock) => true,
            Err(TryLockError::Error(error)) => return Err(error),
        };
        let (written, pid) = (file.metadata()?.modified()?, pid_in(&mut file));
        let written = Timestamp::try_from(written).ok();
        Ok(match pid {
            pid if is_held => Self::By { pid, since: written },
            Some(pid) => Self::Left { pid, opened: written },
            None => Self::Closed { since: written },
        })
    }
}

fn beside(store: &Path) -> PathBuf {
    with(store, "-lock")
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

    #[test]
    fn a_store_says_whether_it_is_in_use_and_whether_the_last_one_has_closed_it() {
        let folder = tempfile::tempdir().unwrap();
        let store = folder.path().join("store.db");
        assert_eq!(InUse::of(&store).unwrap(), InUse::Never);

        let lock = WriteLock::acquire(&store).unwrap();
        let pid = std::process::id();
        let in_use = InUse::of(&store).unwrap();
        assert!(matches!(in_use, InUse::By { pid: Some(by), since: Some(_) } if by == pid), "{in_use:?}");
        assert!(WriteLock::acquire(&store).is_err(), "a look takes nothing away");

        drop(lock);
        let closed = InUse::of(&store).unwrap();
        assert!(matches!(closed, InUse::Closed { since: Some(_) }), "{closed:?}");

        std::fs::write(beside(&store), "4711").unwrap();
        let left = InUse::of(&store).unwrap();
        assert!(matches!(left, InUse::Left { pid: 4711, opened: Some(_) }), "{left:?}");
    }

    #[test]
    fn who_only_looks_keeps_nobody_from_opening() {
        let folder = tempfile::tempdir().unwrap();
        let store = folder.path().join("store.db");
        drop(WriteLock::acquire(&store).unwrap());
        let looking = File::open(beside(&store)).unwrap();
        looking.lock_shared().unwrap();
        let opening = std::thread::spawn(move || WriteLock::acquire(&store).map(drop));
        std::thread::sleep(Duration::from_millis(20));

        looking.unlock().unwrap();

        opening.join().unwrap().unwrap();
    }
}
