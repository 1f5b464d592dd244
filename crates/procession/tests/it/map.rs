//! The process map is read from the signatures of the handlers.

use std::time::Duration;

use procession::{
    After, Application, EmissionKind, Module, Saga, Times,
    doc::{CleanRoom, GuestLeft, RoomCleaned},
};

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

#[test]
fn the_map_is_plain_text_that_a_person_can_read() {
    assert_eq!(
        hotel().map().to_text(),
        "\
module rooms
  decider room
    CleanRoom   -> RoomCleaned or RoomRejection
  publishes RoomCleaned
module staff
  saga housekeeping
    GuestLeft   -> CleanRoom
    RoomCleaned -> CleanRoom* (later)
  external event GuestLeft
"
    );
}

#[test]
fn the_map_is_a_mermaid_flowchart() {
    assert_eq!(
        hotel().map().to_mermaid(),
        "\
flowchart LR
  subgraph rooms
    CleanRoom[CleanRoom]:::command
    RoomCleaned([RoomCleaned]):::event
  end
  subgraph staff
    GuestLeft([GuestLeft]):::event
  end
  CleanRoom -- room --> RoomCleaned
  GuestLeft -- housekeeping --> CleanRoom
  RoomCleaned -. housekeeping, later .-> CleanRoom
  classDef command fill:#dbeafe,stroke:#1d4ed8,color:#0f172a
  classDef event fill:#ffedd5,stroke:#c2410c,color:#0f172a
"
    );
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
