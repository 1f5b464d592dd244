use std::{fs, os::unix::fs::MetadataExt};

use crate::Error;

/// Another user to run as, by numbers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct User {
    pub(crate) id: u32,
    pub(crate) group: u32,
}

impl User {
    /// The user that the tests run as.
    pub(crate) fn own() -> Result<Self, Error> {
        let own = fs::metadata("/proc/self").map_err(Error::unrunnable("/proc/self"))?;
        Ok(Self { id: own.uid(), group: own.gid() })
    }

    /// Whom a server has to run as in place of root.
    pub(crate) fn other_than_root() -> Result<Self, Error> {
        let users = fs::read_to_string("/etc/passwd").map_err(Error::unrunnable("/etc/passwd"))?;
        ["postgres", "nobody"].into_iter().find_map(|it| named(it, &users)).ok_or(Error::NobodyToRunAs)
    }

    pub(crate) fn is_root(self) -> bool {
        self.id == 0
    }
}

fn named(name: &str, users: &str) -> Option<User> {
    let mut fields =
        users.lines().map(|it| it.split(':')).find_map(|mut it| (it.next() == Some(name)).then_some(it))?;
    let _password = fields.next()?;
    Some(User { id: fields.next()?.parse().ok()?, group: fields.next()?.parse().ok()? })
}
