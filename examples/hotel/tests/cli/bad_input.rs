use std::fs;

use crate::program::Program;

/// The arguments, the exit code, and what the sentence says.
type Case = (&'static [&'static str], i32, &'static str);

const fn reserve(room_type: &'static str, from: &'static str, to: &'static str) -> [&'static str; 9] {
    ["reserve", "--guest", "ada", "--room-type", room_type, "--from", from, "--to", to]
}

#[test]
fn bad_input_gets_a_sentence_and_an_exit_code_and_changes_nothing() {
    const CASES: &[Case] = &[
        (&["charge", "nobody", "5"], 1, "there is no guest stay `nobody` in sqlite:hotel.db"),
        (&["pay", "nobody", "--all"], 1, "there is no guest stay `nobody`"),
        (&["charge", "a/b", "5"], 2, "cannot be an id"),
        (&["charge", "ada", "-5"], 2, "-5 is no amount: it must be more than zero"),
        (&["pay", "ada", "-5"], 2, "-5 is no amount: it must be more than zero"),
        (&["charge", "ada", "0"], 2, "0 is no amount: it must be more than zero"),
        (&["charge", "ada", "1000000.01"], 2, "must not be more than 1000000.00"),
        (&["charge", "ada", "1e99"], 2, "is no amount: write it like 99.50"),
        (&["charge", "ada", "0.001"], 2, "nothing smaller than a cent"),
        (&["charge", "ada", "NaN"], 2, "is no amount: write it like 99.50"),
        (&["charge", "ada"], 2, "<AMOUNT>"),
        (&["pay", "ada"], 2, "<AMOUNT>"),
        (&["pay", "ada", "5", "--all"], 2, "cannot be used with"),
        (&["check-in", "--guest", "Ada", "--room", "-1"], 2, "-1"),
        (&["check-in", "--guest", "Ada", "--room", "70000"], 2, "70000 is not in 0..=65535"),
        (&["check-out-group", "--clerk", "eve"], 2, "<STAY>"),
        (&["check-out-group", "ada"], 2, "--clerk"),
        (&["check-out-group", "ada", "bob", "ada", "--clerk", "eve"], 2, "`ada` is in the group twice"),
        (&["check-out-group", "ada", "zed", "--clerk", "eve"], 1, "there is no guest stay `zed`"),
        (&["check-out-group", "x", "ada", "y", "--clerk", "eve"], 1, "there are no guest stays `x`, `y`"),
        (&["check-out-group", "ada", "--clerk", "e v e"], 2, "cannot be an id"),
        (&["check-out-group", "ada", "--clerk", "eve", "--deadline", "soon"], 2, "\"soon\" is no deadline"),
        (
            &["check-out-group", "ada", "--clerk", "eve", "--deadline", "0s"],
            2,
            "must have some time to answer",
        ),
        (
            &["check-out-group", "ada", "--clerk", "eve", "--deadline", "-5m"],
            2,
            "must have some time to answer",
        ),
        (&["reserve", "--guest", "ada"], 2, "--room-type"),
        (&reserve("tent", "2099-07-01", "2099-07-02"), 2, "possible values: single, double, suite"),
        (&reserve("suite", "2099-07-01", "2099-07-01"), 2, "must leave on a later day"),
        (&reserve("suite", "2099-07-01", "2099-09-01"), 2, "a stay has at most 31 nights"),
        (&reserve("suite", "tomorrow", "2099-09-01"), 2, "--from"),
        (&["availability", "--days", "0"], 2, "0 is not in 1..=366"),
        (&["demo", "--deadline", "400 days"], 2, "must not be more than 366 days"),
        (&["serve", "--deadline", "1 month"], 2, "write a duration, like `30m`"),
        (&["stays", "--style", "tango"], 2, "possible values: saga, choreography, process-manager"),
        (&["history", "999"], 1, "there is no process 999 in sqlite:hotel.db"),
        (&["history", "0"], 1, "there is no process 0"),
        (&["history", "2"], 1, "there is no process 2"),
        (&["history", "first"], 2, "a process is named by a number"),
        (&["demo", "--guests", "0"], 2, "0 is not in 1..=10000"),
        (&["demo", "--guests", "10001"], 2, "10001 is not in 1..=10000"),
        (&["demo", "--guests", "3", "--unsettled", "4"], 2, "the group has only 3 guests"),
        (&["check", "--guests", "0"], 2, "0 is not in 1..=8"),
        (&["check", "--guests", "2", "--unsettled", "3"], 2, "the group has only 2 guests"),
        (&["check", "--duplicates", "-1"], 2, "unexpected argument '-1'"),
        (&["map", "--format", "png"], 2, "possible values: text, mermaid, json"),
        (&["serve", "--listen", "nowhere"], 2, "--listen"),
        (&["stays", "--store", "mysql://localhost/hotel"], 2, "write sqlite:FILE or postgres://"),
        (&["stays", "--store", "hotel.db"], 2, "write sqlite:FILE"),
        (&["stays", "--store", "sqlite::memory:"], 2, "write sqlite:FILE"),
        (&["check-out"], 2, "unrecognized subcommand"),
    ];
    let program = Program::with_guests();
    let before = program.log();
    for (arguments, exit, sentence) in CASES {
        let ran = program.run(*arguments).failed(*exit, sentence);
        assert_eq!(ran.stdout, "", "{arguments:?}");
    }
    assert_eq!(program.log(), before);
}

