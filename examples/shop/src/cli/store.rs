use std::{fmt, path::Path, str::FromStr, time::Duration};

use procession::{Runtime, StoreAddress};
use shop::{gateway::Gateway, shop};

use super::{CliError, Done};

/// Where the shop keeps its books.
#[derive(Clone, Debug)]
pub(crate) struct StoreFile(StoreAddress);

impl fmt::Display for StoreFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for StoreFile {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        text.parse().map(Self).map_err(|error: procession::InvalidAddress| error.to_string())
    }
}

impl StoreFile {
    pub(crate) fn at(path: &Path) -> Self {
        Self(StoreAddress::Sqlite(path.into()))
    }

    /// Starts the shop on the store, which is created if there is none.
    pub(crate) async fn open(
        &self,
        payment_deadline: Duration,
        gateway: Gateway,
    ) -> Result<Runtime, CliError> {
        Ok(Runtime::start(&shop(payment_deadline, Some(gateway))?, self.0.open().await?).await?)
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
