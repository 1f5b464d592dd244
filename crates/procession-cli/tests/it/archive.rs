//! What has ended is moved into a file, and what is left tells where it is.

use std::fs;

use serde_json::Value;

use crate::{
    broken_shop::BrokenShop,
    programs::{ABORTED, Folder},
};

const ALL: [&str; 4] = ["archive", "--ended-before", "0s", "--to"];

fn archive(folder: &Folder, to: &str) -> Value {
    folder.procession(&[&ALL[..], &[to, "--json"]].concat()).json(0)
}

/// A shop in which an order has ended, and all partitions say so. Another order is stuck.
fn shop() -> BrokenShop {
    BrokenShop::open().opened_again("ink")
}

#[test]
fn what_has_ended_is_archived_while_the_shop_is_open_and_what_has_not_stays() {
    let BrokenShop { folder, pen, ink, .. } = &shop();
    let entries = || folder.procession(&["export"]).ended_with(0).lines().count();
    let before = entries();
    fs::create_dir(folder.path("archives")).unwrap();

    let outcome = archive(folder, "archives");

    let file = outcome["file"].as_str().unwrap();
    let lines = fs::read_to_string(folder.path(file)).unwrap();
    let archived: Vec<Value> = lines.lines().map(|it| serde_json::from_str(it).unwrap()).collect();
    assert_eq!((outcome["result"].as_str(), &outcome["entries"]), (Some("done"), &archived.len().into()));
    assert!(
        archived.iter().any(|it| it["process"] == *pen) && archived.iter().all(|it| it["process"] != *ink)
    );
    assert!(archived.iter().all(|it| it["kind"] != "event" && it["kind"] != "public_event"), "{lines}");
    assert_eq!(entries(), before - archived.len());
    let report = folder.procession(&["verify", "--json"]).json(0);
    assert_eq!(
        (&report["violations"], &report["archived"]),
        (&serde_json::json!([]), &archived.len().into())
    );
    assert_eq!(folder.procession(&["show", &ink.to_string(), "--json"]).json(1)["state"], "stuck");
    assert_eq!(archive(folder, "archives/again.jsonl")["result"], "nothing");
    assert!(!folder.path("archives/again.jsonl").exists());
}

#[test]
fn an_archived_process_says_where_it_is() {
    let BrokenShop { folder, pen: process, .. } = &shop();
    archive(folder, "ended.jsonl");
    let pen = process.to_string();

    let shown = folder.procession(&["show", &pen]).ended_with(0);
    assert!(shown.contains("in ended.jsonl, since"), "{shown}");
    let shown = folder.procession(&["show", &pen, "--json"]).json(0);
    assert_eq!((&shown["state"], &shown["archived"][0]["file"]), (&"ended".into(), &"ended.jsonl".into()));
    let exported = folder.procession(&["export", "--process", &pen]);
    assert!(exported.stderr.contains("is archived, in ended.jsonl"), "{exported:?}");
    exported.ended_with(2);
    let ended = folder.procession(&["processes", "--state", "ended", "--json"]).json(0);
    assert!(ended.as_array().unwrap().iter().any(|it| it["process"] == *process), "{ended}");
}

#[test]
fn a_dry_run_and_a_file_that_is_there_change_nothing() {
    let BrokenShop { folder, .. } = &shop();
    let log = || folder.procession(&["export"]).ended_with(0);
    let before = log();

    let would = folder.procession(&[&ALL[..], &["a.jsonl", "--dry-run", "--json"]].concat()).json(0);
    assert_eq!(
        (&would["result"], would["entries"].as_u64() > Some(10)),
        (&"dry_run".into(), true),
        "{would}"
    );
    assert!(!folder.path("a.jsonl").exists());
    fs::write(folder.path("a.jsonl"), "somebody's").unwrap();
    let refused = folder.procession(&[&ALL[..], &["a.jsonl"]].concat());
    assert!(refused.stderr.contains("is there already, and is not overwritten"), "{refused:?}");
    refused.ended_with(2);
    assert_eq!(fs::read_to_string(folder.path("a.jsonl")).unwrap(), "somebody's");
    let young = folder.procession(&["archive", "--ended-before", "1h", "--to", "b.jsonl"]).ended_with(0);
    assert!(young.contains("Nothing is to be archived"), "{young}");
    assert_eq!(log(), before);
}

