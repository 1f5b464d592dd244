//! Where lives of process managers begin and end: what is taken back, what is sent all the same, and what is a mistake.

use std::time::Duration;

use jiff::Timestamp;
use procession::{
    After, Application, Command, Context, Correlation, Decider, Event, Events, Handle, MemoryStore, Module,
    Never, On, OnTimeout, ProcessManager, Reason, RequestError, Runtime, Starts,
    doc::{CleanRoom, Room},
    log::{Position, Recorded},
    test::given,
};
use serde::{Deserialize, Serialize};

const MINUTE: Duration = Duration::from_secs(60);

#[derive(Command, Serialize, Deserialize)]
#[command(to = Bell, id = bell)]
struct Ring {
    bell: String,
    ends_too_early: bool,
}

#[derive(Event, Serialize, Deserialize)]
struct Rung {
    bell: String,
    ends_too_early: bool,
}

#[derive(Events)]
enum BellEvent {
    Rung(Rung),
}

#[derive(Default)]
struct Bell;

impl Decider for Bell {
    const CATEGORY: &'static str = "bell";
    type Event = BellEvent;
    type Rejection = Never;

    fn evolve(&mut self, _: &BellEvent) {}
}

impl Handle<Ring> for Bell {
    type Records = Rung;

    fn handle(&self, command: Ring, _: &Context) -> Result<Rung, Never> {
        Ok(Rung { bell: command.bell, ends_too_early: command.ends_too_early })
    }
}

/// Asks itself to give up, asks for a clean room, and has ended already.
#[derive(Default)]
struct Visit;

#[derive(Command, Serialize, Deserialize)]
#[command(to = Visit, id = visit)]
struct GiveUp {
    visit: String,
}

#[derive(Event, Serialize, Deserialize)]
struct VisitNoted {}

#[derive(Event, Serialize, Deserialize)]
struct VisitEnded {}

#[derive(Events)]
enum VisitEvent {
    Noted(VisitNoted),
    #[ends]
    Ended(VisitEnded),
}

impl Decider for Visit {
    const CATEGORY: &'static str = "visit";
    type Event = VisitEvent;
    type Rejection = Never;

    fn evolve(&mut self, _: &VisitEvent) {}
}

impl On<Rung> for Visit {
    type Emits = (After<GiveUp>, After<CleanRoom>, VisitEnded, Option<VisitNoted>);
    const STARTS: Starts = Starts::Again;

    fn correlate(event: &Rung) -> Correlation {
        Correlation::to(&event.bell)
    }

    fn on(&self, event: Rung, _: &Context) -> Self::Emits {
        let give_up = After(MINUTE, GiveUp { visit: event.bell });
        let clean = After(MINUTE, CleanRoom { room: 7 });
        (give_up, clean, VisitEnded {}, event.ends_too_early.then_some(VisitNoted {}))
    }
}

impl OnTimeout<GiveUp> for Visit {
    type Emits = VisitEnded;

    fn on_timeout(&self, _: GiveUp, _: &Context) -> VisitEnded {
        VisitEnded {}
    }
}

async fn house() -> Runtime {
    let visits = ProcessManager::<Visit>::new().on::<Rung>().on_timeout::<GiveUp>();
    let house = Module::named("house").handles::<Ring>().handles::<CleanRoom>().process_manager(visits);
    let house = Application::assemble([house]).unwrap();
    Runtime::builder().virtual_time(Timestamp::UNIX_EPOCH).start(&house, MemoryStore::new()).await.unwrap()
}

fn ring(ends_too_early: bool) -> Ring {
    Ring { bell: "door".into(), ends_too_early }
}

async fn log(runtime: &Runtime) -> Vec<Recorded> {
    runtime.reader().store().read_log(Position::START, 1000).await.unwrap()
}

#[tokio::test]
async fn the_end_takes_back_what_an_instance_has_sent_to_itself_in_each_of_its_lives_and_nothing_else() {
    let runtime = house().await;
    for _ in 0..3 {
        runtime.execute(ring(false)).await.unwrap();
        runtime.settled().await.unwrap();
        let waiting = runtime.reader().store().due_timers(Timestamp::MAX, 10).await.unwrap();
        assert!(waiting.iter().all(|it| it.message.name == "CleanRoom"), "{waiting:?}");
    }

    runtime.advance(2 * MINUTE).await.unwrap();

    assert!(runtime.reader().instance::<Room>(7).await.unwrap().state.clean);
    assert!(log(&runtime).await.iter().all(|it| it.entry.name != "GiveUp"));
}

#[tokio::test]
async fn what_is_recorded_behind_the_end_is_a_mistake_that_is_parked() {
    let runtime = house().await;
    let process = runtime.execute(ring(true)).await.unwrap().process;
    assert_eq!(runtime.wait(process).await.unwrap().parked, 1);
    let parked = runtime.reader().parked().await.unwrap();
    let cause = parked.first().and_then(|it| it.cause.clone()).unwrap();
    assert!(cause.contains("`VisitNoted` was recorded behind `VisitEnded`"), "{cause}");
}

#[test]
fn a_test_may_be_given_more_than_one_life() {
    let rung = || Rung { bell: "door".into(), ends_too_early: false };
    given::<Visit>((VisitEnded {}, VisitNoted {})).when_event(rung()).then_ignored(Reason::Started);
    given::<Visit>((VisitEnded {}, VisitNoted {}, VisitEnded {})).when_event(rung()).then((
        After(MINUTE, GiveUp { visit: "door".into() }),
        After(MINUTE, CleanRoom { room: 7 }),
        VisitEnded {},
    ));
}

#[tokio::test]
async fn a_command_does_not_answer_a_message_of_another_log() {
    let (here, elsewhere) = (house().await, house().await);
    for _ in 0..3 {
        elsewhere.execute(ring(false)).await.unwrap();
        elsewhere.settled().await.unwrap();
    }
    let message = log(&elsewhere).await.pop().unwrap();

    let refused = here.execute(ring(false)).caused_by(&message).await.unwrap_err();

    assert!(
        matches!(refused, procession::ExecuteError::NotTaken(RequestError::UnknownCause { .. })),
        "{refused}"
    );
    assert!(log(&here).await.is_empty());
}
