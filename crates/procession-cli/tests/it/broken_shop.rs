use std::time::{Duration, Instant};

use serde_json::Value;

use crate::programs::{Folder, Serving};

/// A shop whose warehouse breaks on ink, with an order of a pen and one of ink.
pub(crate) struct BrokenShop {
    pub(crate) folder: Folder,
    pub(crate) shop: Serving,
    provider: Serving,
    pub(crate) pen: u64,
    pub(crate) ink: u64,
}

impl BrokenShop {
    pub(crate) fn open() -> Self {
        let folder = Folder::new();
        let provider = folder.provider();
        let shop = folder.shop(&provider.address, "ink");
        ["pen", "ink"].into_iter().for_each(|it| shop.stock(it));
        let pen = shop.order("cart-1", "pen");
        wait_for(&folder, pen, "ended");
        let ink = shop.order("cart-2", "ink");
        wait_for(&folder, ink, "stuck");
        Self { folder, shop, provider, pen, ink }
    }

    /// The shop is closed, and opened again in a version whose warehouse does not break.
    pub(crate) fn repaired(self) -> Self {
        self.opened_again("")
    }

    /// The shop is closed, so that it says of every partition how far it is handled, and opened again.
    pub(crate) fn opened_again(self, breaks_on: &str) -> Self {
        let Self { folder, shop, provider, pen, ink } = self;
        shop.stop();
        let shop = folder.shop(&provider.address, breaks_on);
        Self { folder, shop, provider, pen, ink }
    }
}