#[test]
fn the_oldest_go_first_up_to_the_limit() {
    let BrokenShop { folder, .. } = &shop();

    let one = folder.procession(&[&ALL[..], &["one.jsonl", "--limit", "1", "--json"]].concat()).json(0);

    assert_eq!(one["processes"], 1);
    let line = fs::read_to_string(folder.path("one.jsonl")).unwrap();
    assert!(line.starts_with(r#"{"position":1,"process":1,"#), "{line}");
    assert!(archive(folder, "rest.jsonl")["processes"].as_u64() >= Some(1));
    folder.procession(&["verify"]).ended_with(0);
}

#[test]
fn a_file_that_was_changed_is_told_from_one_that_is_whole() {
    let BrokenShop { folder, .. } = &shop();
    let outcome = archive(folder, "ended.jsonl");
    let verify = || folder.procession(&["archive", "--verify", "ended.jsonl", "--json"]);
    let whole = verify().json(0);
    assert_eq!((&whole["entries"], &whole["others"]), (&outcome["entries"], &0.into()));
    let lines = fs::read_to_string(folder.path("ended.jsonl")).unwrap();

    fs::write(folder.path("ended.jsonl"), lines.replacen("\"schema_version\":1", "\"schema_version\":2", 1))
        .unwrap();
    let changed = verify().json(1);
    assert!(changed["wrong"][0].as_str().unwrap().contains("was changed between"), "{changed}");
    let (_, without_the_first) = lines.split_once('\n').unwrap();
    fs::write(folder.path("ended.jsonl"), without_the_first).unwrap();
    let cut = verify().json(1);
    assert!(cut["wrong"][0].as_str().unwrap().contains("are there"), "{cut}");
    fs::write(folder.path("ended.jsonl"), format!("{lines}no entry\n")).unwrap();
    assert!(verify().json(1)["wrong"][0].as_str().unwrap().contains("is no entry"));
}

#[test]
fn a_file_is_known_by_its_name_which_is_given_once() {
    let BrokenShop { folder, .. } = &shop();
    fs::create_dir(folder.path("later")).unwrap();
    folder.procession(&[&ALL[..], &["ended.jsonl", "--limit", "1"]].concat()).ended_with(0);

    let again = folder.procession(&[&ALL[..], &["later/ended.jsonl"]].concat());
    fs::copy(folder.path("ended.jsonl"), folder.path("renamed.jsonl")).unwrap();
    let renamed = folder.procession(&["archive", "--verify", "renamed.jsonl"]);

    assert!(again.stderr.contains("`ended.jsonl` is the name of an earlier archive"), "{again:?}");
    again.ended_with(2);
    assert!(!folder.path("later/ended.jsonl").exists());
    assert!(renamed.stderr.contains("into a file of the name `renamed.jsonl`"), "{renamed:?}");
    renamed.ended_with(2);
    folder.procession(&["archive", "--verify", "ended.jsonl"]).ended_with(0);
}

/// Before the commit nothing has happened but that a file is there; after it, all has.
#[test]
fn o1_who_dies_between_the_file_and_the_log_archives_again() {
    for (point, is_archived) in [("TransactionCommitting:1", false), ("TransactionCommitted:1", true)] {
        let BrokenShop { folder, .. } = &shop();
        let before = folder.procession(&["export"]).ended_with(0);

        let mut dies = folder.command(&[&ALL[..], &["first.jsonl"]].concat());
        let died = dies.env("PROCESSION_CRASH_AT", point).status().unwrap();

        assert_eq!(std::os::unix::process::ExitStatusExt::signal(&died), Some(ABORTED), "{point}: {died}");
        let file = fs::read_to_string(folder.path("first.jsonl")).unwrap();
        let after = folder.procession(&["export"]).ended_with(0);
        let left = before.lines().filter(|it| !is_archived || !file.lines().any(|line| line == *it));
        assert_eq!(after.lines().collect::<Vec<_>>(), left.collect::<Vec<_>>(), "{point}");
        folder.procession(&["verify"]).ended_with(0);
        let again = archive(folder, "second.jsonl");
        assert_eq!(again["result"], if is_archived { "nothing" } else { "done" });
        if !is_archived {
            assert_eq!(fs::read_to_string(folder.path("second.jsonl")).unwrap(), file);
        }
        folder.procession(&["verify"]).ended_with(0);
    }
}
