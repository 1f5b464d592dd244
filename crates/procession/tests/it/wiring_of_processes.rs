//! Process managers, linear sagas and the borders of modules: mistakes that are found when the parts are put together.

use std::time::Duration;

use procession::{
    After, Application, Command, Context, Correlation, Decider, Event, Events, Handle, LinearSaga, Module,
    Never, On, OnRejection, OnTimeout, ProcessManager, Rejected, Saga, Starts, Step,
    doc::{CleanRoom, GuestLeft, RoomCleaned},
};
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
struct VisitBegun {}

#[derive(Event, Serialize, Deserialize)]
struct VisitEnded {}

#[derive(Command, Serialize, Deserialize, Clone)]
#[command(to = Visit, id = visit)]
struct EndVisit {
    visit: String,
}

#[derive(Events)]
enum VisitEvent {
    Begun(VisitBegun),
    #[ends]
    Ended(VisitEnded),
}

#[derive(Default)]
struct Visit;

impl Decider for Visit {
    const CATEGORY: &'static str = "visit";
    type Event = VisitEvent;
    type Rejection = Never;

    fn evolve(&mut self, _: &VisitEvent) {}
}

impl On<GuestLeft> for Visit {
    type Emits = VisitBegun;
    const STARTS: Starts = Starts::Once;

    fn correlate(event: &GuestLeft) -> Correlation {
        Correlation::to(event.room)
    }

    fn on(&self, _: GuestLeft, _: &Context) -> VisitBegun {
        VisitBegun {}
    }
}

impl On<RoomCleaned> for Visit {
    type Emits = VisitEnded;

    fn correlate(event: &RoomCleaned) -> Correlation {
        Correlation::to(event.room)
    }

    fn on(&self, _: RoomCleaned, _: &Context) -> VisitEnded {
        VisitEnded {}
    }
}

impl OnRejection<CleanRoom> for Visit {
    type Emits = VisitEnded;

    fn on_rejection(&self, _: Rejected<CleanRoom>, _: &Context) -> VisitEnded {
        VisitEnded {}
    }
}

impl OnTimeout<EndVisit> for Visit {
    type Emits = VisitEnded;

    fn on_timeout(&self, _: EndVisit, _: &Context) -> VisitEnded {
        VisitEnded {}
    }
}

impl Handle<EndVisit> for Visit {
    type Records = VisitEnded;

    fn handle(&self, _: EndVisit, _: &Context) -> Result<VisitEnded, Never> {
        Ok(VisitEnded {})
    }
}

#[derive(Default)]
struct Ringing;

impl Decider for Ringing {
    const CATEGORY: &'static str = "ringing";
    type Event = VisitEvent;
    type Rejection = Never;

    fn evolve(&mut self, _: &VisitEvent) {}
}

impl On<GuestLeft> for Ringing {
    type Emits = (VisitBegun, After<EndVisit>, Option<VisitEnded>);
    const STARTS: Starts = Starts::Once;

    fn correlate(event: &GuestLeft) -> Correlation {
        Correlation::to(event.room)
    }

    fn on(&self, event: GuestLeft, _: &Context) -> Self::Emits {
        let end = EndVisit { visit: event.room.to_string() };
        (VisitBegun {}, After(Duration::from_secs(1), end), None)
    }
}

fn rooms() -> Module {
    Module::named("rooms").handles::<CleanRoom>()
}

fn visits(process: ProcessManager<Visit>) -> Module {
    Module::named("visits").external_event::<GuestLeft>().process_manager(process)
}

#[track_caller]
fn is_a_mistake(modules: impl IntoIterator<Item = Module>, expected: &str) {
    let said = Application::assemble(modules).map(|_| "no mistake".to_owned());
    let said = said.unwrap_or_else(|errors| errors.iter().map(|it| format!("{it}\n")).collect());
    assert_eq!(said.trim_end(), expected);
}

#[test]
fn a_process_manager_that_starts_and_ends_is_no_mistake() {
    let process = ProcessManager::new().on::<GuestLeft>().on::<RoomCleaned>();
    is_a_mistake([rooms().publishes::<RoomCleaned>(), visits(process)], "no mistake");
}

#[test]
fn an_internal_event_of_another_module_is_not_taken_by_whatever_takes_it() {
    let mistake = |taker: &str| {
        format!(
            "{taker} in module `visits` takes `RoomCleaned` (procession_core::doc::RoomCleaned), which is an internal event \
             of module `rooms`; let `rooms` publish it: as it is with `.publishes::<RoomCleaned>()`, or as a public event \
             with `.publishes_as(...)`"
        )
    };
    let process = ProcessManager::new().on::<GuestLeft>().on::<RoomCleaned>();
    is_a_mistake([rooms(), visits(process)], &mistake("the process manager `visit`"));
    let saga = Saga::named("again").on(|event: &RoomCleaned| CleanRoom { room: event.room });
    is_a_mistake([rooms(), Module::named("visits").saga(saga)], &mistake("the saga `again`"));
    let module = Module::named("visits").on(|event: &RoomCleaned| CleanRoom { room: event.room });
    is_a_mistake(
        [rooms(), module],
        &mistake("the module `visits`").replace(" in module `visits` takes", " takes"),
    );
}

