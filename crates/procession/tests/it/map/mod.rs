//! The process map is read from the signatures of the handlers, and drawn in every format.

mod bpmn;
mod trips;

use std::{fs, path::Path, time::Duration};

use procession::{
    After, Application, EmissionKind, Module, Saga, Times,
    doc::{CleanRoom, GuestLeft, RoomCleaned},
};

use trips::travel_desk;

fn hotel() -> Application {
    let housekeeping = Saga::named("housekeeping")
        .on(|event: &GuestLeft| CleanRoom { room: event.room })
        .on(|event: &RoomCleaned| (event.room > 0).then_some([again(event.room), again(event.room)]));
    let rooms = Module::named("rooms").handles::<CleanRoom>().publishes::<RoomCleaned>();
    let staff = Module::named("staff").external_event::<GuestLeft>().saga(housekeeping);
    Application::assemble([rooms, staff]).unwrap()
}

fn again(room: u16) -> After<CleanRoom> {
    After(Duration::from_secs(24 * 60 * 60), CleanRoom { room })
}

/// The drawing as it is noted beside this file. `NOTE_DRAWINGS=1 cargo test -p procession --test it map` notes it anew.
fn is_as_noted(drawing: &str, file: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/map/noted").join(file);
    if std::env::var_os("NOTE_DRAWINGS").is_some() {
        fs::write(&path, drawing).unwrap();
    }
    let noted = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    assert_eq!(drawing, noted, "{file} shows something else; if it is right, note it with NOTE_DRAWINGS=1");
}

fn json(drawing: &impl serde::Serialize) -> String {
    serde_json::to_string_pretty(drawing).unwrap() + "\n"
}

#[test]
fn the_map_is_plain_text_that_a_person_can_read() {
    let text = travel_desk().map().to_text();
    assert!(text.lines().all(|it| it.len() <= 100), "a line does not fit");
    is_as_noted(&text, "map.text");
}

#[test]
fn the_map_is_a_mermaid_flowchart() {
    is_as_noted(&travel_desk().map().to_mermaid(), "map.mermaid");
}

#[test]
fn the_map_is_json() {
    is_as_noted(&json(travel_desk().map()), "map.json");
}

#[test]
fn a_process_manager_is_a_state_diagram() {
    is_as_noted(&travel_desk().map().to_state_diagram("waiting_list").unwrap(), "waiting_list.states");
}

#[test]
fn a_linear_saga_is_a_state_diagram() {
    is_as_noted(&travel_desk().map().to_state_diagram("booking").unwrap(), "booking.states");
}

#[test]
fn the_map_is_a_bpmn_collaboration() {
    is_as_noted(&travel_desk().map().to_bpmn(), "map.bpmn");
}

#[test]
fn what_is_no_process_has_no_state_diagram() {
    assert_eq!(travel_desk().map().to_state_diagram("room"), None);
}

#[test]
fn what_a_module_publishes_and_takes_is_an_async_api_document() {
    let desk = travel_desk();
    is_as_noted(&json(&desk.map().to_async_api("rooms").unwrap()), "rooms.async_api");
    is_as_noted(&json(&desk.map().to_async_api("trips").unwrap()), "trips.async_api");
    assert_eq!(desk.map().to_async_api("nobody"), None);
}

#[test]
fn the_map_is_data() {
    let hotel = hotel();
    let [rooms, staff] = &hotel.map().modules[..] else { panic!("two modules: {:?}", hotel.map()) };
    assert_eq!((rooms.name, staff.name), ("rooms", "staff"));
    let again = &staff.handlers[1].emits[0];
    assert_eq!(
        (again.message.name, again.kind, again.times),
        ("CleanRoom", EmissionKind::SendsLater, Times::Many)
    );

    let json = serde_json::to_value(hotel.map()).unwrap();
    assert_eq!(json["modules"][0]["handlers"][0]["takes"]["name"], "CleanRoom");
    assert_eq!(json["modules"][0]["handlers"][0]["rejects"], "RoomRejection");
    assert_eq!(json["modules"][1]["handlers"][1]["emits"][0]["kind"], "sends_later");
    assert_eq!(json["modules"][1]["external_events"][0]["name"], "GuestLeft");
}
