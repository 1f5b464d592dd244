//! The floors of the architecture: a crate knows the ones below it, and nothing heavier than it must.

use std::{collections::BTreeSet, process::Command};

/// The names of all crates that a package is built from, itself among them.
fn tree(arguments: &[&str]) -> BTreeSet<String> {
    let tree = Command::new(env!("CARGO"))
        .args(["tree", "--edges", "normal,build", "--prefix", "none", "--format", "{p}", "--no-dedupe"])
        .args(arguments)
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .output()
        .unwrap();
    assert!(tree.status.success(), "{}", String::from_utf8_lossy(&tree.stderr));
    let lines = String::from_utf8(tree.stdout).unwrap();
    lines.lines().filter_map(|line| line.split(' ').next()).map(str::to_owned).collect()
}

fn assert_absent(package: &[&str], absent: &[&str]) {
    let tree = tree(package);
    for name in absent {
        assert!(!tree.contains(*name), "{package:?} depends on {name}, which a higher floor may use only");
    }
}

#[test]
fn the_core_is_built_without_a_runtime_a_store_or_a_server() {
    assert_absent(
        &["-p", "procession-core"],
        &["tokio", "rusqlite", "procession-runtime", "procession-sqlite", "axum", "tracing"],
    );
}

#[test]
fn the_derives_know_nothing_of_what_they_write() {
    assert_absent(&["-p", "procession-derive"], &["procession-core", "serde", "tokio"]);
}

#[test]
fn the_checker_needs_the_core_only() {
    assert_absent(&["-p", "procession-check"], &["tokio", "procession-runtime", "procession-sqlite"]);
}

#[test]
fn the_runtime_knows_no_durable_store() {
    assert_absent(&["-p", "procession-runtime"], &["rusqlite", "procession-sqlite", "axum"]);
}

#[test]
fn the_runtime_counts_and_traces_for_nobody_in_particular() {
    let exporters = ["metrics-exporter-prometheus", "opentelemetry", "opentelemetry_sdk", "prost"];
    assert_absent(&["-p", "procession"], &exporters);
}

#[test]
fn telemetry_knows_no_durable_store_and_brings_no_transport() {
    assert_absent(
        &["-p", "procession-telemetry"],
        &["rusqlite", "procession-sqlite", "hyper", "prost", "tonic"],
    );
}

#[test]
fn the_facade_without_features_has_no_database_in_it() {
    assert_absent(&["-p", "procession", "--no-default-features"], &["rusqlite", "procession-sqlite"]);
}

#[test]
fn nobody_who_does_not_ask_for_postgresql_gets_it() {
    assert_absent(&["-p", "procession"], &["tokio-postgres", "rustls", "procession-postgres"]);
}

#[test]
fn core_and_sqlite_stay_under_eighty_crates() {
    let tree = tree(&["-p", "procession"]);
    assert!(tree.contains("rusqlite"), "the default features include SQLite: {tree:?}");
    assert!(tree.len() < 80, "{} crates: {tree:?}", tree.len());
}
