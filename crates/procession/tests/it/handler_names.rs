//! A saga may have the name of a category. What is parked for the one does not hold up the other.

use procession::{
    Application, MemoryStore, Module, Runtime, Saga,
    doc::{CleanRoom, Room, RoomCleaned},
};

#[tokio::test]
async fn promise_4_a_failing_saga_does_not_hold_up_the_decider_that_has_its_name() {
    let broken = Saga::named("room").on(|event: &RoomCleaned| -> CleanRoom { panic!("room {}", event.room) });
    let hotel = Application::assemble([Module::named("rooms").handles::<CleanRoom>().saga(broken)]).unwrap();
    let runtime = Runtime::start(&hotel, MemoryStore::new()).await.unwrap();

    let first = runtime.execute(CleanRoom { room: 7 }).await.unwrap();
    runtime.wait(first.process).await.unwrap();
    let again = runtime.execute(CleanRoom { room: 7 }).await.unwrap_err();

    let parked = runtime.reader().parked().await.unwrap();
    assert_eq!(parked.iter().map(|it| &*it.handler).collect::<Vec<_>>(), ["saga room"]);
    assert_eq!(again.to_string(), "the room is clean already", "it is asked, and not told to wait");
    assert!(runtime.reader().instance::<Room>(7).await.unwrap().state.clean);
}
