use std::{sync::Arc, time::Duration};

use deadpool_postgres::{
    Hook, HookError, Manager, ManagerConfig, Object, Pool, PoolError, QueueMode, RecyclingMethod, Runtime,
    TimeoutType,
};
use procession_core::{Version, log::Recorded};
use procession_runtime::{StoreError, store::Answer};
use tokio::time::timeout;
use tokio_postgres::{Error, Row, types::ToSql};

use crate::{
    ConnectError,
    error::is_lost,
    known::Known,
    queries,
    rows::{self, Read, Unknown, get, recorded},
    server::{CONNECT_WITHIN, Server},
    session,
};

/// Connections that read beside the writer, each used by one reader at a time.
#[derive(Clone)]
pub(crate) struct Readers {
    server: Arc<Server>,
    pool: Pool,
    known: Known,
}

/// What a query is asked with.
pub(crate) type Values = Vec<Box<dyn ToSql + Send + Sync>>;

/// All values of a query.
macro_rules! values {
    ($($value:expr),* $(,)?) => {
        {
            let values: $crate::read::Values = vec![$(Box::new($value)),*];
            values
        }
    };
}
pub(crate) use values;

/// So long a read waits for one of the connections.
const CONNECTION_WITHIN: Duration = Duration::from_secs(10);
/// The server itself gives up earlier, so one that has not answered by then does not hear us any more.
const ANSWER_WITHIN: Duration = Duration::from_secs(75);

impl Readers {
    pub(crate) fn new(server: &Arc<Server>, known: Known, connections: usize) -> Result<Self, ConnectError> {
        let config = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let manager = Manager::from_config(server.config.clone(), server.tls.clone(), config);
        let setup = format!("{}; SET default_transaction_read_only = on", session::setup(&server.schema));
        let setup: Arc<str> = setup.into();
        let set_up = Hook::async_fn(move |client, _| {
            let setup = setup.clone();
            Box::pin(async move { client.batch_execute(&setup).await.map_err(HookError::Backend) })
        });
        let names = known.clone();
        let lost = Hook::sync_fn(move |client, _| {
            if client.is_closed() {
                names.rows().forget();
            }
            Ok(())
        });
        let pool = Pool::builder(manager)
            .max_size(connections)
            // A server's process that has just done the like is the fastest.
            .queue_mode(QueueMode::Lifo)
            .post_create(set_up)
            .runtime(Runtime::Tokio1)
            .pre_recycle(lost)
            .create_timeout(Some(CONNECT_WITHIN))
            .wait_timeout(Some(CONNECTION_WITHIN))
            .build();
        let failed = |error: deadpool_postgres::BuildError| ConnectError::Failed {
            server: server.name.clone(),
            reason: error.to_string(),
        };
        Ok(Self { server: server.clone(), pool: pool.map_err(failed)?, known })
    }

