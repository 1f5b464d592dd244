//! A full disk: a limit on the size of files stands in for it. The system refuses the writes of the real program, as
//! root too, and a file system of its own, which would need rights that a container seldom has, is not needed.

use std::{process::Command, time::Duration};

use crate::program::{Program, Ran, Serving};

/// What is left of the disk: less than one page of the store.
const FULL: &str = "trap '' XFSZ; ulimit -S -f 1; exec \"$hotel\" ";
/// The signal that goes with the limit is ignored; there is room until [`limit`] takes it away.
const WITH_ROOM: &str = "trap '' XFSZ; exec \"$hotel\" ";

/// Changes the limit of a running program.
fn limit(serving: &Serving, bytes: &str) {
    let (pid, limit) = (format!("--pid={}", serving.pid()), format!("--fsize={bytes}:unlimited"));
    let status = Command::new("prlimit").args([&pid, &limit]).status();
    let status = status.expect("this test needs the program `prlimit`; install the package util-linux");
    assert!(status.success(), "prlimit {pid} {limit}");
}

#[test]
fn on_a_full_disk_every_command_says_so_and_nothing_is_changed() {
    let program = Program::with_guests();
    let before = program.log();
    let writing = [
        "charge ada 5",
        "pay ada 5",
        "check-in --guest Eve --room 1",
        "check-out-group ada --clerk eve",
        "serve --listen 127.0.0.1:0",
        "demo --store sqlite:hotel.db",
        "demo --store sqlite:new.db",
        "demo",
    ];
    for arguments in writing {
        let ran: Ran = program.shell(&format!("{FULL}{arguments}")).output().unwrap().into();
        let ran = ran.failed(1, "");
        assert!(ran.stderr.contains("the disk has room"), "{arguments}: {ran:?}");
    }
    assert_eq!(program.log(), before);
    program.run(["charge", "ada", "5"]).succeeded();
}

#[test]
fn a_serving_hotel_outlives_a_full_disk_and_goes_on_when_there_is_room_again() {
    let program = Program::with_guests();
    let serving = Serving::start(program.shell(&format!("{WITH_ROOM}serve --listen 127.0.0.1:0")));
    let charge = || {
        let url = format!("{}/api/stays/ada/charges", serving.address());
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(30)))
            .build()
            .new_agent();
        let mut answer = agent.post(url).send_json(serde_json::json!({ "amount": "5.00" })).unwrap();
        (answer.status().as_u16(), answer.body_mut().read_to_string().unwrap())
    };
    assert_eq!(charge().0, 200, "there is room");
    let before = program.log();

    limit(&serving, "1");
    let (status, body) = charge();
    assert_eq!(status, 503, "{body}");
    assert_eq!(program.log(), before, "nothing was changed");

    limit(&serving, "unlimited");
    let (status, body) = charge();
    assert_eq!(status, 200, "{body}");
    assert_eq!(program.log().len(), before.len() + 2, "one command, one event");
    let ran = serving.stop("TERM");
    assert_eq!(ran.exit, Some(0), "{ran:?}");
    assert!(ran.stderr.contains("the store cannot commit now"), "who runs the hotel reads it too: {ran:?}");
    assert!(program.run(["stays"]).succeeded().contains("-10.00"));
}
