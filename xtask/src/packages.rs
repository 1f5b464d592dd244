//! What the tests need beside the Rust toolchain, and how it is installed.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use crate::Failed;

/// A program that a test starts, and the Debian package that has it.
struct Needed {
    program: &'static str,
    package: &'static str,
}

/// The hotel's page is tested in a real browser, and the stores on a real server.
const NEEDED: [Needed; 3] = [
    Needed { program: "chromium", package: "chromium" },
    Needed { program: "chromedriver", package: "chromium-driver" },
    Needed { program: "postgres", package: POSTGRESQL },
];

const POSTGRESQL: &str = "postgresql";

/// Debian keeps the programs of a server here, a folder for each version, and not in the PATH.
const SERVERS: &str = "/usr/lib/postgresql";

/// Installs the packages whose programs are missing.
///
/// Without the right to do so it changes nothing, and says what to install.
pub(crate) fn install_what_is_missing() -> Result<(), Failed> {
    let missing: Vec<_> = NEEDED.iter().filter(|it| !is_installed(it.program)).map(|it| it.package).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let packages = missing.join(" ");
    let by_hand = |reason: &str| {
        Failed::Because(format!(
            "The tests need {packages}, and {reason}. No test was run.\n\
             Install what is missing, for example with `sudo apt-get install {packages}`, and try again."
        ))
    };
    if !is_installed("apt-get") {
        return Err(by_hand("this system has no apt-get to install with"));
    }
    let Some(root) = Root::available() else {
        return Err(by_hand("only root, or somebody with sudo without a password, can install"));
    };
    eprintln!("Installing {packages} for the tests.");
    let install = [&["install", "--yes", "--no-install-recommends"], &*missing].concat();
    let installed = if missing.contains(&POSTGRESQL) {
        root.without_a_server_of_debian(|| root.apt_get(&["update"]) && root.apt_get(&install))
    } else {
        root.apt_get(&["update"]) && root.apt_get(&install)
    };
    if installed { Ok(()) } else { Err(by_hand("apt-get failed")) }
}

fn is_installed(program: &str) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    let folders = env::split_paths(&path).chain(folders_of_servers(Path::new(SERVERS)));
    folders.into_iter().any(|folder| folder.join(program).is_file())
}

fn folders_of_servers(servers: &Path) -> Vec<PathBuf> {
    let versions = fs::read_dir(servers).into_iter().flatten().flatten();
    versions.map(|it| it.path().join("bin")).collect()
}

/// The right to install packages.
enum Root {
    Already,
    BySudo,
}

impl Root {
    fn available() -> Option<Self> {
        let user = Command::new("id").arg("-u").output().ok()?;
        if user.stdout.trim_ascii() == b"0" {
            return Some(Self::Already);
        }
        let mut sudo = Command::new("sudo");
        let sudo = sudo.args(["--non-interactive", "true"]).stderr(Stdio::null()).status();
        sudo.is_ok_and(|it| it.success()).then_some(Self::BySudo)
    }

    /// Debian starts a server when it installs one, unless this file is there. The tests start their own, so nothing may
    /// listen afterwards that nobody has asked for.
    fn without_a_server_of_debian(&self, install: impl FnOnce() -> bool) -> bool {
        let folder = "/etc/postgresql-common/createcluster.d";
        let file = format!("{folder}/procession-tests.conf");
        let forbid = format!("mkdir -p {folder} && echo 'create_main_cluster = false' >{file}");
        let installed = self.succeeds("sh", &["-c", &forbid]) && install();
        self.succeeds("rm", &["-f", &file]) && installed
    }

    fn apt_get(&self, arguments: &[&str]) -> bool {
        self.succeeds("apt-get", arguments)
    }

    fn succeeds(&self, program: &str, arguments: &[&str]) -> bool {
        let mut command = match self {
            Self::Already => Command::new(program),
            Self::BySudo => {
                let mut sudo = Command::new("sudo");
                sudo.args(["--non-interactive", program]);
                sudo
            }
        };
        let status = command.args(arguments).env("DEBIAN_FRONTEND", "noninteractive").status();
        status.is_ok_and(|it| it.success())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_lies_where_debian_puts_it_is_found() {
        let servers = env::temp_dir().join(format!("procession-servers-{}", std::process::id()));
        fs::create_dir_all(servers.join("17/bin")).unwrap();

        let folders = folders_of_servers(&servers);

        fs::remove_dir_all(&servers).unwrap();
        assert_eq!(folders, [servers.join("17/bin")]);
        assert!(folders_of_servers(&servers).is_empty());
    }
}
