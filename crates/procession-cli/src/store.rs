use std::sync::Arc;

use procession::{
    Store, StoreAddress,
    inspect::Inspector,
    sqlite::{InUse, SqliteStore},
    store::Node,
};

use crate::{application::ApplicationView, error::CliError, program::Shared};

impl Shared {
    pub(crate) fn address(&self) -> Result<&StoreAddress, CliError> {
        self.store.as_ref().ok_or_else(|| {
            CliError::usage("no store is named")
                .hint("add --store sqlite:FILE or --store postgres://HOST/DATABASE, or set PROCESSION_STORE")
        })
    }

    /// Opens the store to read it.
    pub(crate) async fn read(&self) -> Result<Arc<dyn Store>, CliError> {
        Ok(self.address()?.open_read_only().await?)
    }

    /// Opens the store to ask the application for something.
    pub(crate) async fn beside(&self) -> Result<Arc<dyn Store>, CliError> {
        Ok(self.address()?.open_beside().await?)
    }

    /// Whether an application has the store open.
    pub(crate) async fn application(&self, store: &dyn Store) -> Result<ApplicationView, CliError> {
        if let StoreAddress::Sqlite(path) = self.address()? {
            return Ok(SqliteStore::in_use(path)?.into());
        }
        let nodes = match store.nodes() {
            Some(nodes) => nodes.list().await?,
            None => Vec::new(),
        };
        let since = nodes.iter().map(|it: &Node| it.since).min();
        let in_use = since.map_or(InUse::Never, |since| InUse::By { pid: None, since: Some(since) });
        Ok(in_use.into())
    }

    /// Opens the store to look at its processes.
    pub(crate) async fn inspector(&self) -> Result<Inspector, CliError> {
        Ok(Inspector::of(self.read().await?).await?)
    }
}
