use std::{
    fmt,
    path::{Path, PathBuf},
    str::FromStr,
    time::Duration,
};

use procession::{Runtime, sqlite::SqliteStore};
use shop::{gateway::Gateway, shop};

use super::{CliError, Done};

/// Where the shop keeps its books.
#[derive(Clone, Debug)]
pub(crate) struct StoreFile(PathBuf);

impl fmt::Display for StoreFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sqlite:{}", self.0.display())
    }
}

impl FromStr for StoreFile {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        // SQLite gives meanings of its own to `:memory:` and `file:`, which are no files.
        let is_file = |it: &&str| !it.is_empty() && ![":", "//", "file:"].iter().any(|no| it.starts_with(no));
        let file = text.strip_prefix("sqlite:").filter(is_file);
        file.map(|it| Self(it.into())).ok_or_else(|| "write sqlite:FILE, for example sqlite:shop.db".into())
    }
}

impl StoreFile {
    pub(crate) fn at(path: &Path) -> Self {
        Self(path.into())
    }

    /// Starts the shop on the store, which is created if there is none.
    pub(crate) async fn open(
        &self,
        payment_deadline: Duration,
        gateway: Gateway,
    ) -> Result<Runtime, CliError> {
        Ok(Runtime::start(&shop(payment_deadline, Some(gateway))?, SqliteStore::open(&self.0)?).await?)
    }
}

/// Does something with a running shop, and closes it in any case.
pub(crate) async fn then_close(runtime: Runtime, work: impl AsyncFnOnce(&Runtime) -> Done) -> Done {
    let done = work(&runtime).await;
    let stopped = runtime.stop().await.map_err(|error| {
        CliError::failed(format!("the store could not be closed: {error}"))
            .hint("what was acknowledged is in the store; the next opening puts it in order")
    });
    done.and(stopped)
}
