use std::process::Stdio;

use hotel::guest_stays::{CheckOutGuest, GuestStay};
use procession::{Decider, Message, Stream, log::Kind};
use serde_json::Value;

use crate::program::Program;

#[test]
fn a_process_is_told_in_layers_and_is_at_rest() {
    let program = Program::with_guests();

    let told = program.run(["history", "1"]).succeeded();

    assert!(told.contains("1  1 command") && told.contains("2  1 event"), "{told}");
    assert!(told.contains("#2 ← #1   ● GuestCheckedIn  ada  Ada Okafor, room 101"), "{told}");
    assert!(told.ends_with("At rest: nothing of it is on the way.\n"), "{told}");
}

#[test]
fn a_rejection_is_part_of_the_story_with_its_reason() {
    let program = Program::with_guests();
    let taken = program.log().len() + 1;
    program.run(["check-in", "--guest", "Eve", "--room", "9", "ada"]).failed(3, "has checked in before");

    let told = program.run(["history", &taken.to_string()]).succeeded();

    assert!(told.contains("1 rejection") && told.contains("the guest has checked in before"), "{told}");
}

#[test]
fn a_process_with_a_message_on_the_way_is_running() {
    let program = Program::with_guests();
    let command = CheckOutGuest { guest_stay: "ada".parse().unwrap(), group_checkout: None };
    let stream = Stream::new(GuestStay::CATEGORY, "ada").unwrap();
    let position = program.log_message(Kind::Command, stream, command.encode().unwrap());

    let told = program.run(["history", &position.to_string()]).succeeded();

    assert!(told.ends_with("Running: 1 message on the way.\n"), "{told}");
}

#[test]
fn as_json_a_process_is_data() {
    let program = Program::with_guests();

    let story: Value = serde_json::from_str(&program.run(["history", "1", "--json"]).succeeded()).unwrap();

    assert_eq!(story["process"], 1);
    let [commands, events] = story["layers"].as_array().unwrap().as_slice() else { panic!("{story:#}") };
    assert_eq!(commands["messages"][0]["name"], "CheckInGuest");
    let event = &events["messages"][0];
    assert_eq!(
        (&event["kind"], &event["position"], &event["causation"]),
        (&"event".into(), &2.into(), &1.into())
    );
    assert_eq!(event["payload"]["guest"], "Ada Okafor");
}

#[test]
fn a_reader_who_goes_away_is_no_failure() {
    let program = Program::with_guests();
    for arguments in [&["history", "1"][..], &["history", "1", "--json"], &["stays"], &["map"], &["demo"]] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);

        let ran = program.command(arguments).stdout(writer).stderr(Stdio::piped()).output().unwrap();

        assert_eq!(
            (ran.status.code(), &*String::from_utf8_lossy(&ran.stderr)),
            (Some(0), ""),
            "{arguments:?}"
        );
    }
}
