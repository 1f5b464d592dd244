//! Read models: listed with what they leave out, retried and rebuilt beside the application that keeps them up.

use procession::{
    Application, Module, Projection, ProjectionError, Runtime,
    doc::{CleanRoom, RoomCleaned},
    sqlite::SqliteStore,
};

use crate::programs::Folder;

/// Rooms, and which of them are clean. One room cannot be folded, until that is mended.
fn rooms(unlucky: Option<u16>) -> Application {
    let clean_rooms = Projection::named("clean_rooms").on(move |event: &RoomCleaned, rows| {
        if unlucky == Some(event.room) {
            return Err(ProjectionError::park("this house has no such room"));
        }
        rows.put(event.room, &true);
        Ok(())
    });
    Application::assemble([Module::named("rooms").handles::<CleanRoom>().projection(clean_rooms)]).unwrap()
}

async fn start(folder: &Folder, unlucky: Option<u16>) -> Runtime {
    let store = SqliteStore::open(folder.path("shop.db")).unwrap();
    Runtime::start(&rooms(unlucky), store).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_read_model_leaves_out_is_shown_and_folded_when_it_is_retried() {
    // given a read model that leaves a room out
    let folder = Folder::new();
    let runtime = start(&folder, Some(13)).await;
    let unlucky = runtime.execute(CleanRoom { room: 13 }).await.unwrap();
    runtime.execute(CleanRoom { room: 7 }).await.unwrap();
    runtime.settled().await.unwrap();

    // then operators see what and why
    let listed = folder.procession(&["projections"]).ended_with(1);
    assert!(listed.contains("clean_rooms") && listed.contains("follows the log"), "{listed}");
    assert!(listed.contains("room/13") && listed.contains("this house has no such room"), "{listed}");
    let status = folder.procession(&["status"]).ended_with(1);
    assert!(status.contains("clean_rooms leaves out"), "{status}");
    let process = unlucky.process.to_string();
    let shown = folder.procession(&["show", &process]).ended_with(0);
    assert!(shown.contains("The read model clean_rooms leaves out RoomCleaned"), "{shown}");
    let again = ["projections", "retry", "clean_rooms", "--why", "a test"];
    let failed = folder.procession(&again).ended_with(1);
    assert!(failed.contains("failed again: "), "{failed}");

    // when it is mended and retried
    runtime.stop().await.unwrap();
    let runtime = start(&folder, None).await;
    let retry =
        ["projections", "retry", "clean_rooms", "--stream", "room/13", "--why", "the house has one now"];
    let done = folder.procession(&retry).ended_with(0);

    // then it holds all rooms
    assert!(done.contains("done"), "{done}");
    assert_eq!(runtime.read_model("clean_rooms").get::<bool>(13).await.unwrap(), Some(true));
    folder.procession(&["projections"]).ended_with(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_model_is_rebuilt_and_one_that_is_not_there_is_refused() {
    let folder = Folder::new();
    let runtime = start(&folder, None).await;
    runtime.execute(CleanRoom { room: 7 }).await.unwrap();

    let done = folder.procession(&["projections", "rebuild", "clean_rooms", "--why", "a test"]).ended_with(0);
    let unknown = folder.procession(&["projections", "rebuild", "dirty_rooms", "--why", "a test"]);

    assert!(done.contains("done"), "{done}");
    let listed = folder.procession(&["projections", "--json"]).json(0);
    assert_eq!(listed[0]["generation"], 2, "{listed}");
    assert_eq!(runtime.read_model("clean_rooms").get::<bool>(7).await.unwrap(), Some(true));
    assert!(
        unknown.stderr.contains("there is no projection `dirty_rooms`; the store has clean_rooms"),
        "{unknown:?}"
    );
}
