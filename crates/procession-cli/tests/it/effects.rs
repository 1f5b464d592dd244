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
    for cart in 0..6 {
        shop.order(&format!("cart-{cart}"), "pen");
    }

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
    shop.stop();
}