/// Looks until a process is in a state.
#[track_caller]
pub(crate) fn wait_for(folder: &Folder, process: u64, state: &str) -> Value {
    let since = Instant::now();
    loop {
        let ran = folder.procession(&["show", &process.to_string(), "--json"]);
        let shown: Value = serde_json::from_str(&ran.stdout).unwrap_or_default();
        if shown["state"] == state {
            return shown;
        }
        assert!(since.elapsed() < Duration::from_secs(30), "process {process} is not {state}: {ran:?}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn an_operator_finds_out_what_is_stuck_and_why() {
    let BrokenShop { folder, pen, ink, .. } = BrokenShop::open();

    let status = folder.procession(&["status", "--json"]).json(1);
    assert_eq!((&status["processes"]["stuck"], &status["parked"]), (&1.into(), &1.into()), "{status}");
    let stuck = folder.procession(&["processes", "--state", "stuck", "--json"]).json(1);
    assert_eq!(stuck[0]["process"], ink, "{stuck}");
    let waits_for = &stuck[0]["waits_for"][0];
    assert_eq!((&waits_for["for"], &waits_for["message"]), (&"parked".into(), &"SendPackage".into()));
    assert!(waits_for["cause"].as_str().unwrap().contains("no box fits this product"), "{waits_for}");
    let ended = folder.procession(&["processes", "--state", "ended", "--json"]).json(0);
    assert!(ended.as_array().unwrap().iter().any(|it| it["process"] == pen), "{ended}");
}

#[test]
fn a_store_is_verified_backed_up_and_exported_while_the_shop_is_open() {
    let BrokenShop { folder, ink, .. } = BrokenShop::open();

    let report = folder.procession(&["verify", "--json"]).json(0);
    assert_eq!(report["violations"], serde_json::json!([]));
    folder.procession(&["backup", "copy.db"]).ended_with(0);
    assert!(folder.path("copy.db").exists() && !folder.path("copy.db.unfinished").exists());
    let again = folder.procession(&["backup", "copy.db"]);
    assert!(again.stderr.contains("not overwritten"), "{again:?}");
    again.ended_with(2);
    let of_copy =
        folder.procession(&["processes", "--state", "stuck", "--store", "sqlite:copy.db", "--json"]);
    assert_eq!(of_copy.json(1)[0]["process"], ink);
    let exported = folder.procession(&["export", "--process", &ink.to_string()]).ended_with(0);
    let entries: Vec<Value> = exported.lines().map(|it| serde_json::from_str(it).unwrap()).collect();
    assert!(entries.len() > 10 && entries.iter().all(|it| it["process"] == ink), "{exported}");
}

#[test]
fn an_export_goes_to_standard_output_or_into_a_new_file() {
    let BrokenShop { folder, .. } = BrokenShop::open();

    let printed = folder.procession(&["export", "--output", "-"]).ended_with(0);
    assert!(printed.lines().count() > 10, "{printed}");
    folder.procession(&["export", "--output", "log.jsonl"]).ended_with(0);
    assert_eq!(std::fs::read_to_string(folder.path("log.jsonl")).unwrap(), printed);
    let again = folder.procession(&["export", "--output", "log.jsonl"]);
    assert!(again.stderr.contains("is there already, and is not overwritten"), "{again:?}");
    again.ended_with(2);
    assert_eq!(std::fs::read_to_string(folder.path("log.jsonl")).unwrap(), printed);
}

#[test]
fn who_asks_is_recorded_where_nobody_has_said_it() {
    let BrokenShop { folder, ink, .. } = &BrokenShop::open();
    let ink = ink.to_string();

    folder.procession_without_login(&["suspend", &ink, "--why", "a look at it"]).ended_with(0);

    let shown = folder.procession(&["show", &ink]).ended_with(0);
    assert!(shown.contains("suspended by uid "), "{shown}");
}

#[test]
fn what_a_change_would_do_is_said_and_not_asked_for() {
    let BrokenShop { folder, .. } = BrokenShop::open();
    let head = || folder.procession(&["status", "--json"]).json(1)["head"].clone();
    let before = head();

    let retry =
        ["parked", "retry", "--all", "--canary", "1", "--dry-run", "--why", "does it work?", "--json"];
    let outcomes = folder.procession(&retry).json(0);

    assert_eq!((&outcomes[0]["result"], outcomes.as_array().unwrap().len()), (&"dry_run".into(), 1));
    assert_eq!(head(), before, "nothing was written");
}

#[test]
fn what_is_repaired_and_retried_ends() {
    let BrokenShop { folder, ink, .. } = &BrokenShop::open().repaired();

    let retry = ["parked", "retry", "--all", "--why", "fixed in 1.4", "--json"];
    let outcomes = folder.procession(&retry).json(0);

    assert_eq!(outcomes[0]["result"], "done", "{outcomes}");
    let shown = wait_for(folder, *ink, "ended");
    assert!(shown.to_string().contains("RetryParked"), "the log keeps who has asked: {shown}");
    assert_eq!(folder.procession(&["status", "--json"]).json(0)["parked"], 0);
}

#[test]
fn what_is_retried_before_it_is_repaired_fails_again_and_is_told() {
    let BrokenShop { folder, .. } = &BrokenShop::open();

    let retry = ["parked", "retry", "--all", "--why", "perhaps", "--json"];
    let outcomes = folder.procession(&retry).json(1);

    assert_eq!(outcomes[0]["result"], "failed_again", "{outcomes}");
    assert!(outcomes[0]["cause"].as_str().unwrap().contains("no box fits this product"), "{outcomes}");
}

#[test]
fn a_process_is_suspended_resumed_and_cancelled_while_the_shop_is_open() {
    let BrokenShop { folder, ink, .. } = &BrokenShop::open();
    let process = ink.to_string();
    let change = |what: &str| folder.procession(&[what, &process, "--why", "a look at it", "--json"]).json(0);

    assert_eq!(change("suspend")[0]["result"], "done");
    wait_for(folder, *ink, "suspended");
    assert_eq!(change("resume")[0]["result"], "done");
    wait_for(folder, *ink, "stuck");
    assert_eq!(change("cancel")[0]["result"], "done");
    wait_for(folder, *ink, "ended");
}

#[test]
fn a_parked_message_is_edited_and_retried_or_discarded() {
    let BrokenShop { folder, .. } = &BrokenShop::open();
    let parked = folder.procession(&["parked", "list", "--json"]).json(1)[0].clone();
    let position = parked["position"].to_string();
    let shown = folder.procession(&["parked", "show", &position, "--json"]).json(1);
    let payload = shown["entry"]["payload"].to_string();
    assert!(payload.contains("ink"), "{shown}");

    let pen = payload.replace("ink", "pen");
    let edit = ["parked", "edit", &position, "--payload", &pen, "--why", "the client takes a pen", "--json"];
    assert_eq!(folder.procession(&edit).json(0)[0]["result"], "done");
    let retry = ["parked", "retry", &position, "--why", "edited", "--json"];
    assert_eq!(folder.procession(&retry).json(0)[0]["result"], "done");
    assert_eq!(folder.procession(&["parked", "list"]).ended_with(0).trim(), "Nothing is parked.");
}

#[test]
fn what_is_asked_for_while_the_shop_is_closed_is_recorded_with_who_and_why() {
    let BrokenShop { folder, shop, ink, .. } = BrokenShop::open();
    shop.stop();

    let retry = ["parked", "retry", "--all", "--why", "fixed in 1.4", "--wait", "0s", "--json"];
    let outcomes = folder.procession(&retry).json(1);

    assert_eq!(outcomes[0]["result"], "pending", "{outcomes}");
    let shown = folder.procession(&["show", &ink.to_string()]).ended_with(1);
    assert!(shown.contains("RetryParked") && shown.contains("by anna: fixed in 1.4"), "{shown}");
}

#[test]
fn mistakes_are_told_with_what_to_do() {
    let folder = Folder::new();
    let store_missing = folder.procession(&["status"]);
    assert!(store_missing.stderr.contains("there is no store") && store_missing.stderr.contains("hint:"));
    store_missing.ended_with(3);
    folder.procession(&["status", "--store", "mysql://localhost"]).ended_with(2);
    // Port 1 is nobody's.
    let away = folder.procession(&["status", "--store", "postgres://me:secret@127.0.0.1:1/shop"]);
    assert!(away.stderr.contains("is the server running") && !away.stderr.contains("secret"), "{away:?}");
    away.ended_with(3);
    folder.procession(&["suspend", "1"]).ended_with(2);
    folder.procession(&["watch", "--times", "0"]).ended_with(2);
    let unclear = ["timers", "bring-forward", "7", "--to", "2026-12-24T18:00:00", "--why", "x"];
    let unclear = folder.procession(&unclear);
    assert!(unclear.stderr.contains("2026-12-24T18:00:00Z, or how long from now, like 1h"), "{unclear:?}");
    unclear.ended_with(2);
    let BrokenShop { folder, .. } = BrokenShop::open();
    let unknown = folder.procession(&["show", "999999"]);
    assert!(unknown.stderr.contains("there is no process 999999"), "{unknown:?}");
    unknown.ended_with(2);
    folder.procession(&["parked", "retry", "--why", "x"]).ended_with(2);
    folder.procession(&["cancel", "999999", "--why", "x"]).ended_with(2);
}

#[test]
fn watching_works_without_a_terminal() {
    let BrokenShop { folder, .. } = BrokenShop::open();

    let watched = folder.procession(&["watch", "--every", "10ms", "--times", "2"]).ended_with(1);

    assert_eq!(watched.matches("processes  ").count(), 2, "{watched}");
    assert!(!watched.contains('\u{1b}'), "nothing steers a terminal that is not there");
}

#[test]
fn what_is_shown_fits_the_columns_and_has_no_colours_when_nobody_looks() {
    let BrokenShop { folder, ink, .. } = BrokenShop::open();
    let ink = ink.to_string();
    let shown: [&[&str]; 5] = [
        &["status"],
        &["processes"],
        &["processes", "--state", "ended"],
        &["parked", "list"],
        &["show", &ink],
    ];

    for arguments in shown {
        let output = folder.procession_on_columns(80, arguments).stdout;

        // Causes are told in full.
        let in_tables = output.lines().take_while(|it| !it.starts_with("  - "));
        let widest = in_tables.map(|it| it.chars().count()).max();
        assert!(widest <= Some(80), "{arguments:?} is {widest:?} wide:\n{output}");
        assert!(!output.contains('\u{1b}'), "{output}");
    }
}

#[test]
fn nothing_is_cut_for_programs_and_files() {
    let BrokenShop { folder, ink, .. } = BrokenShop::open();
    let ink = ink.to_string();

    for arguments in [&["status"][..], &["processes"], &["parked", "list"], &["show", &ink, "--payloads"]] {
        let output = folder.procession(arguments).stdout;

        assert!(output.contains("no box fits this product"), "{arguments:?}: {output}");
        assert!(!output.contains('…'), "{arguments:?}: {output}");
    }
    let payloads = folder.procession_on_columns(80, &["show", &ink, "--payloads"]).stdout;
    let widest = payloads.lines().filter(|it| it.contains("product:")).map(|it| it.chars().count()).max();
    assert!(widest > Some(80), "payloads are never cut: {payloads}");
}
