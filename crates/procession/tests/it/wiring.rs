//! Every mistake in the wiring is found when modules are put together, and its sentence names the types and the fix.

use procession::{
    Application, Command, Context, Decider, Event, Events, Handle, Module, Never, Projection, Saga,
    doc::{CleanRoom, GuestLeft, RoomCleaned},
};
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
#[event(name = "RoomCleaned")]
struct CabinCleaned {}

#[derive(Command, Serialize, Deserialize)]
#[command(to = Cabin, id = cabin)]
struct CleanCabin {
    cabin: u16,
}

#[derive(Events)]
enum CabinEvent {
    Cleaned(CabinCleaned),
}

#[derive(Default)]
struct Cabin;

impl Decider for Cabin {
    const CATEGORY: &'static str = "room";
    type Event = CabinEvent;
    type Rejection = Never;

    fn evolve(&mut self, event: &CabinEvent) {
        match event {
            CabinEvent::Cleaned(_) => {}
        }
    }
}

impl Handle<CleanCabin> for Cabin {
    type Records = CabinCleaned;

    fn handle(&self, _: CleanCabin, _: &Context) -> Result<CabinCleaned, Never> {
        Ok(CabinCleaned {})
    }
}

fn rooms() -> Module {
    Module::named("rooms").handles::<CleanRoom>()
}

fn housekeeping() -> Saga {
    Saga::named("housekeeping").on(|event: &GuestLeft| CleanRoom { room: event.room })
}

fn mistakes(modules: impl IntoIterator<Item = Module>) -> String {
    Application::assemble(modules)
        .map(|_| "no mistake".to_owned())
        .unwrap_or_else(|errors| errors.to_string())
}

#[test]
fn modules_that_fit_are_put_together() {
    let staff = Module::named("staff").external_event::<GuestLeft>().saga(housekeeping());
    assert_eq!(mistakes([rooms(), staff]), "no mistake");
}

#[test]
fn a_command_that_nobody_handles_is_named_with_its_sender() {
    let staff = Module::named("staff").external_event::<GuestLeft>().saga(housekeeping());
    assert_eq!(
        mistakes([staff]),
        "1 mistake in the wiring of the modules:\n\
         - nobody handles the command `CleanRoom` (procession_core::doc::CleanRoom), which the saga `housekeeping` \
         in module `staff` sends; add `.handles::<CleanRoom>()` to the module of its decider"
    );
}

#[test]
fn a_command_that_is_handled_twice_is_named_with_both_handlers() {
    assert_eq!(
        mistakes([rooms(), Module::named("cabins").handles::<CleanRoom>()]),
        "1 mistake in the wiring of the modules:\n\
         - the command `CleanRoom` is handled twice, by `room` in module `rooms` and by `room` in module `cabins`; \
         remove one `.handles::<CleanRoom>()`, or give one of them a command of its own"
    );
}

#[test]
fn an_event_that_nobody_records_is_named_with_who_waits_for_it() {
    assert_eq!(
        mistakes([rooms().saga(housekeeping())]),
        "1 mistake in the wiring of the modules:\n\
         - nobody records the event `GuestLeft` (procession_core::doc::GuestLeft), which the saga `housekeeping` in \
         module `rooms` takes; add the command that records it with `.handles::<...>()`, or declare \
         `.external_event::<GuestLeft>()` when it comes from outside"
    );
}

#[test]
fn a_reaction_that_can_send_nothing_is_named() {
    let forgetful = Saga::named("forgetful").on(|event: &RoomCleaned| {
        _ = CleanRoom { room: event.room };
    });
    assert_eq!(
        mistakes([rooms().saga(forgetful)]),
        "1 mistake in the wiring of the modules:\n\
         - the saga `forgetful` in module `rooms` takes `RoomCleaned` and can send nothing; return the commands (is \
         there a `;` behind the last one?), or remove the reaction"
    );
}

#[test]
fn a_message_name_and_a_category_that_two_types_share_are_both_named() {
    assert_eq!(
        mistakes([rooms(), Module::named("cabins").handles::<CleanCabin>()]),
        "2 mistakes in the wiring of the modules:\n\
         - the category `room` is used by procession_core::doc::Room and by it::wiring::Cabin; \
         give one of them another `CATEGORY`\n\
         - the message name `RoomCleaned` is used by procession_core::doc::RoomCleaned and by \
         it::wiring::CabinCleaned; give one of them another with `#[event(name = \"...\")]` or \
         `#[command(name = \"...\")]`"
    );
}

#[test]
fn two_modules_or_two_sagas_of_one_name_are_named() {
    let night = Saga::named("housekeeping")
        .on(|event: &RoomCleaned| (event.room == 0).then_some(CleanRoom { room: 1 }));
    let modules =
        [rooms().external_event::<GuestLeft>().saga(housekeeping()), Module::named("rooms").saga(night)];
    assert_eq!(
        mistakes(modules),
        "2 mistakes in the wiring of the modules:\n\
         - there are two modules named `rooms`; give one of them another name\n\
         - there are two sagas named `housekeeping`; give one of them another name"
    );
}

#[test]
fn a_projection_takes_events_that_are_recorded_and_has_a_name_of_its_own() {
    let free_rooms = || {
        Projection::named("free_rooms")
            .on(|event: &GuestLeft, rows| {
                rows.put(event.room, &true);
                Ok(())
            })
            .on(|event: &RoomCleaned, rows| {
                rows.put(event.room, &true);
                Ok(())
            })
    };
    assert_eq!(
        mistakes([rooms().projection(free_rooms())]),
        "1 mistake in the wiring of the modules:\n\
         - nobody records the event `GuestLeft` (procession_core::doc::GuestLeft), which the projection `free_rooms` in module \
         `rooms` takes; add the command that records it with `.handles::<...>()`, or declare \
         `.external_event::<GuestLeft>()` when it comes from outside"
    );

    let rooms = rooms().external_event::<GuestLeft>().projection(free_rooms());
    assert_eq!(mistakes([rooms.clone()]), "no mistake");
    let map = Application::assemble([rooms.clone()]).unwrap().map().to_text();
    assert!(
        map.contains("  projection free_rooms\n    GuestLeft   -> rows\n    RoomCleaned -> rows\n"),
        "{map}"
    );
    let twice = mistakes([rooms.projection(free_rooms())]);
    assert!(twice.contains("there are two projections named `free_rooms`"), "{twice}");
}

#[test]
fn a_projection_sees_of_other_modules_only_what_they_publish() {
    let cleanings = Projection::named("cleanings").on(|event: &RoomCleaned, rows| {
        rows.put(event.room, &true);
        Ok(())
    });
    let statistics = Module::named("statistics").projection(cleanings);

    let internal = mistakes([rooms(), statistics.clone()]);
    assert!(internal.contains("internal event of module `rooms`"), "{internal}");
    assert_eq!(mistakes([rooms().publishes::<RoomCleaned>(), statistics]), "no mistake");
}
