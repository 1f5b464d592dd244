//! What machines look at: the metrics, and the hotel's health.

use std::collections::BTreeSet;

use procession::metrics;
use serde_json::json;

use crate::hotel::Hotel;

/// The names of the metrics that somebody speaks of.
fn named_in(text: &str) -> BTreeSet<&str> {
    let words = text.split(|it: char| !it.is_ascii_alphanumeric() && it != '_');
    let names = words.filter(|it| it.starts_with("procession_"));
    names
        .map(|it| ["_bucket", "_sum", "_count"].iter().fold(it, |it, end| it.strip_suffix(end).unwrap_or(it)))
        .collect()
}

#[test]
fn prometheus_finds_what_the_hotel_has_done() {
    let hotel = Hotel::open();
    let (settled, _) = hotel.settled_and_unsettled();
    hotel.post("/api/group-checkouts", &json!({ "clerk": "eve", "guest_stays": settled })).with(202);

    let ended = "procession_instance_duration_seconds_count{store=";
    let mut asked = std::iter::repeat_with(|| hotel.get("/metrics").with(200)).take(5_000);
    let text = asked
        .find(|it| it.text.contains(ended))
        .map(|it| {
            assert!(it.header("content-type").starts_with("text/plain; version=0.0.4"));
            it.text
        })
        .unwrap();

    assert!(text.contains("category=\"group_checkout\",end=\"GroupCheckoutCompleted\"} 1"), "{text}");
    for name in named_in(&text) {
        assert!(metrics::ALL.iter().any(|it| it.name == name), "{name} is not documented");
    }
}

#[test]
fn a_hotel_that_is_well_says_so() {
    let hotel = Hotel::open();
    for path in ["/health/live", "/health/ready"] {
        let well = json!({ "status": "ok", "reasons": [], "lag": 0, "parked": 0 });
        assert_eq!(hotel.get(path).with(200).json(), well, "{path}");
    }
}
