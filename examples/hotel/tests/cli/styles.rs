//! One hotel, three styles: the same job on the same store, and no group that is lost between two of them.

use hotel::{
    group_checkouts::{GroupCheckout, RecordGuestCheckoutCompletion},
    guest_stays::{CheckOutGuest, GuestCheckedOut, GuestStay},
};
use procession::{Decider, Message, Stream, log::Kind};

use crate::program::{Program, STYLES};

#[test]
fn a_group_leaves_in_every_style_and_the_answers_are_the_same() {
    let told = STYLES.map(|style| {
        let program = Program::with_guests();
        let group = ["check-out-group", "ada", "bob", "--clerk", "eve", "--id", "tour", "--style", style];
        let told = program.run(group).failed(3, "1 of 2 guests could not check out").stdout;
        // The position is the style's own affair.
        let told: Vec<String> = told.lines().map(|it| it.split(" (process").next().unwrap().into()).collect();
        program.run(["pay", "bob", "--all", "--style", style]).succeeded();
        program.run(["check-out-group", "bob", "--clerk", "eve", "--style", style]).succeeded();
        told
    });
    assert_eq!(
        told[0],
        [
            "✓ Ada Okafor   room 101    checked out",
            "✗ Bob Moretti  room 102    could not check out: the balance is not settled",
            "",
            "Group checkout tour: failed",
        ]
    );
    assert!(told.iter().all(|it| *it == told[0]), "{told:?}");
}

#[test]
fn a_store_may_be_used_in_one_style_after_the_other() {
    let program = Program::with_guests();
    program.run(["check-out-group", "ada", "--clerk", "eve", "--style", "process-manager"]).succeeded();
    program.run(["pay", "bob", "--all", "--style", "choreography"]).succeeded();
    program.run(["check-out-group", "bob", "--clerk", "eve", "--style", "choreography"]).succeeded();

    let stays = STYLES.map(|style| program.run(["stays", "--style", style]).succeeded());

    assert!(stays[0].contains("2 stays, 0 of them open"), "{stays:?}");
    assert!(stays.iter().all(|it| *it == stays[0]), "{stays:?}");
}

/// A message that nobody has handled yet, as a hotel that was killed leaves it.
fn with_a_message_on_the_way(
    kind: Kind,
    category: &'static str,
    id: &str,
    message: &impl Message,
) -> Program {
    let program = Program::with_guests();
    program.log_message(kind, Stream::new(category, id).unwrap(), message.encode().unwrap());
    program
}

#[test]
fn a_message_that_only_another_style_takes_is_not_parked_the_store_is_refused_and_the_other_style_named() {
    let (guest_stay, group_checkout) = ("ada".parse().unwrap(), "tour".parse().unwrap());
    let left =
        GuestCheckedOut { guest_stay, group_checkout: Some(group_checkout), at: jiff::Timestamp::now() };
    let answer = RecordGuestCheckoutCompletion {
        group_checkout: "tour".parse().unwrap(),
        guest_stay: "ada".parse().unwrap(),
    };
    let of_a_process_manager = with_a_message_on_the_way(Kind::Input, GroupCheckout::CATEGORY, "tour", &left);
    let of_a_saga = with_a_message_on_the_way(Kind::Command, GroupCheckout::CATEGORY, "tour", &answer);

    for (program, refused, taken, message) in [
        (of_a_process_manager, "saga", "process-manager", "GuestCheckedOut for group_checkout/tour"),
        (of_a_saga, "process-manager", "saga", "RecordGuestCheckoutCompletion for group_checkout/tour"),
    ] {
        let before = program.log();
        let ran = program.run(["charge", "ada", "5", "--style", refused]);
        let ran = ran.failed(1, &format!("is on its way that the style {refused} does not take"));
        assert!(ran.stderr.contains(message), "{ran:?}");
        assert!(ran.stderr.contains(&format!("`hotel serve --style {taken}`")), "{ran:?}");
        assert_eq!(program.log(), before);
        assert!(
            program.run(["stays", "--style", refused]).succeeded().contains("Ada Okafor"),
            "reading is fine"
        );

        let serving = program.serve_with(&["--style", taken]);
        serving.stop("TERM").succeeded();
        program.run(["charge", "ada", "5", "--style", refused]).succeeded();
    }
}

#[test]
fn what_every_style_takes_is_finished_in_any() {
    for style in STYLES {
        let ask = CheckOutGuest { guest_stay: "ada".parse().unwrap(), group_checkout: None };
        let program = with_a_message_on_the_way(Kind::Command, GuestStay::CATEGORY, "ada", &ask);

        program.serve_with(&["--style", style]).stop("TERM").succeeded();

        let stays = program.run(["stays"]).succeeded();
        assert!(stays.contains("ada    Ada Okafor     101      0.00   checked out"), "{stays}");
    }
}

#[test]
fn a_style_that_nobody_knows_is_told_with_those_that_there_are() {
    let ran = Program::new().run(["--style", "orchestra"]).failed(2, "'orchestra' for '--style <STYLE>'");
    assert!(ran.stderr.contains("[possible values: saga, choreography, process-manager]"), "{ran:?}");
}

#[test]
fn every_style_has_a_map_of_its_own() {
    let maps = STYLES.map(|style| Program::new().run(["map", "--style", style]).succeeded());
    assert!(maps[0].contains("saga group_checkout"), "{}", maps[0]);
    assert!(maps[1].contains("choreography of guest_stays"), "{}", maps[1]);
    assert!(maps[2].contains("process manager group_checkout"), "{}", maps[2]);
}
