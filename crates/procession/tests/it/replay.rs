//! Promise 6: replaying the log gives the same state, always; and when the code has changed its mind, it says so.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use procession::{
    After, Application, MemoryStore, Message, Module, Runtime, Saga, Stream, Version,
    doc::{CleanRoom, GuestLeft, RoomCleaned, RoomRejection},
    inspect,
    log::{Encoded, Entry, Position, Recorded},
    replay::{Difference, Replay, WhatIf, WhatIfReport},
};

/// A cleaned room has its neighbour cleaned, up to room 3.
fn hotel() -> Application {
    let next =
        Saga::named("next").on(|it: &RoomCleaned| (it.room < 3).then_some(CleanRoom { room: it.room + 1 }));
    Application::assemble([Module::named("rooms").handles::<CleanRoom>().saga(next)]).unwrap()
}

/// A real log: three rooms cleaned one after the other, and a command that was rejected.
async fn log() -> Vec<Recorded> {
    let runtime = Runtime::start(&hotel(), MemoryStore::new()).await.unwrap();
    let executed = runtime.execute(CleanRoom { room: 1 }).await.unwrap();
    runtime.wait(executed.process).await.unwrap();
    let rejected = runtime.execute(CleanRoom { room: 1 }).await.unwrap_err();
    assert_eq!(rejected.to_string(), RoomRejection::AlreadyClean.to_string());
    let log = runtime.reader().store().read_log(Position::START, 100).await.unwrap();
    runtime.stop().await.unwrap();
    log
}

fn replay(hotel: &Application, log: Vec<Recorded>) -> Result<u64, Difference> {
    let mut replay = Replay::new(hotel.engine());
    log.into_iter().try_for_each(|it| replay.next(it))?;
    replay.finish()
}

fn changed(recorded: &mut Recorded, change: impl FnOnce(&mut Entry)) {
    change(Arc::make_mut(&mut recorded.entry));
}

#[tokio::test]
async fn promise_6_replaying_the_log_makes_the_same_decisions() {
    assert_eq!(replay(&hotel(), log().await), Ok(6));
}

#[tokio::test]
async fn a_handler_that_decides_otherwise_now_is_found() {
    let changed =
        Saga::named("next").on(|it: &RoomCleaned| (it.room < 2).then_some(CleanRoom { room: it.room + 1 }));
    let changed =
        Application::assemble([Module::named("rooms").handles::<CleanRoom>().saga(changed)]).unwrap();
    let difference = replay(&changed, log().await).unwrap_err();
    assert_eq!(
        difference.to_string(),
        r#"handling the message at 4 recorded ["CleanRoom {\"room\":3}"]; replayed, it gives []"#
    );
}

