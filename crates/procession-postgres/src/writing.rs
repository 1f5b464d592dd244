use procession_core::log::Position;
use procession_runtime::StoreError;
use tokio_postgres::{Client, Error, Statement};

use crate::{
    encode::COMMIT,
    error::said,
    rows::position,
    server::{Link, Server},
    session,
};

/// A connection that writes, as the database knows it.
pub(crate) struct Writing {
    link: Link,
    pub(crate) id: i64,
    /// The newest position when it began.
    pub(crate) head: Position,
    pub(crate) commit: Statement,
    pub(crate) acquire: Statement,
    pub(crate) acquire_projection: Statement,
}

/// What a connection has committed: the numbers of its batches, each with the position that it stands behind.
type Commits = Vec<(i64, Position)>;

impl Writing {
    /// Opens another connection in place of one that is lost, and tells what that one has committed; none if the database
    /// does not know it.
    pub(crate) async fn open(server: &Server, lost: i64) -> Result<(Self, Option<Commits>), StoreError> {
        let link = server.connect().await.map_err(|error| error.store_error(server))?;
        session::begin(&link, &server.schema).await.map_err(|error| server.store_error(&error))?;
        let durable = session::check_durable(&link, server).await;
        durable.map_err(|error| StoreError::Transient(error.to_string()))?;
        Self::begin(link, Some(lost)).await.map_err(|error| server.store_error(&error))
    }

    pub(crate) async fn begin(link: Link, lost: Option<i64>) -> Result<(Self, Option<Commits>), Error> {
        let row = link.query_one("SELECT * FROM begin_writing($1)", &[&lost]).await?;
        let (commit, acquire) =
            (link.prepare(COMMIT).await?, link.prepare("SELECT * FROM acquire($1)").await?);
        let acquire_projection = link.prepare("SELECT acquire_projection($1)").await?;
        let (id, head) = (row.try_get(0)?, position(row.try_get(1)?));
        let (sequences, afters): (Option<Vec<i64>>, Option<Vec<i64>>) = (row.try_get(2)?, row.try_get(3)?);
        let commits = sequences.zip(afters);
        let commits = commits
            .map(|(sequences, afters)| sequences.into_iter().zip(afters.into_iter().map(position)).collect());
        let it = Self { link, id, head, commit, acquire, acquire_projection };
        if let Some(lost) = lost {
            it.forget(lost).await;
        }
        Ok((it, commits))
    }

    pub(crate) fn client(&self) -> &Client {
        &self.link
    }

    /// Whatever is still on its way on this connection, nobody waits for it.
    pub(crate) fn abandon(&self) {
        self.link.abandon();
    }

    /// The end: nobody has to tell this connection anything any more.
    pub(crate) async fn end(&self) {
        self.forget(self.id).await;
    }

    /// All that was to be known of a connection is known. If that cannot be said, others find out that it is dead.
    async fn forget(&self, writer: i64) {
        if let Err(error) = self.link.execute("DELETE FROM writer WHERE id = $1", &[&writer]).await {
            tracing::debug!(error = said(&error), "the end of a connection could not be told");
        }
    }
}
