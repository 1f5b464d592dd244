//! What is parked is found, and what is done about it is said to the end.

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
