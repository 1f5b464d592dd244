//! Commands that wait for their time: orders whose provider does not answer must be paid until then.

use std::time::{Duration, Instant};

use crate::programs::{Folder, Serving};

fn shop_with_orders_that_wait(count: usize) -> (Folder, Serving, Vec<u64>) {
    let folder = Folder::new();
    let shop = folder.shop("http://127.0.0.1:1", "");
    shop.stock("pen");
    let orders = (0..count).map(|it| shop.order(&format!("cart-{it}"), "pen")).collect();
    let since = Instant::now();
    let timers = || folder.procession(&["timers", "list", "--json"]).json(0).as_array().map_or(0, Vec::len);
    while timers() < count {
        assert!(since.elapsed() < Duration::from_secs(30), "the orders do not wait");
        std::thread::sleep(Duration::from_millis(50));
    }
    (folder, shop, orders)
}

#[test]
fn a_list_of_timers_that_is_cut_says_so() {
    let (folder, _shop, _) = shop_with_orders_that_wait(2);

    let cut = folder.procession(&["timers", "list", "--limit", "1"]).ended_with(0);
    assert!(cut.contains("are shown (1); --limit shows more"), "{cut}");
    let whole = folder.procession(&["timers", "list", "--limit", "2"]).ended_with(0);
    assert!(!whole.contains("--limit"), "{whole}");
}

#[test]
fn a_timer_is_moved_to_so_long_from_now() {
    let (folder, _shop, _) = shop_with_orders_that_wait(1);
    let timer = folder.procession(&["timers", "list", "--json"]).json(0)[0]["timer"].to_string();

    let bring_forward = ["timers", "bring-forward", &timer, "--to", "3h", "--why", "the provider is away"];
    folder.procession(&bring_forward).ended_with(0);

    let listed = folder.procession(&["timers", "list"]).ended_with(0);
    assert!(listed.contains("in 2h 59m") || listed.contains("in 3h 0m"), "{listed}");
}

#[test]
fn the_timer_and_the_call_that_a_cancel_takes_out_are_counted_before_it() {
    let (folder, _shop, orders) = shop_with_orders_that_wait(1);
    let process = orders[0].to_string();

    let said = folder.procession(&["cancel", &process, "--dry-run", "--why", "x"]).ended_with(0);

    assert!(said.contains("takes out 1 timer, 1 call of effects and 0 parked messages"), "{said}");
}
