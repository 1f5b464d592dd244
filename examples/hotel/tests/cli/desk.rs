use serde_json::Value;

use crate::program::Program;

fn stays(program: &Program) -> Value {
    serde_json::from_str(&program.run(["stays", "--json"]).succeeded()).unwrap()
}

#[test]
fn a_guest_checks_in_is_charged_and_pays() {
    let program = Program::new();

    let told = program.run(["check-in", "--guest", "Zoë Laurent", "--room", "7", "zoe"]).succeeded();
    assert_eq!(told, "Zoë Laurent has checked in to room 7: stay zoe\n");
    let told = program.run(["charge", "zoe", "99.50"]).succeeded();
    assert_eq!(told, "Zoë Laurent was charged 99.50; the balance is -99.50\n");
    let told = program.run(["pay", "zoe", "9.50"]).succeeded();
    assert_eq!(told, "Zoë Laurent has paid 9.50; the balance is -90.00\n");
    let told = program.run(["pay", "zoe", "--all"]).succeeded();
    assert_eq!(told, "Zoë Laurent has paid 90.00; the balance is 0.00\n");

    let expected = serde_json::json!([{
        "guest_stay": "zoe", "guest": "Zoë Laurent", "room": 7, "status": "open", "balance": "0.00", "version": 4
    }]);
    assert_eq!(stays(&program), expected);
}

#[test]
fn a_stay_without_an_id_gets_one_that_works() {
    let program = Program::new();

    let told = program.run(["check-in", "--guest", "Ada", "--room", "7"]).succeeded();

    let (_, id) = told.trim_end().rsplit_once(' ').unwrap();
    program.run(["charge", id, "1"]).succeeded();
}

#[test]
fn the_stays_are_a_table_for_people() {
    let program = Program::with_guests();

    let table = program.run(["stays"]).succeeded();

    let expected = [
        " stay   guest         room   balance   status",
        "────────────────────────────────────────────────────",
        " ada    Ada Okafor     101      0.00   settled",
        " bob    Bob Moretti    102    -99.50   open balance",
        "",
        "2 stays, 2 of them open, 1 with an open balance",
    ];
    assert_eq!(table.lines().collect::<Vec<_>>(), expected);
}

#[test]
fn a_group_that_has_paid_leaves() {
    let program = Program::with_guests();
    program.run(["pay", "bob", "--all"]).succeeded();

    let told = program.run(["check-out-group", "ada", "bob", "--clerk", "eve", "--id", "tour"]).succeeded();

    let lines: Vec<&str> = told.lines().collect();
    assert_eq!(
        lines[..2],
        ["✓ Ada Okafor   room 101    checked out", "✓ Bob Moretti  room 102    checked out"]
    );
    assert!(told.contains("Group checkout tour: completed (process "), "{told}");
}

#[test]
fn a_group_with_an_unsettled_guest_ends_as_failed_and_can_be_tried_again_with_the_rest() {
    let program = Program::with_guests();

    let ran = program.run(["check-out-group", "ada", "bob", "--clerk", "eve"]);
    let ran = ran.failed(3, "1 of 2 guests could not check out");
    assert!(ran.stdout.contains("✓ Ada Okafor   room 101    checked out"), "{ran:?}");
    assert!(
        ran.stdout.contains("✗ Bob Moretti  room 102    could not check out: the balance is not settled")
    );

    program.run(["pay", "bob", "--all"]).succeeded();
    let told = program.run(["check-out-group", "bob", "--clerk", "eve"]).succeeded();
    assert!(told.contains("✓ Bob Moretti  room 102    checked out"), "{told}");
}

#[test]
fn two_groups_with_one_guest_are_no_mistake_the_second_group_fails_with_the_reason() {
    let program = Program::with_guests();
    program.run(["check-out-group", "ada", "--clerk", "eve"]).succeeded();

    let ran = program.run(["check-out-group", "ada", "--clerk", "mallory"]).failed(3, "1 of 1 guest");

    assert!(ran.stdout.contains("could not check out: the stay is not open"), "{ran:?}");
}

#[test]
fn the_exit_code_of_a_failed_group_is_documented() {
    let help = Program::new().run(["check-out-group", "--help"]).succeeded();
    assert!(help.contains("3  some guests could not leave"), "{help}");
}

#[test]
fn a_name_cannot_steer_the_terminal_of_the_clerk() {
    let program = Program::new();
    program.run(["check-in", "--guest", "Ada\u{1b}[2J", "--room", "1", "ada"]).succeeded();

    for arguments in [&["charge", "ada", "1"][..], &["stays"], &["history", "1"], &["pay", "ada", "--all"]] {
        let shown = program.command(arguments).env("CLICOLOR_FORCE", "1").output().unwrap().stdout;
        let shown = String::from_utf8(shown).unwrap();
        assert!(shown.contains("Ada\u{fffd}[2J"), "{shown:?}");
    }
}
