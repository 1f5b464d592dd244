use std::{sync::Arc, time::Duration};

use procession_core::{
    Application, Module,
    doc::CleanRoom,
    log::{Kind, Position},
};
use procession_runtime::{Operation, Operator, Runtime, Store};
use procession_sqlite::SqliteStore;

/// What `procession` does in a process of its own: it opens the file beside the application.
#[tokio::test]
async fn what_an_operator_asks_for_beside_an_idle_application_is_done_within_a_second() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let hotel = Application::assemble([Module::named("rooms").handles::<CleanRoom>()]).unwrap();
    let runtime = Runtime::start(&hotel, SqliteStore::open(&path).unwrap()).await.unwrap();
    let process = runtime.execute(CleanRoom { room: 7 }).await.unwrap().process;
    runtime.settled().await.unwrap();
    let beside: Arc<dyn Store> = Arc::new(SqliteStore::options().open_beside(&path).unwrap());

    let anna = Operator::on(Arc::clone(&beside)).by("anna").because("the guest has complained");
    anna.request([Operation::SuspendProcess(process)]).await.unwrap();

    let is_done = async {
        while beside.holds().await.unwrap().is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(1), is_done).await.unwrap();
    let log = beside.read_log(Position::START, 100).await.unwrap();
    assert_eq!(log.last().unwrap().entry.kind, Kind::Operation);
    runtime.stop().await.unwrap();
}