#[test]
fn the_hotels_no_has_an_exit_code_of_its_own() {
    let program = Program::with_guests();
    program.run(["check-out-group", "ada", "--clerk", "eve", "--id", "tour"]).succeeded();

    program.run(["charge", "ada", "5"]).failed(3, "the guest has checked out");
    program.run(["pay", "ada", "--all"]).failed(3, "nothing can be paid for ada: the balance is 0.00");
    program.run(["check-in", "--guest", "Ada", "--room", "1", "ada"]).failed(3, "has checked in before");
    program.run(["check-in", "--guest", " ", "--room", "1", "eve"]).failed(3, "1 to 100 characters");
    let again = program.run(["check-out-group", "bob", "--clerk", "eve", "--id", "tour"]);
    again.failed(3, "this group checkout was initiated before");
}

#[test]
fn a_message_in_the_middle_of_a_process_leads_to_its_process() {
    let ran = Program::with_guests().run(["history", "2"]).failed(1, "there is no process 2");
    assert!(ran.stderr.contains("message 2 belongs to process 1"), "{ran:?}");
}

#[test]
fn a_store_that_is_not_there_is_not_made_by_asking_for_it() {
    let program = Program::new();
    let asking: [&[&str]; 5] = [
        &["stays"],
        &["history", "1"],
        &["charge", "ada", "5"],
        &["pay", "ada", "5"],
        &["check-out-group", "ada", "--clerk", "eve"],
    ];
    for arguments in asking {
        program.run(arguments).failed(1, "there is no store at hotel.db");
    }
    assert_eq!(fs::read_dir(program.path(".")).unwrap().count(), 0);
}

#[test]
fn files_of_others_are_left_as_they_are() {
    let program = Program::new();
    let of_others: [(&str, &[u8], &str); 2] = [
        ("letter.txt", b"Dear guest, welcome to our hotel.", "it is no SQLite file"),
        ("other.db", &other_database(), "it is an SQLite file of another application"),
    ];
    for (name, content, reason) in of_others {
        fs::write(program.path(name), content).unwrap();
        let store = format!("sqlite:{name}");
        for command in
            [&["stays"][..], &["charge", "ada", "5"], &["serve", "--listen", "127.0.0.1:0"], &["demo"]]
        {
            let ran = program.command(command).args(["--store", &store]).output().unwrap();
            crate::program::Ran::from(ran).failed(1, reason);
        }
        assert_eq!(fs::read(program.path(name)).unwrap(), content, "{name}");
    }
    assert_eq!(fs::read_dir(program.path(".")).unwrap().count(), 2, "not even a lock file was left");
}

/// An SQLite file that belongs to somebody else: a header with another application id, and one empty page.
fn other_database() -> Vec<u8> {
    let mut page = vec![0; 4096];
    page[..16].copy_from_slice(b"SQLite format 3\0");
    page[16..24].copy_from_slice(&[16, 0, 1, 1, 0, 64, 32, 32]);
    page[31] = 1;
    page[47] = 4;
    page[59] = 1;
    page[68..72].copy_from_slice(b"BOOK");
    page[100] = 13;
    page[105..107].copy_from_slice(&[16, 0]);
    page
}

#[test]
fn a_folder_where_nobody_may_write_is_named() {
    // Nobody creates files there, not even root.
    let ran =
        Program::new().run(["check-in", "--guest", "Ada", "--room", "1", "--store", "sqlite:/sys/hotel.db"]);
    ran.failed(1, "/sys/hotel.db");
}

#[test]
fn an_empty_file_is_not_read_as_a_store_but_becomes_one() {
    let program = Program::new();
    fs::write(program.path("hotel.db"), "").unwrap();

    program.run(["stays"]).failed(1, "hotel.db is not a Procession store: it is empty");

    program.run(["check-in", "--guest", "Ada", "--room", "1"]).succeeded();
    program.run(["stays"]).succeeded();
}

#[test]
fn a_folder_is_no_store() {
    let program = Program::new();
    fs::create_dir(program.path("hotel.db")).unwrap();
    program.run(["check-in", "--guest", "Ada", "--room", "1"]).failed(1, "it is a folder");
    program.run(["stays"]).failed(1, "hotel.db");
}
