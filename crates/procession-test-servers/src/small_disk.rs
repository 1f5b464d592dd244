use std::{ops::Deref, process::Command};

use crate::{Error, Postgres, user::User};

/// Where a server keeps its files.
#[derive(Clone, Copy)]
pub(crate) enum Disk {
    OfTheMachine,
    Small { bytes: u64 },
}

/// A server on a disk of its own, which can be filled.
///
/// The disk is a `tmpfs` in a mount namespace that only the server is in: nothing of it is left when the server ends. Root
/// may make one; others may where the system allows user namespaces.
#[derive(Debug)]
pub struct SmallDisk {
    server: Postgres,
}

impl SmallDisk {
    /// Starts a server on a disk of this size. An empty server needs 64 MiB.
    ///
    /// # Errors
    /// When PostgreSQL is not installed, does not start, or this user may not have such a disk.
    pub fn start(bytes: u64) -> Result<Self, Error> {
        try_it()?;
        Ok(Self { server: Postgres::start_on(Disk::Small { bytes })? })
    }

    /// Fills the disk to the last byte.
    ///
    /// # Errors
    /// When it is full already.
    pub fn fill(&self) -> Result<(), Error> {
        self.server.supervisor().order("fill_disk")
    }

    /// Takes away what [`Self::fill`] has put there.
    ///
    /// # Errors
    /// When the disk is gone.
    pub fn free(&self) -> Result<(), Error> {
        self.server.supervisor().order("free_disk")
    }
}

impl Deref for SmallDisk {
    type Target = Postgres;

    fn deref(&self) -> &Postgres {
        &self.server
    }
}

/// The small disk takes the place of `/tmp`, for the server only.
const MOUNT: &str = r#"mount -t tmpfs -o "size=$1,mode=1777" procession /tmp && shift && exec "$@""#;

/// The process that keeps a server on such a disk, without the rights that were needed to mount it.
pub(crate) fn keeper(bytes: u64, own: User, user: User, script: &str) -> Command {
    let mut unshare = Command::new("unshare");
    unshare.env("TMPDIR", "/tmp").args(namespaces(own));
    unshare.args(["sh", "-c", MOUNT, "mount"]).arg(bytes.to_string());
    if own.is_root() {
        unshare.arg("setpriv").arg(format!("--reuid={}", user.id)).arg(format!("--regid={}", user.group));
        unshare.arg("--clear-groups");
    } else {
        unshare.args(["unshare", "--user"]).arg(format!("--map-user={}", user.id));
        unshare.arg(format!("--map-group={}", user.group));
    }
    unshare.args(["sh", "-c", script, "procession-postgres"]);
    unshare
}

fn namespaces(own: User) -> &'static [&'static str] {
    if own.is_root() { &["--mount"] } else { &["--user", "--map-root-user", "--mount"] }
}

/// Says why there can be no small disk, before a server fails on it.
fn try_it() -> Result<(), Error> {
    let mut unshare = Command::new("unshare");
    unshare.args(namespaces(User::own()?)).args(["sh", "-c", MOUNT, "mount", "1m", "true"]);
    let output = unshare.output().map_err(Error::unrunnable("unshare"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(Error::NoSmallDisk { said: String::from_utf8_lossy(&output.stderr).trim().to_owned() })
}
