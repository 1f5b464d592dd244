use serde_json::{Value, json};

use crate::program::{Program, Ran};

/// Asks for a suite, of which there are two.
fn reserve(program: &Program, id: &str, from: &str, to: &str) -> Ran {
    let guest = format!("{id}@example.com");
    let days = ["--room-type", "suite", "--from", from, "--to", to];
    program.run(["reserve", "--guest", &guest, id].into_iter().chain(days))
}

#[test]
fn a_room_is_reserved_until_none_is_left() {
    let program = Program::new();

    let told = reserve(&program, "amara", "2099-07-01", "2099-07-03").succeeded();
    assert_eq!(told, "amara@example.com has a suite room from 2099-07-01 to 2099-07-03: reservation amara\n");
    reserve(&program, "nils", "2099-07-02", "2099-07-04").succeeded();
    let refused = reserve(&program, "mei", "2099-07-01", "2099-07-04");
    refused.failed(3, "no room of the type suite is left on 2099-07-02");
    reserve(&program, "nils", "2099-07-02", "2099-07-04").failed(3, "this reservation was made before");
    reserve(&program, "priya", "2001-07-02", "2001-07-04").failed(3, "the last night of the stay is over");

    let shown = ["availability", "--from", "2099-07-01", "--days", "4", "--room-type", "suite"];
    let expected = [
        " day          type    rooms   taken   left   overbooked",
        "────────────────────────────────────────────────────────",
        " 2099-07-01   suite       2       1      1",
        " 2099-07-02   suite       2       2      0",
        " 2099-07-03   suite       2       1      1",
        " 2099-07-04   suite       2       0      2",
        "",
        "4 nights, 1 full, 0 overbooked",
    ];
    assert_eq!(program.run(shown).succeeded().lines().collect::<Vec<_>>(), expected);
}

#[test]
fn the_availability_is_data_for_programs() {
    let program = Program::new();
    reserve(&program, "amara", "2099-07-01", "2099-07-03").succeeded();

    let told = program.run(["availability", "--from", "2099-07-01", "--days", "1", "--json"]).succeeded();

    let found: Value = serde_json::from_str(&told).unwrap();
    assert_eq!(found.as_array().unwrap().len(), 3);
    let suite = json!({ "date": "2099-07-01", "room_type": "suite", "rooms": 2, "reserved": 1, "available": 1,
        "overbooked": 0, "over_the_limit": 0 });
    assert_eq!(found[2], suite);
}

#[test]
fn a_reservation_without_an_id_gets_one() {
    let program = Program::new();
    let arguments = ["reserve", "--guest", "amara@example.com", "--room-type", "double"];
    let days = ["--from", "2099-07-01", "--to", "2099-07-02"];

    let told = program.run(arguments.into_iter().chain(days)).succeeded();

    let (_, id) = told.trim_end().rsplit_once(' ').unwrap();
    assert!(program.log().iter().any(|it| it.entry.stream.id() == id), "{told}");
}
