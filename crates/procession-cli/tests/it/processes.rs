//! Which processes there are, and what can be done with them.

use crate::broken_shop::{BrokenShop, wait_for};

#[test]
fn a_list_that_is_cut_says_so_and_an_empty_one_says_that_it_is_empty() {
    let BrokenShop { folder, shop, .. } = &BrokenShop::open();
    for cart in ["cart-3", "cart-4"] {
        let process = shop.order(cart, "pen");
        wait_for(folder, process, "stuck");
    }

    let cut = folder.procession(&["processes", "--limit", "2"]).ended_with(1);
    assert!(cut.contains("2 of 3 are shown; --limit shows more."), "{cut}");
    let whole = folder.procession(&["processes", "--limit", "3"]).ended_with(1);
    assert!(!whole.contains("--limit"), "{whole}");
    let ended = folder.procession(&["processes", "--state", "ended", "--limit", "1"]).ended_with(0);
    assert!(ended.contains("Only the newest are shown (1)"), "{ended}");
    let none = folder.procession(&["processes", "--state", "suspended"]).ended_with(0);
    assert_eq!(none.trim(), "No process fits.");
}

#[test]
fn what_is_over_is_not_suspended_or_cancelled_again() {
    let BrokenShop { folder, pen, ink, .. } = &BrokenShop::open();
    let ask = |what: &str, process: &u64| folder.procession(&[what, &process.to_string(), "--why", "x"]);
    let refused = |what: &str, process: &u64, said: &str| {
        let ran = ask(what, process);
        assert!(ran.stderr.contains(said), "{ran:?}");
        ran.ended_with(2);
    };

    refused("suspend", pen, &format!("process {pen} has ended"));
    refused("cancel", pen, &format!("process {pen} has ended"));
    ask("suspend", ink).ended_with(0);
    refused("suspend", ink, &format!("process {ink} is suspended by anna already"));
    ask("cancel", ink).ended_with(0);
    refused("cancel", ink, &format!("process {ink} is cancelled by anna already"));
    refused("suspend", ink, &format!("process {ink} is cancelled by anna already"));
    refused("resume", &(ink + 1), &format!("belongs to process {ink}"));
}

#[test]
fn what_a_cancel_takes_out_is_said_before_it() {
    let BrokenShop { folder, ink, .. } = &BrokenShop::open();

    let said = folder.procession(&["cancel", &ink.to_string(), "--dry-run", "--why", "x"]).ended_with(0);

    assert!(said.contains("takes out 0 timers, 0 calls of effects and 1 parked message"), "{said}");
    wait_for(folder, *ink, "stuck");
}
