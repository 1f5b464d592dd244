//! G11: a store that was dumped goes on, on a fresh server.

use std::{
    io::Write,
    process::Stdio,
    time::{Duration, Instant},
};

use jiff::Timestamp;
use procession_core::{Partition, log::Position};
use procession_postgres::PostgresStore;
use procession_runtime::{
    Store,
    store::{Batch, CheckpointMove, Heartbeat, NewTimer, NodeId, Reference, TimersOf},
};
use procession_test_servers::{Database, Postgres};

use crate::{
    batches::{batch, event, is_dense, log, numbers},
    place::{database, open},
};

const LEASE: Duration = Duration::from_secs(10);

/// `pg_dump FROM | psql TO`, as an operator does it who is the owner of both.
fn dump_and_restore(from: &Database<'_>, to: &Database<'_>) {
    let mut dump = from.server().program("pg_dump");
    let dumped = dump.args(["--no-owner", &from.url()]).output().unwrap();
    assert!(dumped.status.success(), "{}", String::from_utf8_lossy(&dumped.stderr));
    let mut psql = to.server().program("psql");
    psql.args(["--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", &to.url()]);
    let mut psql = psql.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    psql.stdin.take().unwrap().write_all(&dumped.stdout).unwrap();
    assert!(psql.wait().unwrap().success());
}

/// A sign of life of a node. Tells how many partitions it is given.
async fn beat(store: &PostgresStore, node: u64) -> usize {
    let name = format!("node {node}");
    let heartbeat = Heartbeat { node: NodeId(node), name, lease: LEASE, returned: Vec::new() };
    store.nodes().unwrap().beat(heartbeat).await.unwrap().owned.len()
}

fn timer(number: u64) -> NewTimer {
    let asked = event("t", number).entry;
    NewTimer {
        due: Timestamp::UNIX_EPOCH,
        to: asked.stream.clone(),
        sender: None,
        message: asked.encoded(),
        process: Reference::Position(Position(1)),
        causation: Reference::Position(Position(1)),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn g11_a_store_that_was_dumped_and_restored_goes_on_where_it_was() {
    // given
    let database = database();
    let store = open(&database.url()).await;
    store.commit(batch([event("s", 1), event("s", 2), event("t", 3)])).await.unwrap();
    let owned = store.acquire(vec![Partition(2)]).await.unwrap()[0];
    let moved =
        CheckpointMove { partition: owned.partition, token: owned.token, from: Position(0), to: Position(3) };
    let beside = Batch { timers: vec![timer(4)], checkpoints: vec![moved], ..Batch::default() };
    store.commit(beside).await.unwrap();
    let owned_by_a_node = beat(&store, 1).await;
    let before = (log(&store).await, store.progress().await, store.timers(TimersOf::After(None), 10).await);

    // when
    let fresh = Postgres::start().unwrap();
    let restored = fresh.database().unwrap();
    dump_and_restore(&database, &restored);
    let store = open(&restored.url()).await;

    // then everything is there
    let after = (log(&store).await, store.progress().await, store.timers(TimersOf::After(None), 10).await);
    assert_eq!(after, before);

    // and goes on, and no name is given twice
    let committed = store.commit(Batch { timers: vec![timer(5)], ..batch([event("s", 6)]) }).await.unwrap();
    assert_eq!(committed.after, Position(3));
    let log = log(&store).await;
    is_dense(&log);
    assert_eq!(numbers(&log), [1, 2, 3, 6]);
    let timers = store.timers(TimersOf::After(None), 10).await.unwrap();
    assert!(timers[1].id > timers[0].id, "{timers:?}");
    let again = store.acquire(vec![Partition(2)]).await.unwrap()[0];
    assert!(again.token > owned.token && again.checkpoint == Position(3), "{again:?}");

    // and another node takes over from the one that lived when it was dumped
    assert_eq!(owned_by_a_node, 4);
    let until = Instant::now() + 2 * LEASE;
    while beat(&store, 2).await < 4 {
        assert!(Instant::now() < until, "a node that is not there has not lost its lease");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
