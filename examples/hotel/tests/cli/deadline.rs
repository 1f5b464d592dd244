//! A guest who does not answer is not waited for longer than the deadline.

use hotel::guest_stays::{CheckOutGuest, GuestStay};
use procession::{
    Decider, Message, Stream,
    log::{Encoded, Kind},
};

use crate::program::{Program, STYLES};

/// A hotel in which `bob` will never answer: a message for him cannot be read, and what follows it waits behind it.
fn where_bob_does_not_answer() -> Program {
    let program = Program::with_guests();
    let unreadable = Encoded { name: CheckOutGuest::NAME.into(), schema_version: 1, payload: "{}".into() };
    program.log_message(Kind::Command, Stream::new(GuestStay::CATEGORY, "bob").unwrap(), unreadable);
    program.serve().stop("TERM");
    program
}

const GROUP: [&str; 6] = ["check-out-group", "ada", "bob", "--clerk", "eve", "--id=tour"];

#[test]
fn when_time_is_up_the_group_ends_and_says_who_has_not_answered() {
    for style in STYLES {
        let program = where_bob_does_not_answer();

        let ran = program.run([&GROUP[..], &["--deadline", "150ms", "--style", style]].concat());

        assert_eq!(ran.exit, Some(3), "{ran:?}");
        assert!(ran.stderr.contains("error: time was up, and 1 guest had not answered"), "{ran:?}");
        let lines: Vec<&str> = ran.stdout.lines().collect();
        assert_eq!(
            lines[..2],
            ["✓ Ada Okafor   room 101    checked out", "· Bob Moretti  room 102    no answer"]
        );
        let (_, process) = ran.stdout.split_once("Group checkout tour: timed out (process ").unwrap();
        let process = process.trim_end().trim_end_matches(')');
        let told = program.run(["history", process, "--style", style]).succeeded();
        assert!(told.contains("▸ TimeoutGroupCheckout"), "{told}");
        assert!(told.contains("✗ GroupCheckoutTimedOut"), "{told}");
        assert!(told.contains("1 did not answer, 1 left, 0 could not"), "{told}");
    }
}

#[test]
fn without_a_deadline_such_a_group_is_stuck_and_that_is_said() {
    for style in STYLES {
        let program = where_bob_does_not_answer();

        let ran = program.run([&GROUP[..], &["--style", style]].concat());

        assert_eq!(ran.exit, Some(1), "{ran:?}");
        assert!(ran.stderr.contains("the process is stuck: 1 message parked"), "{ran:?}");
    }
}

#[test]
fn a_deadline_comes_also_after_a_restart_and_in_another_style() {
    for (begun, ended) in
        [("saga", "process-manager"), ("process-manager", "choreography"), ("choreography", "saga")]
    {
        let program = where_bob_does_not_answer();
        // Who asked is killed while the group waits for its deadline.
        let mut asking = program.command([&GROUP[..], &["--deadline", "2s", "--style", begun]].concat());
        let mut asking = asking.stdout(std::process::Stdio::null()).spawn().unwrap();
        program.wait_until_logged("GuestCheckoutCompletionRecorded");
        asking.kill().unwrap();
        asking.wait().unwrap();

        let serving = program.serve_with(&["--style", ended]);
        program.wait_until_logged("GroupCheckoutTimedOut");
        serving.stop("TERM");

        let ends = program.log().iter().filter(|it| it.entry.name == "GroupCheckoutTimedOut").count();
        assert_eq!(ends, 1, "begun as {begun}, ended as {ended}");
    }
}