#[tokio::test]
async fn an_event_that_was_changed_behind_the_logs_back_is_found() {
    let mut log = log().await;
    changed(&mut log[1], |it| it.payload = r#"{"room":8}"#.into());
    let difference = replay(&hotel(), log).unwrap_err();
    assert!(matches!(difference, Difference::Decision { cause: Position(1), .. }), "{difference}");
}

#[tokio::test]
async fn a_rejection_that_would_be_none_now_is_found() {
    let mut log = log().await;
    let rejected_command = log.len() - 2;
    changed(&mut log[rejected_command], |it| it.stream = Stream::new("room", "9").unwrap());
    let difference = replay(&hotel(), log).unwrap_err();
    assert!(difference.to_string().contains("RoomRejection"), "{difference}");
}

#[tokio::test]
async fn a_cause_that_is_missing_is_found() {
    let mut log = log().await;
    log[2].causation = Some(Position(99));
    let difference = replay(&hotel(), log).unwrap_err();
    assert_eq!(difference, Difference::NoCause { at: Position(3), cause: Position(99) });
}

#[tokio::test]
async fn a_gap_in_a_stream_is_found() {
    let mut log = log().await;
    log[1].version = Some(Version(2));
    let difference = replay(&hotel(), log).unwrap_err();
    assert_eq!(difference.to_string(), "the event at 2 is not the next one of room/1");
}

#[tokio::test]
async fn a_message_that_no_module_knows_any_more_is_found() {
    let mut log = log().await;
    let Encoded { name, payload, .. } = GuestLeft { room: 1 }.encode().unwrap();
    changed(&mut log[0], |it| (it.name, it.payload) = (name, payload));
    let difference = replay(&hotel(), log).unwrap_err();
    assert_eq!(
        difference.to_string(),
        "the message at 1 was handled; replayed, it fails: no module handles the command `GuestLeft`; was it \
         renamed, or is its module not part of this program?"
    );
}

/// When the runtime stops in between, a timer fires right after the step that has asked for it.
#[tokio::test]
async fn a_command_that_became_due_right_after_it_was_asked_for_is_no_difference() {
    let now_and_later = |it: &RoomCleaned| {
        (it.room == 1)
            .then_some((CleanRoom { room: 2 }, After(Duration::from_secs(1), CleanRoom { room: 3 })))
    };
    let rooms = Module::named("rooms").handles::<CleanRoom>().saga(Saga::named("next").on(now_and_later));
    let hotel = Application::assemble([rooms]).unwrap();
    let runtime = Runtime::builder().virtual_time(Timestamp::UNIX_EPOCH).start(&hotel, MemoryStore::new());
    let runtime = runtime.await.unwrap();
    runtime.execute(CleanRoom { room: 1 }).await.unwrap();
    runtime.advance(Duration::from_secs(1)).await.unwrap();
    let mut log = runtime.reader().store().read_log(Position::START, 100).await.unwrap();
    runtime.stop().await.unwrap();

    // Room 2 has not been cleaned when the timer fires.
    assert_eq!(log.remove(3).entry.payload, RoomCleaned { room: 2 }.encode().unwrap().payload);
    log[3].position = Position(4);
    (log[4].position, log[4].causation) = (Position(5), Some(Position(4)));
    assert_eq!(log[2].causation, log[3].causation, "one after the other, with one cause");

    assert_eq!(replay(&hotel, log), Ok(3));
}

#[tokio::test]
async fn what_a_parked_message_did_not_do_is_left_out() {
    // given two sagas that take one event, of which one fails
    let hotel = |fails: bool| {
        let next = Saga::named("next")
            .on(|it: &RoomCleaned| (it.room < 2).then_some(CleanRoom { room: it.room + 1 }));
        let nervous = Saga::named("nervous").on(move |it: &RoomCleaned| {
            assert!(!fails, "not mended yet");
            CleanRoom { room: it.room + 10 }
        });
        let rooms = Module::named("rooms").handles::<CleanRoom>();
        Application::assemble([rooms.saga(next).saga(nervous)]).unwrap()
    };
    let runtime = Runtime::start(&hotel(true), MemoryStore::new()).await.unwrap();
    let executed = runtime.execute(CleanRoom { room: 1 }).await.unwrap();
    assert_eq!(runtime.wait(executed.process).await.unwrap().parked, 2, "of both rooms");
    let log = runtime.reader().store().read_log(Position::START, 100).await.unwrap();
    let parked = runtime.reader().parked().await.unwrap();
    runtime.stop().await.unwrap();

    // when the log is decided again after it was mended
    let mended = hotel(false);
    let mut replay = parked
        .iter()
        .fold(Replay::new(mended.engine()), |replay, it| replay.without(it.position, &it.handler));

    // then what the failed handler did not do is no difference
    log.into_iter().for_each(|it| replay.next(it).unwrap());
    assert_eq!(replay.finish(), Ok(3));
}

#[tokio::test]
async fn what_answers_a_message_from_outside_continues_its_process_and_replays() {
    let runtime = Runtime::start(&hotel(), MemoryStore::new()).await.unwrap();
    let first = runtime.execute(CleanRoom { room: 3 }).await.unwrap();
    let [cleaned] = &first.events[..] else { panic!("one event: {first:?}") };

    let answer = runtime.execute(CleanRoom { room: 2 }).idempotency_key("answer").caused_by(cleaned);
    let answer = answer.await.unwrap();
    let again = runtime.execute(CleanRoom { room: 2 }).idempotency_key("answer").await.unwrap();

    assert_eq!((answer.process, &again), (first.process, &answer), "the answer is the same, told again");
    runtime.wait(first.process).await.unwrap();
    let history = runtime.reader().history(first.process, Position::START).await.unwrap();
    let command = history.iter().find(|it| it.position == answer.position).unwrap();
    assert_eq!(command.causation, Some(cleaned.position));
    let log = runtime.reader().store().read_log(Position::START, 100).await.unwrap();
    assert_eq!(log.len(), history.len());
    replay(&hotel(), log).unwrap();
}

#[derive(procession::Event, serde::Serialize, serde::Deserialize)]
struct WatchBegun {}

#[derive(procession::Event, serde::Serialize, serde::Deserialize)]
struct WatchEnded {}

#[derive(procession::Events)]
enum WatchEvent {
    Begun(WatchBegun),
    #[ends]
    Ended(WatchEnded),
}

/// After the second room it sends somebody to the next one, or, as it decides today, ends.
#[derive(Default)]
struct Watch<const ENDS: bool> {
    has_begun: bool,
}

impl<const ENDS: bool> procession::Decider for Watch<ENDS> {
    const CATEGORY: &'static str = "watch";
    type Event = WatchEvent;
    type Rejection = procession::Never;

    fn evolve(&mut self, _: &WatchEvent) {
        self.has_begun = true;
    }
}

impl<const ENDS: bool> procession::On<RoomCleaned> for Watch<ENDS> {
    type Emits = (Option<WatchBegun>, Option<CleanRoom>, Option<WatchEnded>);
    const STARTS: procession::Starts = procession::Starts::IfNeeded;

    fn correlate(_: &RoomCleaned) -> procession::Correlation {
        procession::Correlation::to("house")
    }

    fn on(&self, event: RoomCleaned, _: &procession::Context) -> Self::Emits {
        let next = (self.has_begun && event.room == 2).then_some(CleanRoom { room: 3 });
        match (self.has_begun, ENDS) {
            (false, _) => (Some(WatchBegun {}), None, None),
            (true, false) => (None, next, None),
            (true, true) => (None, None, next.map(|_| WatchEnded {})),
        }
    }
}

fn watched<const ENDS: bool>() -> Application {
    let watch = procession::ProcessManager::<Watch<ENDS>>::new().on::<RoomCleaned>();
    Application::assemble([Module::named("rooms").handles::<CleanRoom>().process_manager(watch)]).unwrap()
}

#[tokio::test]
async fn a_process_manager_that_sent_and_would_do_something_else_now_is_found() {
    let runtime = Runtime::start(&watched::<false>(), MemoryStore::new()).await.unwrap();
    for room in [1, 2] {
        let process = runtime.execute(CleanRoom { room }).await.unwrap().process;
        runtime.wait(process).await.unwrap();
    }
    let log = runtime.reader().store().read_log(Position::START, 100).await.unwrap();

    replay(&watched::<false>(), log.clone()).unwrap();
    let difference = replay(&watched::<true>(), log).unwrap_err().to_string();
    assert!(difference.contains("CleanRoom") && difference.contains("WatchEnded"), "{difference}");
}

fn what_if(application: &Application, log: Vec<Recorded>) -> WhatIfReport {
    let mut what_if = WhatIf::of(application);
    log.into_iter().for_each(|it| what_if.next(it));
    what_if.finish()
}

#[tokio::test]
async fn what_if_nothing_has_changed_nothing_is_otherwise() {
    let report = what_if(&hotel(), log().await);
    assert_eq!((report.differences, report.same), (vec![], 6));
    assert!(report.processes.is_empty() && report.older_shapes.is_empty());
}

#[tokio::test]
async fn what_if_names_all_differences_and_goes_on_from_what_is_recorded() {
    // given a house in which today the second room has no neighbour, and the third one has
    let changed = Saga::named("next").on(|it: &RoomCleaned| {
        let next = CleanRoom { room: it.room + 1 };
        (it.room != 2).then_some(next)
    });
    let changed =
        Application::assemble([Module::named("rooms").handles::<CleanRoom>().saga(changed)]).unwrap();

    // when the log is looked at with its handlers
    let report = what_if(&changed, log().await);

    // then both are told, and all others are the same
    let told: Vec<_> = report.differences.iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            r#"handling the message at 4 recorded ["CleanRoom {\"room\":3}"]; replayed, it gives []"#,
            r#"handling the message at 6 recorded []; replayed, it gives ["CleanRoom {\"room\":4}"]"#,
        ]
    );
    assert_eq!(report.same, 5);
    assert_eq!(report.processes.values().map(|it| it.differences).collect::<Vec<_>>(), [2]);
}

