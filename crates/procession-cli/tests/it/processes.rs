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
