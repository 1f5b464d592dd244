//! What the fuzzer has found worth keeping, without the fuzzer.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

use std::{fs, path::PathBuf};

fn replay(name: &str, target: fn(&[u8])) {
    let corpus = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("corpus").join(name);
    let files = fs::read_dir(corpus).expect("every target has a corpus").map(|it| it.unwrap().path());
    let replayed =
        files.inspect(|it| println!("{}", it.display())).map(|it| target(&fs::read(it).unwrap())).count();
    assert!(replayed > 0, "the corpus of {name} is empty");
}

#[test]
fn messages_that_can_be_read_are_the_same_when_they_are_written_and_read_again() {
    replay("messages", procession_fuzz::messages);
}

#[test]
fn ids_and_sums_of_money_that_can_be_read_are_the_same_when_they_are_written_and_read_again() {
    replay("ids", procession_fuzz::ids);
}

#[test]
fn no_log_makes_the_engine_panic_or_decide_otherwise_when_it_is_loaded_again() {
    replay("engine", procession_fuzz::engine);
}
