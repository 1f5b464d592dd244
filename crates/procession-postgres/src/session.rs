//! How every connection is set up.

use std::time::Duration;

use tokio_postgres::{Client, Error};

use crate::{ConnectError, server::Server};

/// A statement that takes longer is given up by the server.
const STATEMENT: Duration = Duration::from_secs(60);
/// So long a lock is waited for, before it is told who has it.
const LOCK: Duration = Duration::from_secs(10);

/// A name as SQL takes it, whatever is in it.
pub(crate) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// What all connections have in common.
///
/// Everything that is asked for is found along an index. The server is told so, because it would guess otherwise as long as
/// it knows nothing of a table that grows, and it need not think about it again for each call.
pub(crate) fn setup(schema: &str) -> String {
    format!(
        "SET search_path = {}; SET jit = off; SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off;
         SET enable_bitmapscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off;
         SET default_transaction_isolation = 'read committed'; SET default_transaction_deferrable = off;
         SET statement_timeout = {}; SET lock_timeout = {}; SET idle_in_transaction_session_timeout = {};
         SET row_security = off",
        quoted(schema),
        STATEMENT.as_millis(),
        LOCK.as_millis(),
        STATEMENT.as_millis(),
    )
}

/// Makes a connection one that writes.
pub(crate) async fn begin(client: &Client, schema: &str) -> Result<(), Error> {
    client.batch_execute(&setup(schema)).await?;
    // What a role or a database has by default must not weaken it, and may make it stronger.
    client
        .batch_execute(
            "SELECT set_config('synchronous_commit', 'on', false)
             WHERE current_setting('synchronous_commit') <> 'remote_apply'",
        )
        .await
}

/// A server that would lose what it has acknowledged is not written to: what was set is read back.
pub(crate) async fn check_durable(client: &Client, server: &Server) -> Result<(), ConnectError> {
    let settings = "SELECT current_setting('synchronous_commit'), current_setting('fsync'),
        current_setting('server_encoding')";
    let row = client.query_one(settings, &[]).await.map_err(|error| server.connect_error(&error))?;
    let (commit, fsync, encoding): (String, String, String) = (row.get(0), row.get(1), row.get(2));
    let not_kept = |reason: String| ConnectError::Unsafe { server: server.name.clone(), reason };
    if encoding != "UTF8" {
        return Err(not_kept(format!(
            "its encoding is {encoding}, which cannot hold every text; create the database with ENCODING 'UTF8'"
        )));
    }
    if !["on", "remote_apply"].contains(&commit.as_str()) {
        return Err(not_kept(format!("synchronous_commit is {commit}, not on")));
    }
    if fsync != "on" && server.is_fsync_needed {
        return Err(not_kept(
            "fsync is off, so a power cut loses what was acknowledged; set it to on".into(),
        ));
    }
    Ok(())
}
