use std::{sync::Arc, time::Duration};

use procession_runtime::StoreError;
use tokio::{
    sync::{Mutex, watch},
    time::timeout,
};
use tokio_postgres::{Row, types::ToSql};

use crate::{
    error::is_lost,
    server::{Link, Server},
    session,
};

/// The connection by which a node says that it lives. It has its own, because nothing else may hold it up.
pub(crate) struct Pulse {
    server: Arc<Server>,
    /// By which number the database knows the connection that writes.
    writer: watch::Receiver<i64>,
    link: Mutex<Option<Link>>,
}

/// A lease that is not renewed within this time is not renewed.
const ANSWER_WITHIN: Duration = Duration::from_secs(15);

impl Pulse {
    pub(crate) fn new(server: Arc<Server>, writer: watch::Receiver<i64>) -> Self {
        Self { server, writer, link: Mutex::default() }
    }

    pub(crate) fn writer(&self) -> i64 {
        *self.writer.borrow()
    }

    /// Calls a function once, or twice when the connection was lost: what is called here may be called again.
    pub(crate) async fn call(
        &self,
        query: &'static str,
        values: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<Row>, StoreError> {
        let mut link = self.link.lock().await;
        match self.try_call(&mut link, query, values).await {
            Err(None) => self.try_call(&mut link, query, values).await,
            other => other,
        }
        .map_err(|error| {
            let lost = || StoreError::Transient(format!("the connection to {} is lost", self.server.name));
            error.unwrap_or_else(lost)
        })
    }

    /// Fails without a reason when the connection that was there is lost.
    async fn try_call(
        &self,
        link: &mut Option<Link>,
        query: &'static str,
        values: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<Row>, Option<StoreError>> {
        // It is put back when it is known to be there.
        let open = match link.take() {
            Some(open) => open,
            None => self.open().await?,
        };
        match timeout(ANSWER_WITHIN, open.query(query, values)).await {
            Ok(Ok(rows)) => {
                *link = Some(open);
                Ok(rows)
            }
            Ok(Err(error)) if is_lost(&error) => Err(None),
            Ok(Err(error)) => {
                *link = Some(open);
                Err(Some(self.server.store_error(&error)))
            }
            Err(_) => Err(Some(StoreError::Transient(format!("{} does not answer", self.server.name)))),
        }
    }

    async fn open(&self) -> Result<Link, Option<StoreError>> {
        let link = self.server.connect().await.map_err(|error| error.store_error(&self.server))?;
        session::begin(&link, &self.server.schema).await.map_err(|error| self.server.store_error(&error))?;
        Ok(link)
    }

    pub(crate) async fn stop(&self) {
        self.link.lock().await.take();
    }
}
