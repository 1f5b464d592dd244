use std::{
    cmp::Reverse,
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::Error;

/// Debian keeps the programs of a server here, a folder for each version, and not in the PATH.
const DEBIAN: &str = "/usr/lib/postgresql";

/// Older versions cannot order texts as people do in all databases.
const OLDEST: u32 = 15;

/// The programs of one version of PostgreSQL.
#[derive(Clone, Debug)]
pub(crate) struct Programs {
    folder: PathBuf,
}

impl Programs {
    /// Those that the PATH leads to, or else the newest that Debian has installed.
    pub(crate) fn find() -> Result<Self, Error> {
        let mut folders = in_path();
        folders.extend(of_debian());
        let complete = folders.into_iter().find(|it| missing_in(it).is_none());
        complete.map(|folder| Self { folder }).ok_or(Error::NotInstalled { program: "postgres" })
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(crate) fn command(&self, program: &str) -> Command {
        Command::new(self.folder.join(program))
    }
}

fn missing_in(folder: &Path) -> Option<&'static str> {
    ["postgres", "initdb", "psql", "pg_dump"].into_iter().find(|it| !folder.join(it).is_file())
}

/// Links are followed, since one program beside a link tells nothing of the others.
fn in_path() -> Vec<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let servers = env::split_paths(&path).filter_map(|it| it.join("postgres").canonicalize().ok());
    servers.filter_map(|it| it.parent().map(Path::to_owned)).collect()
}

fn of_debian() -> Vec<PathBuf> {
    let versions = fs::read_dir(DEBIAN).into_iter().flatten().flatten();
    let numbers = versions.filter_map(|it| it.file_name().to_str().and_then(|it| it.parse::<u32>().ok()));
    let mut numbers: Vec<_> = numbers.filter(|it| *it >= OLDEST).collect();
    numbers.sort_unstable_by_key(|it| Reverse(*it));
    numbers.into_iter().map(|it| Path::new(DEBIAN).join(it.to_string()).join("bin")).collect()
}
