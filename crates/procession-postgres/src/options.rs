use crate::{ConnectError, PostgresStore, connect};

/// How a store is created, and how it is connected to.
#[derive(Clone, Debug)]
pub struct PostgresOptions {
    pub(crate) schema: Option<String>,
    pub(crate) partitions: Option<u16>,
    pub(crate) max_payload_bytes: usize,
    pub(crate) connections: usize,
    pub(crate) application_name: Option<String>,
    pub(crate) is_fsync_needed: bool,
}

pub(crate) const DEFAULT_SCHEMA: &str = "procession";
pub(crate) const DEFAULT_PARTITIONS: u16 = 16;
/// What a column of two bytes holds.
const MOST_PARTITIONS: u16 = 32_767;

impl Default for PostgresOptions {
    fn default() -> Self {
        Self {
            schema: None,
            partitions: None,
            max_payload_bytes: 16 * 1024 * 1024,
            connections: 8,
            application_name: None,
            is_fsync_needed: true,
        }
    }
}

impl PostgresOptions {
    /// The schema of the database that the store lies in; without it `procession`. Stores in other schemas of the same
    /// database know nothing of it. `?schema=...` in the address says the same.
    #[must_use]
    pub fn schema(mut self, schema: impl Into<String>) -> Self {
        self.schema = Some(schema.into());
        self
    }

    /// How many partitions a new store gets (1 to 32,767, without it 16). An existing store keeps its own, and is not
    /// connected to if it has another number.
    #[must_use]
    pub fn partitions(mut self, partitions: u16) -> Self {
        self.partitions = Some(partitions.clamp(1, MOST_PARTITIONS));
        self
    }

    /// The largest payload that is accepted, in bytes; without it 16 MiB.
    #[must_use]
    pub fn max_payload_bytes(mut self, bytes: usize) -> Self {
        self.max_payload_bytes = bytes;
        self
    }

    /// How many connections may read at once (at least 1, without it 8). Three more are used to write, to
    /// listen, and to say that a node lives.
    #[must_use]
    pub fn connections(mut self, connections: usize) -> Self {
        self.connections = connections.max(1);
        self
    }

    /// What the connections are called in `pg_stat_activity`; without it `procession`.
    #[must_use]
    pub fn application_name(mut self, name: impl Into<String>) -> Self {
        self.application_name = Some(name.into());
        self
    }

    /// Accepts a server with `fsync = off`, which loses what it has acknowledged when its machine dies: for tests.
    #[must_use]
    pub fn without_fsync(mut self) -> Self {
        self.is_fsync_needed = false;
        self
    }

    /// Connects to a store. The schema is created, or upgraded, if need be.
    ///
    /// # Errors
    /// When the server cannot be reached, or may not be used so, or does not keep what it acknowledges.
    pub async fn connect(self, address: &str) -> Result<PostgresStore, ConnectError> {
        connect::connect(address, self).await
    }

    /// Connects to a store to read it, and to append to its log what the nodes that handle its messages are to do: for
    /// operators, and for programs that only send. Such nodes may run or not; nothing is taken from them.
    ///
    /// # Errors
    /// As [`Self::connect`], and when there is no store, or one of an older release.
    pub async fn connect_beside(self, address: &str) -> Result<PostgresStore, ConnectError> {
        connect::connect_beside(address, self).await
    }

    /// Connects to a store for reading only. A standby server will do.
    ///
    /// # Errors
    /// As [`Self::connect_beside`].
    pub async fn connect_read_only(self, address: &str) -> Result<PostgresStore, ConnectError> {
        connect::connect_read_only(address, self).await
    }
}