    /// All rows of a query, each as `read` understands it.
    pub(crate) fn all<T: Send + 'static>(
        &self,
        query: &'static str,
        values: Values,
        read: impl Fn(&Row) -> Read<T> + Send + 'static,
    ) -> Answer<Vec<T>> {
        self.understood(query, values, move |rows| rows.iter().map(&read).collect())
    }

    /// The first row of a query, if there is one.
    pub(crate) fn first<T: Send + 'static>(
        &self,
        query: &'static str,
        values: Values,
        read: impl Fn(&Row) -> Read<T> + Send + 'static,
    ) -> Answer<Option<T>> {
        self.understood(query, values, move |rows| rows.first().map(&read).transpose())
    }

    /// All rows of a query that are entries of the log.
    pub(crate) fn entries(&self, query: &'static str, values: Values) -> Answer<Vec<Recorded>> {
        let it = self.clone();
        Box::pin(async move { Ok(it.recorded(query, &values).await?.0) })
    }

    /// As [`Self::entries`], with the rows themselves.
    pub(crate) async fn recorded(
        &self,
        query: &'static str,
        values: &Values,
    ) -> Result<(Vec<Recorded>, Vec<Row>), StoreError> {
        let rows = self.rows(query, values).await?;
        loop {
            let mut unknown = Unknown::default();
            let entries: Read<Option<Vec<Recorded>>> = {
                let mut known = self.known.rows();
                // Those that follow an unknown one are asked for together with it.
                let entries: Read<Vec<_>> =
                    rows.iter().map(|row| recorded(row, &mut known, &mut unknown)).collect();
                entries.map(|it| it.into_iter().collect())
            };
            match entries.map_err(|said| self.strange(&said))? {
                Some(entries) => return Ok((entries, rows)),
                None => self.learn(unknown).await?,
            }
        }
    }

    /// Looks up what numbers stand for.
    async fn learn(&self, mut unknown: Unknown) -> Result<(), StoreError> {
        let missing = |what: &str| Err(self.strange(&format!("an entry without its {what}")));
        if !unknown.streams.is_empty() {
            unknown.streams.sort_unstable();
            unknown.streams.dedup();
            let asked = unknown.streams.len();
            let rows = self.rows(queries::STREAMS_OF_NUMBERS, &values![unknown.streams]).await?;
            let mut known = self.known.rows();
            for row in &rows {
                let (id, stream) =
                    self.understand(get(row, 0).and_then(|id| Ok((id, rows::stream(row, 1)?))))?;
                known.saw(&stream, id, Version::NONE);
            }
            if rows.len() < asked {
                return missing("stream");
            }
        }
        if !unknown.types.is_empty() {
            unknown.types.sort_unstable();
            unknown.types.dedup();
            let asked = unknown.types.len();
            let rows = self.rows(queries::TYPES_OF_NUMBERS, &values![unknown.types]).await?;
            let mut known = self.known.rows();
            for row in &rows {
                let (id, name, schema_version) = self.understand(rows::message_type(row))?;
                known.saw_message_type(&name, schema_version, id);
            }
            if rows.len() < asked {
                return missing("type");
            }
        }
        Ok(())
    }

    pub(crate) fn understand<T>(&self, read: Read<T>) -> Result<T, StoreError> {
        read.map_err(|said| self.strange(&said))
    }

    fn strange(&self, said: &str) -> StoreError {
        let server = &self.server.name;
        StoreError::Permanent(format!(
            "{server} holds what cannot be read, and was changed by others: {said}"
        ))
    }

    /// What the rows of a query are together.
    pub(crate) fn understood<T: Send + 'static>(
        &self,
        query: &'static str,
        values: Values,
        understand: impl Fn(&[Row]) -> Read<T> + Send + 'static,
    ) -> Answer<T> {
        let it = self.clone();
        Box::pin(async move {
            let rows = it.rows(query, &values).await?;
            it.understand(understand(&rows))
        })
    }

    /// A read changes nothing, so it is asked once more when its connection was lost, for example while it was idle.
    async fn rows(&self, query: &'static str, values: &Values) -> Result<Vec<Row>, StoreError> {
        match self.try_rows(query, values).await {
            Err(Failed::Lost(_)) => {
                // Behind the same address there may be another database now.
                self.known.rows().forget();
                self.try_rows(query, values).await.map_err(Failed::error)
            }
            other => other.map_err(Failed::error),
        }
    }

    async fn try_rows(&self, query: &'static str, values: &Values) -> Result<Vec<Row>, Failed> {
        let client = self.pool.get().await.map_err(|error| Failed::Told(self.no_connection(error)))?;
        let asked = async {
            let statement = client.prepare_cached(query).await?;
            let values: Vec<&(dyn ToSql + Sync)> = values.iter().map(|it| &**it as _).collect();
            client.query(&statement, &values).await
        };
        match timeout(ANSWER_WITHIN, asked).await {
            Ok(Ok(rows)) => Ok(rows),
            Ok(Err(error)) => {
                let why = self.server.store_error(&error);
                Err(if is_lost(&error) { Failed::Lost(why) } else { Failed::Told(why) })
            }
            Err(_) => {
                // Nobody else is to get the connection, whose answer may still come.
                drop(Object::take(client));
                let server = &self.server.name;
                Err(Failed::Told(StoreError::Transient(format!("{server} does not answer"))))
            }
        }
    }

    fn no_connection(&self, error: PoolError) -> StoreError {
        let server = &self.server.name;
        StoreError::Transient(match error {
            PoolError::Backend(error) | PoolError::PostCreateHook(HookError::Backend(error)) => {
                return self.away(&error);
            }
            PoolError::Timeout(TimeoutType::Wait) => {
                let all = self.pool.status().max_size;
                format!(
                    "all {all} connections that read {server} are busy; allow more of them, or ask for less at once"
                )
            }
            PoolError::Closed => return StoreError::Permanent(format!("{server} is closed")),
            other => format!("{server} cannot be reached: {other}"),
        })
    }

    fn away(&self, error: &Error) -> StoreError {
        StoreError::Transient(self.server.connect_error(error).to_string())
    }

    /// Closes what is idle. Who still reads after that gets another connection.
    pub(crate) fn close(&self) {
        self.pool.retain(|_, _| false);
    }
}

enum Failed {
    /// The connection is gone.
    Lost(StoreError),
    /// The answer is an error.
    Told(StoreError),
}

impl Failed {
    fn error(self) -> StoreError {
        match self {
            Self::Lost(error) | Self::Told(error) => error,
        }
    }
}
