//! What the fuzzer has found worth keeping, without the fuzzer.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

use std::{fs, path::PathBuf};

fn corpus(name: &str) -> Vec<PathBuf> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("corpus").join(name);
    fs::read_dir(folder).expect("every target has a corpus").map(|it| it.unwrap().path()).collect()
}

fn replay(name: &str, target: fn(&[u8])) {
    let files = corpus(name);
    assert!(!files.is_empty(), "the corpus of {name} is empty");
    for file in files {
        eprintln!("{}", file.display());
        target(&fs::read(file).unwrap());
    }
}

#[test]
fn the_corpora_stay_small() {
    let files: Vec<PathBuf> = ["messages", "ids", "engine"].into_iter().flat_map(corpus).collect();
    let bytes: u64 = files.iter().map(|it| fs::metadata(it).unwrap().len()).sum();
    assert!(files.len() < 200 && bytes < 500_000, "{} files, {bytes} bytes", files.len());
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