#[test]
fn a_module_publishes_its_own_events_only() {
    is_a_mistake(
        [rooms(), Module::named("visits").publishes::<RoomCleaned>()],
        "module `visits` publishes `RoomCleaned`, but none of its handlers records it; let the module that does publish it",
    );
}

#[test]
fn a_process_manager_must_be_able_to_end() {
    is_a_mistake(
        [visits(ProcessManager::new().on::<GuestLeft>())],
        "the process manager `visit` in module `visits` never ends; mark the variants of its `Event` enum that end it with \
         `#[ends]`, and record one of them",
    );
}

#[test]
fn a_process_manager_must_be_able_to_start() {
    is_a_mistake(
        [rooms().publishes::<RoomCleaned>(), visits(ProcessManager::new().on::<RoomCleaned>())],
        "nothing starts the process manager `visit` in module `visits`; give one of its `On` the line `const STARTS: \
         Starts = Starts::Once;`, or add a command to it with `.handles::<...>()`",
    );
}

#[test]
fn a_process_manager_waits_only_for_what_it_asks_for() {
    let process =
        ProcessManager::new().on::<GuestLeft>().on_rejection::<CleanRoom>().on_timeout::<EndVisit>();
    is_a_mistake(
        [rooms(), visits(process)],
        "the process manager `visit` in module `visits` reacts to rejections of `CleanRoom`, but never sends it; remove the \
         reaction, or send the command from it and not from somewhere else\n\
         the process manager `visit` in module `visits` reacts to the timeout `EndVisit`, but never asks for it; return \
         `After(duration, EndVisit { .. })` from one of its handlers, or remove the reaction",
    );
}

#[test]
fn a_process_manager_belongs_to_one_module() {
    let process = || ProcessManager::<Visit>::new().on::<GuestLeft>().on::<RoomCleaned>();
    let other = Module::named("others").external_event::<GuestLeft>().process_manager(process());
    is_a_mistake(
        [rooms().publishes::<RoomCleaned>(), visits(process()), other],
        "the process manager `visit` is in module `visits` and in module `others`; leave it in one of them",
    );
}

#[test]
fn a_timeout_that_a_process_manager_asks_for_and_does_not_take_is_told_with_the_fix() {
    let process = ProcessManager::<Ringing>::new().on::<GuestLeft>();
    is_a_mistake(
        [Module::named("visits").external_event::<GuestLeft>().process_manager(process)],
        "the process manager `ringing` in module `visits` asks for the timeout `EndVisit`, but does not take it; add \
         `.on_timeout::<EndVisit>()`",
    );
}

#[test]
fn a_message_is_taken_once() {
    let process = ProcessManager::new().on::<GuestLeft>().on::<GuestLeft>().on::<RoomCleaned>();
    is_a_mistake(
        [rooms().publishes::<RoomCleaned>(), visits(process)],
        "the process manager `visit` in module `visits` takes `GuestLeft` twice; remove one of the two, or put both into one",
    );
    let again = |event: &RoomCleaned| CleanRoom { room: event.room };
    is_a_mistake(
        [rooms().saga(Saga::named("again").on(again).on(again))],
        "the saga `again` in module `rooms` takes `RoomCleaned` twice; remove one of the two, or put both into one",
    );
}

#[derive(Clone, Serialize, Deserialize)]
struct Data {}

fn clean() -> Step<Data> {
    Step::named("clean", |_: &Data| CleanRoom { room: 7 })
        .completes_on(|event: &RoomCleaned| Correlation::to(event.room))
}

#[test]
fn a_linear_saga_has_a_start_and_steps_with_names_of_their_own() {
    is_a_mistake(
        [rooms().linear_saga(LinearSaga::<Data>::named("departure"))],
        "the linear saga `departure` in module `rooms` has no start; add `.starts_on(|event: &...| (id, data))`\n\
         the linear saga `departure` in module `rooms` has no steps; add them with `.step(...)`",
    );
    let saga = LinearSaga::named("departure").starts_on(|event: &RoomCleaned| (event.room, Data {}));
    is_a_mistake(
        [rooms().linear_saga(saga.step(clean()).step(clean()))],
        "the linear saga `departure` in module `rooms` has two steps or save-points named `clean`; give one of them another name",
    );
}

#[test]
fn names_are_not_empty() {
    is_a_mistake(
        [Module::named("")],
        "a module has an empty name; give it one that people will recognise on the map",
    );
}

#[test]
fn what_a_timeout_needs_is_declared_by_the_type_of_what_is_returned() {
    let later = After(Duration::from_secs(1), EndVisit { visit: "1".into() });
    let module = Module::named("visits")
        .handles::<EndVisit>()
        .external_event::<GuestLeft>()
        .on(move |_: &GuestLeft| later.clone());
    is_a_mistake([module], "no mistake");
}
