//! A disk that is full: the limit is the operating system's own, for the size of a file.

use std::process::Command;

use serde_json::json;

use crate::hotel::Hotel;

/// A hotel whose files cannot grow over 1 MiB: enough for its guests and bookings, and for some charges.
fn hotel_on_a_small_disk() -> Hotel {
    let mut shell = Command::new("sh");
    // The signal is ignored, so that the write fails as it does on a full disk. `ulimit` counts in 512 bytes.
    shell.args(["-c", "trap '' XFSZ; ulimit -f 2048; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_hotel")]);
    Hotel::open_with(shell)
}

#[test]
fn a_full_disk_is_told_as_unavailable_and_nothing_acknowledged_is_lost() {
    let hotel = hotel_on_a_small_disk();
    let charge = || hotel.post("/api/stays/okafor-101/charges", &json!({ "amount": "1" }));
    let mut charged = 0;
    let refused = loop {
        let answer = charge();
        if answer.status != 200 {
            break answer;
        }
        charged += 1;
        assert!(charged < 5000, "the disk does not become full");
    };
    refused.problem(503, "unavailable");
    assert_eq!(refused.header("retry-after"), "5");
    assert!(charged > 0);
    assert_eq!(hotel.stay("okafor-101")["owed"], format!("{charged}.00"));
}
