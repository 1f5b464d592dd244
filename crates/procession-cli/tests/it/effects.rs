//! What `procession` tells of effects whose target is down.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::programs::Folder;

/// Looks until the status is as it should be.
fn status_when(folder: &Folder, is_so: impl Fn(&Value) -> bool) -> Value {
    let since = Instant::now();
    loop {
        let ran = folder.procession(&["status", "--json"]);
        let status: Value = serde_json::from_str(&ran.stdout).unwrap_or_default();
        if is_so(&status) {
            return status;
        }
        assert!(since.elapsed() < Duration::from_secs(30), "the status does not come to it: {ran:?}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn charge(status: &Value) -> &Value {
    let effects = status["by_effect"].as_array().map(Vec::as_slice).unwrap_or_default();
    effects.iter().find(|it| it["effect"] == "charge").unwrap_or(&Value::Null)
}

#[test]
fn an_operator_sees_that_the_target_of_an_effect_is_down_and_which_calls_wait_for_it() {
    // given: a shop whose payment provider has gone
    let folder = Folder::new();
    let provider = folder.provider();
    let shop = folder.shop(&provider.address, "");
    provider.stop();
    shop.stock("pen");
    let orders = [0, 1, 2, 3, 4, 5].map(|cart| shop.order(&format!("cart-{cart}"), "pen"));
    let order = orders[0];

    // when
    let status = status_when(&folder, |it| !charge(it)["breaker"].is_null());

    // then
    let charge = charge(&status);
    assert_eq!((&charge["open"], &status["effects"]), (&6.into(), &6.into()), "{status}");
    assert!(charge["oldest"].is_string() && charge["breaker"]["open_since"].is_string(), "{charge}");
    assert!(status["rates"]["handled_per_second"].as_f64().unwrap() > 0.0, "{status}");
    let told = folder.procession(&["status"]).ended_with(0);
    let row = told.lines().find(|it| it.trim_start().starts_with("charge ")).unwrap_or_default();
    assert!(row.contains(" opened ") && row.contains("looks "), "{told}");
    assert!(told.lines().all(|it| it.chars().count() <= 80), "{told}");
    let shown = folder.procession(&["show", &order.to_string()]).ended_with(0);
    assert!(shown.contains("paused: the target is down since") && shown.contains("; next look "), "{shown}");
    assert!(shown.contains("order/") && shown.contains(" waits for what comes of it"), "{shown}");
    shop.stop();
}

#[test]
fn a_store_whose_calls_are_due_and_that_no_application_has_open_is_not_fine() {
    // given: a shop that has died while its provider was away
    let folder = Folder::new();
    let provider = folder.provider();
    let shop = folder.shop(&provider.address, "");
    provider.stop();
    shop.stock("pen");
    shop.order("cart", "pen");
    let running = status_when(&folder, |it| charge(it)["open"] == 1);
    assert_eq!(running["application"]["running"], true, "{running}");
    assert!(folder.procession(&["status"]).ended_with(0).contains("runtime    running; started "));

    // when
    drop(shop);

    // then
    let status = status_when(&folder, |it| charge(it)["due"] == 1);
    assert_eq!(status["application"]["running"], false, "{status}");
    let told = folder.procession(&["status"]).ended_with(1);
    assert!(told.contains("runtime    none runs; the last one has died, and was started "), "{told}");
}
