use std::{
    ops::{Deref, DerefMut},
    sync::Arc,
    time::Duration,
};

use procession_runtime::StoreError;
use tokio::task::JoinHandle;
use tokio_postgres::{Client, Connection, Socket, tls::TlsStream};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::{
    ConnectError, PostgresOptions,
    address::Address,
    error::{said, store_error},
    options::DEFAULT_SCHEMA,
    tls,
};

/// How one database is reached, and the schema that the store lies in.
pub(crate) struct Server {
    pub(crate) config: tokio_postgres::Config,
    pub(crate) tls: MakeRustlsConnect,
    pub(crate) schema: String,
    /// Whether one that does not sync what it writes is refused.
    pub(crate) is_fsync_needed: bool,
    /// What people call it.
    pub(crate) name: String,
}

/// As long as this nobody waits for a server that does not answer.
pub(crate) const CONNECT_WITHIN: Duration = Duration::from_secs(5);
/// What was sent and is not acknowledged by the other machine within this time is lost, and the connection with it.
const UNACKNOWLEDGED: Duration = Duration::from_secs(15);
/// Whether the other machine is there at all is asked when nothing was heard for so long.
const KEEP_ALIVE: Duration = Duration::from_secs(10);

impl Server {
    pub(crate) fn of(address: &str, options: &PostgresOptions) -> Result<Arc<Self>, ConnectError> {
        let address = Address::parse(address)?;
        let schema = address.schema.clone().or_else(|| options.schema.clone());
        let schema = schema.unwrap_or_else(|| DEFAULT_SCHEMA.into());
        let (name, tls) = (address.name(&schema), tls::connector(&address)?);
        let mut config = address.config;
        config
            .keepalives(true)
            .keepalives_idle(KEEP_ALIVE)
            .keepalives_interval(KEEP_ALIVE)
            .keepalives_retries(3);
        config.tcp_user_timeout(UNACKNOWLEDGED);
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(CONNECT_WITHIN);
        }
        if config.get_application_name().is_none() {
            config.application_name(options.application_name.clone().unwrap_or_else(|| "procession".into()));
        }
        let is_fsync_needed = options.is_fsync_needed;
        Ok(Arc::new(Self { config, tls, schema, is_fsync_needed, name }))
    }

    /// A connection, and what moves its bytes.
    pub(crate) async fn open(
        &self,
    ) -> Result<(Client, Connection<Socket, impl TlsStream + Unpin + Send + 'static>), OpenError> {
        let connecting = self.config.connect(self.tls.clone());
        let within = self.config.get_connect_timeout().copied().unwrap_or(CONNECT_WITHIN).max(CONNECT_WITHIN);
        match tokio::time::timeout(within, connecting).await {
            Ok(connected) => connected.map_err(OpenError::Failed),
            Err(_) => Err(OpenError::Silent(within)),
        }
    }

    /// A connection whose bytes move in a task of its own, which ends with it.
    pub(crate) async fn connect(&self) -> Result<Link, OpenError> {
        let (client, connection) = self.open().await?;
        let task = tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(error = said(&error), "a connection to the database has ended");
            }
        });
        Ok(Link { client, task })
    }

    pub(crate) fn connect_error(&self, error: &tokio_postgres::Error) -> ConnectError {
        ConnectError::of(&self.name, &self.schema, error)
    }

    pub(crate) fn store_error(&self, error: &tokio_postgres::Error) -> StoreError {
        store_error(&self.name, error)
    }
}

/// A connection. It ends with this.
pub(crate) struct Link {
    client: Client,
    task: JoinHandle<()>,
}

impl Link {
    /// Ends it, whatever is still on its way.
    pub(crate) fn abandon(&self) {
        self.task.abort();
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.abandon();
    }
}

impl Deref for Link {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

impl DerefMut for Link {
    fn deref_mut(&mut self) -> &mut Client {
        &mut self.client
    }
}

/// Why there is no connection.
pub(crate) enum OpenError {
    Failed(tokio_postgres::Error),
    /// The server has not answered within this time.
    Silent(Duration),
}

impl OpenError {
    pub(crate) fn connect_error(&self, server: &Server) -> ConnectError {
        match self {
            Self::Failed(error) => server.connect_error(error),
            Self::Silent(within) => {
                let reason = format!("it has not answered within {} seconds", within.as_secs());
                ConnectError::Away { server: server.name.clone(), reason }
            }
        }
    }

    pub(crate) fn store_error(&self, server: &Server) -> StoreError {
        StoreError::Transient(self.connect_error(server).to_string())
    }
}
