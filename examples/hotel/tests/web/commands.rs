use serde_json::{Value, json};

use crate::hotel::Hotel;

#[test]
fn a_guest_checks_in_is_charged_pays_and_leaves() {
    let hotel = Hotel::open();
    let new = json!({ "guest_stay": "ada-7", "guest": "Ada Lovelace", "room": 7 });
    let checked_in = hotel.post("/api/stays", &new).with(201);
    assert_eq!(checked_in.header("location"), "/api/stays/ada-7");
    assert_eq!(checked_in.header("etag"), "\"1\"");

    let charged = hotel.post("/api/stays/ada-7/charges", &json!({ "amount": "99.5" })).with(200);
    assert_eq!(charged.header("etag"), "\"2\"");
    let stay = hotel.stay("ada-7");
    assert_eq!(stay["balance"], "-99.50");
    assert_eq!(stay["owed"], "99.50");

    hotel.post("/api/stays/ada-7/payments", &json!({ "amount": "99.50" })).with(200);
    let left = hotel.post("/api/stays/ada-7/check-out", &Value::Null).with(200);
    assert_eq!(left.json()["events"][0]["name"], "GuestCheckedOut");
    assert_eq!(hotel.stay("ada-7")["status"], "checked_out");
}

#[test]
fn a_guest_who_owes_money_stays_and_the_attempt_is_recorded() {
    let hotel = Hotel::open();
    let (_, unsettled) = hotel.settled_and_unsettled();
    let stay = &unsettled[0];
    let answer = hotel.post(&format!("/api/stays/{stay}/check-out"), &Value::Null);
    let problem = answer.problem(409, "checkout-failed");
    assert!(problem["detail"].as_str().unwrap().contains("the balance is not settled"), "{problem}");
    let after = hotel.stay(stay);
    assert_eq!(after["status"], "open");
    assert_eq!(after["version"], problem["version"]);
    assert_eq!(answer.header("etag"), format!("\"{}\"", after["version"]));
}

#[test]
fn a_decider_s_no_is_a_conflict_and_leaves_the_stay_as_it_was() {
    let hotel = Hotel::open();
    let before = hotel.stay("okafor-101");
    let again = json!({ "guest_stay": "okafor-101", "guest": "Somebody Else", "room": 1 });
    let problem = hotel.post("/api/stays", &again).problem(409, "rejected");
    assert_eq!(problem["detail"], "the guest has checked in before");
    assert_eq!(hotel.stay("okafor-101"), before);
}

#[test]
fn a_command_for_a_version_that_is_gone_is_refused() {
    let hotel = Hotel::open();
    let path = "/api/stays/okafor-101/charges";
    let seen = hotel.get("/api/stays/okafor-101").header("etag").to_owned();
    let charge = |tag: &str| hotel.post_with(path, &[("if-match", tag)], &json!({ "amount": "5" }));

    let charged = charge(&seen).with(200);
    let stale = charge(&seen);
    stale.problem(412, "stale-version");
    assert_eq!(stale.header("etag"), charged.header("etag"), "the problem names the version to look at");

    charge(&format!("{seen}, {}", charged.header("etag"))).with(200);
    charge("*").with(200);
    assert_eq!(hotel.stay("okafor-101")["owed"], "15.00");
}

#[test]
fn a_command_sent_again_with_its_key_has_one_effect_and_one_answer() {
    let hotel = Hotel::open();
    let tag = hotel.get("/api/stays/okafor-101").header("etag").to_owned();
    let headers = [("idempotency-key", "\"key-1\""), ("if-match", tag.as_str())];
    let charge =
        || hotel.post_with("/api/stays/okafor-101/charges", &headers, &json!({ "amount": "5" })).with(200);

    let (first, head) = (charge(), hotel.head());
    let again = charge();
    assert_eq!(again.text, first.text);
    assert_eq!(again.header("etag"), first.header("etag"));
    assert_eq!(hotel.head(), head);
    assert_eq!(hotel.stay("okafor-101")["owed"], "5.00");
}

#[test]
fn many_who_send_the_same_command_at_once_get_one_effect_and_one_answer() {
    let hotel = Hotel::open();
    let key = [("idempotency-key", "key-4")];
    let charge =
        || hotel.post_with("/api/stays/okafor-101/charges", &key, &json!({ "amount": "5" })).with(200).text;
    let answers: Vec<String> = std::thread::scope(|scope| {
        let asking: Vec<_> = (0..8).map(|_| scope.spawn(charge)).collect();
        asking.into_iter().map(|it| it.join().unwrap()).collect()
    });
    assert!(answers.iter().all(|it| *it == answers[0]), "{answers:?}");
    assert_eq!(hotel.stay("okafor-101")["owed"], "5.00");
}

#[test]
fn a_key_that_was_used_for_something_else_is_refused() {
    let hotel = Hotel::open();
    let key = [("idempotency-key", "key-2")];
    hotel.post_with("/api/stays/okafor-101/charges", &key, &json!({ "amount": "5" })).with(200);
    let head = hotel.head();
    for (path, body) in [
        ("/api/stays/okafor-101/charges", json!({ "amount": "6" })),
        ("/api/stays/lindqvist-102/charges", json!({ "amount": "5" })),
        ("/api/stays/okafor-101/payments", json!({ "amount": "5" })),
    ] {
        hotel.post_with(path, &key, &body).problem(422, "key-reused");
    }
    assert_eq!(hotel.head(), head);
}

#[test]
fn a_check_in_without_an_id_gets_one_and_with_a_key_always_the_same() {
    let hotel = Hotel::open();
    let ada = json!({ "guest": "Ada Lovelace", "room": 7 });
    let check_in = |headers: &[_]| hotel.post_with("/api/stays", headers, &ada).with(201);
    let key = [("idempotency-key", "key-3")];

    let first = check_in(&key);
    assert_eq!(check_in(&key).text, first.text);
    assert_ne!(check_in(&[]).header("location"), check_in(&[]).header("location"));
    assert_eq!(hotel.get(first.header("location")).with(200).json()["guest"], "Ada Lovelace");
}

#[test]
fn the_list_of_stays_has_pages() {
    let hotel = Hotel::open();
    let (mut next, mut found) = (String::from("/api/stays?limit=7"), Vec::new());
    while !next.is_empty() {
        let page = hotel.get(&next).with(200).json();
        found.extend(page["stays"].as_array().unwrap().clone());
        next = page["next"].as_str().unwrap_or_default().into();
    }
    assert_eq!(found.len(), 40);
    assert_eq!(Value::from(found), hotel.stays());
}