#[tokio::test]
async fn what_if_says_how_a_process_would_have_ended_and_whether_it_still_runs() {
    let runtime = Runtime::start(&watched::<false>(), MemoryStore::new()).await.unwrap();
    for room in [1, 2] {
        let process = runtime.execute(CleanRoom { room }).await.unwrap().process;
        runtime.wait(process).await.unwrap();
    }
    let log = runtime.reader().store().read_log(Position::START, 100).await.unwrap();

    let report = what_if(&watched::<true>(), log);

    assert_eq!(report.differences.len(), 1);
    let affected: Vec<_> = report.processes.values().collect();
    assert_eq!(affected.len(), 1);
    assert_eq!(affected[0].would_end_with, ["WatchEnded".to_owned()].into());
    assert!(affected[0].ended_with.is_empty());
}

#[tokio::test]
async fn what_if_looks_at_a_store_in_use() -> Result<(), Box<dyn std::error::Error>> {
    let store = MemoryStore::new();
    let runtime = Runtime::start(&hotel(), store.clone()).await?;
    let process = runtime.execute(CleanRoom { room: 1 }).await?.process;
    runtime.wait(process).await?;
    let nobody_else = Module::named("rooms").handles::<CleanRoom>();
    let hotel_of_tomorrow = Application::assemble([nobody_else])?;

    let report = inspect::what_if(&hotel_of_tomorrow, &store).await?;
    for difference in &report.differences {
        println!("{difference}");
    }
    let concerned = report.processes.iter().filter(|(_, it)| it.is_running).count();

    assert_eq!((report.differences.len(), report.processes.len(), concerned), (2, 1, 0));
    runtime.stop().await?;
    Ok(())
}
