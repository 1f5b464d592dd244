use std::{path::PathBuf, str::FromStr, sync::Arc};

use procession::{
    Store,
    inspect::Inspector,
    sqlite::{InUse, SqliteStore},
};

use crate::{error::CliError, program::Shared};

/// Where the store is. Each kind of store is a variant.
#[derive(Clone, Debug)]
pub(crate) enum StoreAddress {
    Sqlite(PathBuf),
}

impl FromStr for StoreAddress {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (scheme, rest) = text.split_once(':').unwrap_or(("", text));
        if ["postgres", "postgresql"].contains(&scheme) {
            return Err("PostgreSQL is not in this build; write sqlite:FILE".into());
        }
        // SQLite gives meanings of its own to `:memory:` and `file:`, which are no files.
        let is_file = !rest.is_empty() && ![":", "//", "file:"].iter().any(|it| rest.starts_with(it));
        if scheme != "sqlite" || !is_file {
            return Err("write sqlite:FILE, for example sqlite:shop.db".into());
        }
        Ok(Self::Sqlite(rest.into()))
    }
}

impl Shared {
    pub(crate) fn address(&self) -> Result<&StoreAddress, CliError> {
        self.store.as_ref().ok_or_else(|| {
            CliError::usage("no store is named").hint("add --store sqlite:FILE, or set PROCESSION_STORE")
        })
    }

    /// Opens the store to read it.
    pub(crate) fn read(&self) -> Result<Arc<dyn Store>, CliError> {
        Ok(Arc::new(self.sqlite()?))
    }

    /// Opens the store to read it, as what it is.
    pub(crate) fn sqlite(&self) -> Result<SqliteStore, CliError> {
        match self.address()? {
            StoreAddress::Sqlite(path) => Ok(SqliteStore::open_read_only(path)?),
        }
    }

    /// Opens the store to ask the application for something.
    pub(crate) fn beside(&self) -> Result<Arc<dyn Store>, CliError> {
        match self.address()? {
            StoreAddress::Sqlite(path) => Ok(Arc::new(SqliteStore::open_beside(path)?)),
        }
    }

    /// Whether an application has the store open.
    pub(crate) fn in_use(&self) -> Result<InUse, CliError> {
        match self.address()? {
            StoreAddress::Sqlite(path) => Ok(SqliteStore::in_use(path)?),
        }
    }

    /// Opens the store to look at its processes.
    pub(crate) async fn inspector(&self) -> Result<Inspector, CliError> {
        Ok(Inspector::of(self.read()?).await?)
    }
}
