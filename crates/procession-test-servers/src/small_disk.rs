use std::{ops::Deref, process::Command};

use crate::{Error, Postgres, user::User};

/// Where a server keeps its files.
#[derive(Clone, Copy)]
pub(crate) enum Disk {
    OfTheMachine,
    Small { bytes: u64 },
}

/// A server whose disk can be full.
#[derive(Debug)]
pub struct SmallDisk {
    server: Postgres,
    is_mounted: bool,
}

impl SmallDisk {
    /// Starts a server on a disk of this size. An empty server needs 64 MiB.
    ///
    /// The disk is a `tmpfs` in a mount namespace that only the server is in: nothing of it is left when the server ends. Root
    /// may make one, and others where the system allows user namespaces. Where it does not, that is said on the standard
    /// error, and the server is one of [`Self::of_small_files`].
    ///
    /// # Errors
    /// When PostgreSQL is not installed, or does not start.
    pub fn start(bytes: u64) -> Result<Self, Error> {
        if let Err(said) = may_mount()? {
            eprintln!(
                "This user may not mount a small disk, so files of a limited size stand for it: {said}"
            );
            return Self::of_small_files();
        }
        Ok(Self { server: Postgres::start_on(Disk::Small { bytes })?, is_mounted: true })
    }

    /// Starts a server on the disk of the machine, on which no file grows beyond 16 MiB while it is "full". That needs no
    /// rights, and the server tells its clients the same, but only of tables that have become so large.
    ///
    /// # Errors
    /// When PostgreSQL is not installed, or does not start.
    pub fn of_small_files() -> Result<Self, Error> {
        Ok(Self { server: Postgres::start()?, is_mounted: false })
    }

    /// Fills the disk to the last byte.
    ///
    /// # Errors
    /// When it is full already.
    pub fn fill(&self) -> Result<(), Error> {
        self.server.supervisor().order(if self.is_mounted { "fill_disk" } else { "limit_files" })
    }

    /// Takes away what [`Self::fill`] has put there.
    ///
    /// # Errors
    /// When the server is not running.
    pub fn free(&self) -> Result<(), Error> {
        self.server.supervisor().order(if self.is_mounted { "free_disk" } else { "free_files" })
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

/// Whether a small disk can be had, or what the system says against it.
fn may_mount() -> Result<Result<(), String>, Error> {
    let mut unshare = Command::new("unshare");
    unshare.args(namespaces(User::own()?)).args(["sh", "-c", MOUNT, "mount", "1m", "true"]);
    let output = unshare.output().map_err(Error::unrunnable("unshare"))?;
    let said = || String::from_utf8_lossy(&output.stderr).trim().to_owned();
    Ok(output.status.success().then_some(()).ok_or_else(said))
}
