use std::time::Duration;

use procession::{
    After, Application, Limits, MemoryStore, Module, Runtime, Saga,
    doc::{CleanRoom, RoomCleaned},
    log::{Kind, Position},
};

/// While there is always something to do, a batch is always on its way to the store; timers must not wait for a pause.
#[tokio::test]
async fn a_timer_comes_in_the_middle_of_work_that_has_no_pause() {
    // given a chain of rooms, each cleaned after the one before, and a timer that is due right after the first
    const LAST: u16 = 2000;
    let chain = |it: &RoomCleaned| {
        let next = (1..LAST).contains(&it.room).then(|| CleanRoom { room: it.room + 1 });
        let soon = (it.room == 1).then_some(After(Duration::from_nanos(1), CleanRoom { room: 0 }));
        (next, soon)
    };
    let rooms = Module::named("rooms").handles::<CleanRoom>().saga(Saga::named("chain").on(chain));
    let hotel = Application::assemble([rooms]).unwrap();
    let mut limits = Limits::default();
    limits.batch_messages = 2;
    let runtime = Runtime::builder().limits(limits).start(&hotel, MemoryStore::new()).await.unwrap();

    // when the first is cleaned
    runtime.execute(CleanRoom { room: 1 }).await.unwrap();
    runtime.settled().await.unwrap();

    // then the timer does not wait for the end of the chain
    let log = runtime.reader().store().read_log(Position::START, 10_000).await.unwrap();
    let cleaned = log.iter().filter(|it| it.entry.kind == Kind::Event).map(|it| &*it.entry.payload);
    let cleaned: Vec<&str> = cleaned.collect();
    assert_eq!(cleaned.len(), usize::from(LAST) + 1);
    let place = cleaned.iter().position(|it| *it == r#"{"room":0}"#).unwrap();
    assert!(place < 100, "it came after {place} rooms");
}
