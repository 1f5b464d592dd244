use std::collections::HashSet;

use crate::program::Program;

/// The headings of the layers: ` 3  13 commands  sent by ...` gives `13 commands`.
fn headings(output: &str) -> Vec<String> {
    let blocks = output.split("\n\n").filter_map(|block| block.lines().next());
    let words = blocks.map(|heading| heading.split_whitespace().collect::<Vec<_>>());
    let layers =
        words.zip(0..).filter(|(words, _)| words.first().is_some_and(|it| it.parse::<u32>().is_ok()));
    layers.map(|(words, _)| words[1..3].join(" ")).collect()
}

#[test]
fn without_arguments_twelve_guests_check_out_and_two_of_them_cannot_leave() {
    let program = Program::new();

    let output = program.run::<&str>([]).succeeded();

    let expected = ["1 command", "1 event", "13 commands", "13 events", "12 commands", "13 events"];
    assert_eq!(headings(&output), expected, "{output}");
    assert!(output.contains("10 have left, 2 could not"), "{output}");
    assert!(output.contains("Tariq Haddad") && output.contains("the balance is not settled: 180.50 is open"));
    for next in ["hotel demo --unsettled 0", "hotel serve", "hotel map", "hotel history"] {
        assert!(output.contains(next), "{next}: {output}");
    }
    assert_eq!(std::fs::read_dir(program.path(".")).unwrap().count(), 0, "the store was a temporary one");
}

#[test]
fn where_there_is_no_terminal_there_are_no_colours_and_no_line_is_wider_than_100_columns() {
    let program = Program::new();

    let plain = program.run(["demo"]).succeeded();
    let large = program.run(["demo", "--guests", "1000", "--unsettled", "30"]).succeeded();
    let coloured = program.command(["demo"]).env("CLICOLOR_FORCE", "1").output().unwrap();
    let refused = program.command(["demo"]).env("CLICOLOR_FORCE", "1").env("NO_COLOR", "1").output().unwrap();

    assert!(!plain.contains('\u{1b}') && !large.contains('\u{1b}'));
    assert!(coloured.stdout.contains(&0x1b), "CLICOLOR_FORCE is honoured");
    assert!(!refused.stdout.contains(&0x1b), "NO_COLOR is honoured");
    for line in plain.lines().chain(large.lines()) {
        assert!(line.chars().count() <= 100 && line.trim_end() == line, "{line:?}");
    }
}

#[test]
fn every_message_names_its_cause_and_the_cause_was_told_before() {
    let output = Program::new().run(["demo", "--guests", "3", "--unsettled", "1"]).succeeded();

    let mut told = HashSet::new();
    for line in output.lines().skip_while(|it| !it.contains("InitiateGroupCheckout")) {
        let mut positions = line.split_whitespace().filter(|it| it.starts_with('#'));
        let Some(position) = positions.next() else { continue };
        if let Some(cause) = positions.next() {
            assert!(told.contains(cause), "{line}");
        }
        told.insert(position);
    }
    assert_eq!(told.len(), 1 + 1 + 4 + 4 + 3 + 4, "{output}");
}

#[test]
fn who_has_paid_leaves() {
    let output = Program::new().run(["demo", "--guests", "2", "--unsettled", "0"]).succeeded();

    assert!(output.contains("GroupCheckoutCompleted") && output.contains("everybody has left"), "{output}");
    assert!(!output.contains('✗'), "{output}");
}

#[test]
fn a_large_group_is_folded_into_counts_but_every_failure_is_told() {
    let output = Program::new().run(["demo", "--guests", "500", "--unsettled", "30"]).succeeded();

    assert!(output.contains("… 497 more CheckOutGuest"), "{output}");
    assert!(output.contains("… 467 more GuestCheckedOut"), "{output}");
    assert_eq!(output.matches("✗ GuestCheckoutFailed ").count(), 30, "{output}");
    assert!(output.contains("470 have left, 30 could not"), "{output}");
    assert!(output.lines().count() < 180, "{output}");
}

#[test]
fn a_layer_is_told_when_it_is_complete_however_many_commits_it_took() {
    let output = Program::new().run(["demo", "--guests", "3000", "--unsettled", "0"]).succeeded();

    let expected =
        ["1 command", "1 event", "3,001 commands", "3,001 events", "3,000 commands", "3,001 events"];
    assert_eq!(headings(&output), expected, "{output}");
}

#[test]
fn on_a_store_of_its_own_the_demo_runs_again_and_again_and_every_run_stays() {
    let program = Program::new();
    let demo = ["--store", "sqlite:hotel.db", "demo", "--guests", "2"];

    let first = program.run(demo).succeeded();
    let second = program.run(demo).succeeded();

    for output in [&first, &second] {
        let (_, process) = output.split_once("as process ").unwrap();
        let process = process.lines().next().unwrap();
        let history = program.run(["history", process]).succeeded();
        assert_eq!(headings(&history), headings(output), "{history}");
    }
    assert_ne!(first, second);
}
