//! What is parked is found, and what is done about it is said to the end.

use serde_json::Value;

use crate::{
    broken_shop::{BrokenShop, wait_for},
    programs::Folder,
};

/// The position of the only message that is parked.
fn parked(folder: &Folder) -> String {
    folder.procession(&["parked", "list", "--json"]).json(1)[0]["position"].to_string()
}

#[test]
fn what_a_process_waits_for_after_a_discard_is_said_before_and_after_it() {
    let BrokenShop { folder, ink, .. } = &BrokenShop::open();
    let position = parked(folder);
    let then = format!("process {ink} will then wait for ");
    let discard = ["parked", "discard", &position, "--why", "nobody wants it"];

    let before = folder.procession(&[&discard[..], &["--dry-run"]].concat()).ended_with(0);
    let after = folder.procession(&discard).ended_with(0);

    for said in [&before, &after] {
        assert!(said.contains(&then) && said.contains("nothing will wake it"), "{said}");
        assert!(said.contains(&format!("procession cancel {ink} --why")), "{said}");
    }
    let shown = wait_for(folder, *ink, "stuck");
    assert_eq!(shown["waits_for"][0]["for"], "nothing", "it was true: {shown}");
}

#[test]
fn what_a_suspended_process_waits_for_after_a_discard_is_said_too() {
    let BrokenShop { folder, ink, .. } = &BrokenShop::open();
    let position = parked(folder);
    folder.procession(&["suspend", &ink.to_string(), "--why", "a look at it"]).ended_with(0);

    let said = folder.procession(&["parked", "discard", &position, "--dry-run", "--why", "x"]).ended_with(0);

    assert!(said.contains("nothing will wake it"), "{said}");
}

#[test]
fn a_stuck_process_is_shown_with_what_can_be_done() {
    let BrokenShop { folder, ink, .. } = &BrokenShop::open();
    let (position, process) = (parked(folder), ink.to_string());

    let shown = folder.procession(&["show", &process]).ended_with(1);

    for verb in ["retry", "edit", "discard"] {
        assert!(shown.contains(&format!("procession parked {verb} {position}")), "{shown}");
    }
    assert!(shown.contains(&format!("procession cancel {process}")), "{shown}");
    folder.procession(&["suspend", &process, "--why", "a look at it"]).ended_with(0);
    let shown = folder.procession(&["show", &process]).ended_with(0);
    assert!(shown.contains(&format!("procession resume {process}")), "{shown}");
    assert!(!shown.contains("parked retry"), "nothing is retried while it is suspended: {shown}");
}

#[test]
fn what_is_named_and_not_there_is_no_all_clear() {
    let BrokenShop { folder, ink, .. } = &BrokenShop::open();
    let why = ["--why", "x"];

    let mistakes: [(&[&str], &str); 6] = [
        (&["parked", "list", "--handler", "nope"], "no handler `nope`"),
        (&["parked", "list", "--process", "4711"], "there is no process 4711"),
        (&["parked", "list", "--process", &(ink + 1).to_string()], &format!("belongs to process {ink}")),
        (&["parked", "list", "9999"], "9999 is not parked"),
        (&[&["parked", "discard", "9999"], &why[..]].concat(), "9999 is not parked"),
        (&[&["parked", "retry", "9999", "9998"], &why[..]].concat(), "9999, 9998 are not parked"),
    ];
    for (arguments, said) in mistakes {
        let ran = folder.procession(arguments);
        assert!(ran.stderr.contains(said), "{arguments:?}: {ran:?}");
        ran.ended_with(2);
    }

    let nothing = "Nothing fits; 1 message is parked.";
    let listed = folder.procession(&["parked", "list", "--cause-contains", "timed out"]).ended_with(0);
    assert_eq!(listed.trim(), nothing);
    let retry = ["parked", "retry", "--handler", "order", "--why", "x"];
    assert!(folder.procession(&retry).ended_with(1).starts_with(nothing));
}

#[test]
fn a_message_behind_a_failed_one_is_not_retried_but_the_failed_one_is_named() {
    let BrokenShop { folder, shop, .. } = &BrokenShop::open();
    let first = parked(folder);
    let behind = shop.order("cart-3", "pen");
    wait_for(folder, behind, "stuck");
    let listed = folder.procession(&["parked", "list", "--process", &behind.to_string(), "--json"]).json(1);
    let second = listed[0]["position"].to_string();

    let ran = folder.procession(&["parked", "retry", &second, "--why", "x"]);

    assert!(ran.stderr.contains(&format!("{second} stands behind {first}")), "{ran:?}");
    assert!(ran.stderr.contains(&format!("procession parked retry {first}")), "{ran:?}");
    ran.ended_with(2);
}

#[test]
fn a_retry_of_a_suspended_process_says_that_it_waits_for_the_process() {
    let BrokenShop { folder, ink, .. } = &BrokenShop::open().repaired();
    let (position, process) = (parked(folder), ink.to_string());
    folder.procession(&["suspend", &process, "--why", "a look at it"]).ended_with(0);

    let retry = ["parked", "retry", &position, "--why", "fixed"];
    let said = folder.procession(&retry).ended_with(1);

    assert!(said.contains(&format!("process {process} is suspended")), "{said}");
    assert!(said.contains(&format!("procession resume {process}")), "{said}");
    folder.procession(&["resume", &process, "--why", "looked at"]).ended_with(0);
    wait_for(folder, *ink, "ended");
}

#[test]
fn an_edited_message_is_shown_as_the_handler_gets_it_and_who_has_edited_it() {
    let BrokenShop { folder, .. } = &BrokenShop::open();
    let position = parked(folder);
    let logged = folder.procession(&["parked", "show", &position, "--json"]).json(1)["payload"].clone();
    let pen = logged.to_string().replace("ink", "pen");
    let edit = ["parked", "edit", &position, "--why", "a pen will do", "--payload"];

    let slip = folder.procession(&[&edit[..], &["{}", "--dry-run"]].concat()).ended_with(0);
    let said = folder.procession(&[&edit[..], &[&pen]].concat()).ended_with(0);

    assert!(slip.contains("look again:") && !said.contains("look again:"), "{slip}{said}");
    assert!(said.contains(&format!("procession parked retry {position}")), "{said}");
    let shown = folder.procession(&["parked", "show", &position]).ended_with(1);
    assert!(shown.contains("by anna") && shown.contains("a pen will do"), "{shown}");
    let was = shown.lines().find_map(|it| it.strip_prefix("was      ")).unwrap();
    assert_eq!(serde_json::from_str::<Value>(was).unwrap(), logged);
    assert!(shown.contains(&format!("payload  {pen}")), "{shown}");
    let json = folder.procession(&["parked", "show", &position, "--json"]).json(1);
    assert_eq!((json["payload"].to_string(), &json["edited_by"]), (pen, &"anna".into()));
}
