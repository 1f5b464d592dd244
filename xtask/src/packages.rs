//! What the tests need beside the Rust toolchain, and how it is installed.

use std::{
    env,
    process::{Command, Stdio},
};

use crate::Failed;

/// A program that a test starts, and the Debian package that has it.
struct Needed {
    program: &'static str,
    package: &'static str,
}

/// The hotel's page is tested in a real browser.
const NEEDED: [Needed; 2] = [
    Needed { program: "chromium", package: "chromium" },
    Needed { program: "chromedriver", package: "chromium-driver" },
];

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
    if root.apt_get(&["update"]) && root.apt_get(&install) {
        return Ok(());
    }
    Err(by_hand("apt-get failed"))
}

fn is_installed(program: &str) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).any(|folder| folder.join(program).is_file())
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

    fn apt_get(&self, arguments: &[&str]) -> bool {
        let mut command = match self {
            Self::Already => Command::new("apt-get"),
            Self::BySudo => {
                let mut sudo = Command::new("sudo");
                sudo.args(["--non-interactive", "apt-get"]);
                sudo
            }
        };
        let status = command.args(arguments).env("DEBIAN_FRONTEND", "noninteractive").status();
        status.is_ok_and(|it| it.success())
    }
}
