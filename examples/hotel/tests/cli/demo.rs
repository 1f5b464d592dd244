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

/// What each style's layers are called, and who is behind them.
const STYLES: [(&str, &[(&str, &str)]); 3] = [
    (
        "saga",
        &[
            ("1 command", "sent from outside to group_checkout"),
            ("1 event", "recorded by group_checkout"),
            ("4 commands", "sent by saga group_checkout to guest_stay, group_checkout"),
            ("4 events", "recorded by guest_stay and group_checkout"),
            ("3 commands", "sent by saga group_checkout to group_checkout"),
            ("4 events", "recorded by group_checkout"),
        ],
    ),
    (
        "choreography",
        &[
            ("1 command", "sent from outside to group_checkout"),
            ("1 event", "recorded by group_checkout"),
            ("4 commands", "sent by modules guest_stays and group_checkouts"),
            ("4 events", "recorded by guest_stay and group_checkout"),
            ("3 commands", "sent by module group_checkouts to group_checkout"),
            ("4 events", "recorded by group_checkout"),
        ],
    ),
    (
        "process-manager",
        &[
            ("1 command", "sent from outside to group_checkout"),
            ("1 event", "recorded by group_checkout"),
            ("1 input", "routed to process manager group_checkout"),
            ("3 commands and 1 event", "by process manager group_checkout"),
            ("3 events", "recorded by guest_stay"),
            ("3 inputs", "routed to process manager group_checkout"),
            ("4 events", "recorded by group_checkout"),
        ],
    ),
];

#[test]
fn every_style_is_told_in_its_own_layers_and_ends_the_same() {
    for (style, layers) in STYLES {
        let demo = ["demo", "--guests", "3", "--unsettled", "1", "--style", style];

        let output = Program::new().run(demo).succeeded();

        assert!(output.contains(&format!("style   {style}: ")), "{output}");
        let told = output.split("\n\n").filter_map(|block| block.lines().next());
        let told: Vec<&str> =
            told.filter(|it| it.trim_start().starts_with(|it: char| it.is_ascii_digit())).collect();
        assert_eq!(told.len(), layers.len(), "{output}");
        for (heading, (kinds, who)) in told.iter().zip(layers) {
            assert!(heading.contains(&format!("  {kinds}  ")) && heading.contains(who), "{heading}");
        }
        assert!(
            output.contains("GroupCheckoutFailed  ") && output.contains("2 left, 1 could not"),
            "{output}"
        );
        assert!(output.contains(": 2 have left, 1 could not\n"), "{output}");
    }
}

#[test]
fn an_input_tells_whose_answer_it_is() {
    let demo = ["demo", "--guests", "3", "--unsettled", "1", "--style", "process-manager"];

    let output = Program::new().run(demo).succeeded();

    assert!(output.contains("→ input   #4 ← #3"), "{output}");
    assert!(output.contains("→ GuestCheckedOut      tour  okafor-101"), "{output}");
    assert!(output.contains("✗ GuestCheckoutFailed  tour  tanaka-103: balance not settled"), "{output}");
}

#[test]
fn a_deadline_that_is_kept_is_told_and_leaves_nothing_behind() {
    for (style, layers) in STYLES {
        let demo = ["demo", "--guests", "3", "--deadline", "30 minutes", "--style", style];

        let output = Program::new().run(demo).succeeded();

        assert!(output.contains("within  30m: who has not answered by then is not waited for"), "{output}");
        assert!(output.contains("InitiateGroupCheckout  tour  3 guests, within 30m"), "{output}");
        assert_eq!(headings(&output).len(), layers.len(), "{output}");
        assert!(!output.contains("TimeoutGroupCheckout"), "{output}");
    }
}

#[test]
fn a_deadline_that_is_missed_is_told_when_it_comes() {
    for (style, _) in STYLES {
        // So many guests take several commits; the first of them takes longer than the deadline.
        let demo = ["demo", "--guests", "4000", "--unsettled", "0", "--deadline", "1ms", "--style", style];

        let output = Program::new().run(demo).succeeded();

        assert!(output.contains("\n Timed out in "), "{output}");
        assert_eq!(output.matches("▸ TimeoutGroupCheckout ").count(), 1, "{output}");
        assert_eq!(output.matches("✗ GroupCheckoutTimedOut ").count(), 1, "{output}");
        assert!(output.contains(" had not answered in time\n"), "{output}");
        let late = output.contains("ignored messages  not taken by process manager group_checkout");
        assert_eq!(late, style == "process-manager", "what comes late is not dropped silently: {output}");
    }
}

#[test]
fn where_there_is_no_terminal_there_are_no_colours_and_no_line_is_wider_than_100_columns() {
    let program = Program::new();

    let plain = program.run(["demo"]).succeeded();
    let large = ["saga", "choreography", "process-manager"].map(|style| {
        program.run(["demo", "--guests", "1000", "--unsettled", "30", "--style", style]).succeeded()
    });
    let large = large.concat();
    let coloured = program.command(["demo"]).env("CLICOLOR_FORCE", "1").output().unwrap();
    let refused = program.command(["demo"]).env("CLICOLOR_FORCE", "1").env("NO_COLOR", "1").output().unwrap();

    assert!(!plain.contains('\u{1b}') && !large.contains('\u{1b}'));
    assert!(coloured.stdout.contains(&0x1b), "CLICOLOR_FORCE is honoured");
    assert!(!refused.stdout.contains(&0x1b), "NO_COLOR is honoured");
    for line in plain.lines().chain(large.lines()) {
        assert!(line.chars().count() <= 100 && line.trim_end() == line, "{line:?}");
    }
    let headings = large.lines().filter(|it| it.contains("  durable at "));
    assert!(headings.into_iter().all(|it| !it.contains('…')), "no heading is cut: {large}");
}

#[test]
fn every_message_names_its_cause_and_the_cause_was_told_before() {
    for (style, messages) in [
        ("saga", 1 + 1 + 4 + 4 + 3 + 4),
        ("choreography", 1 + 1 + 4 + 4 + 3 + 4),
        ("process-manager", 1 + 1 + 1 + 4 + 3 + 3 + 4),
    ] {
        let demo = ["demo", "--guests", "3", "--unsettled", "1", "--style", style];
        let output = Program::new().run(demo).succeeded();

        let mut told = HashSet::new();
        for line in output.lines().skip_while(|it| !it.contains("InitiateGroupCheckout")) {
            let mut positions = line.split_whitespace().filter(|it| it.starts_with('#'));
            let Some(position) = positions.next() else { continue };
            if let Some(cause) = positions.next() {
                assert!(told.contains(cause), "{line}");
            }
            told.insert(position);
        }
        assert_eq!(told.len(), messages, "{output}");
    }
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
    let demo = ["--store", "sqlite:hotel.db", "demo", "--guests", "2", "--style"];

    let styles = ["saga", "process-manager", "choreography", "saga"];
    let told = styles.map(|style| program.run([&demo[..], &[style]].concat()).succeeded());

    for (output, style) in told.iter().zip(styles) {
        let (_, process) = output.split_once("as process ").unwrap();
        let process = process.lines().next().unwrap();
        let history = program.run(["history", process, "--style", style]).succeeded();
        assert_eq!(headings(&history), headings(output), "{history}");
        let in_another_style = program.run(["history", process, "--style", "process-manager"]).succeeded();
        assert!(in_another_style.ends_with("At rest: nothing of it is on the way.\n"), "{in_another_style}");
    }
    assert_ne!(told[0], told[3]);
}
