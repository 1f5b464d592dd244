use serde_json::{Value, json};

use crate::{hotel::Hotel, progress::followed};

#[test]
fn a_group_is_accepted_and_ends_with_every_guest_s_answer() {
    let hotel = Hotel::open();
    let (settled, unsettled) = hotel.settled_and_unsettled();
    let group = json!({
        "group_checkout": "tour-7", "clerk": "eve", "guest_stays": [settled[0], unsettled[0], settled[1]],
    });
    let accepted = hotel.post("/api/group-checkouts", &group).with(202);
    assert_eq!(accepted.header("location"), "/api/group-checkouts/tour-7");
    followed(&hotel, accepted.json()["events"].as_str().unwrap(), None);

    let checkout = hotel.get("/api/group-checkouts/tour-7").with(200);
    assert_eq!(checkout.header("etag"), format!("\"{}\"", checkout.json()["version"]));
    let checkout = checkout.json();
    assert_eq!(checkout["outcome"], "failed");
    assert_eq!(checkout["unanswered"], 0);
    assert_eq!(checkout["clerk"], "eve");
    assert_eq!(answer(&checkout, &settled[0]), json!(["completed", null]));
    assert_eq!(answer(&checkout, &settled[1]), json!(["completed", null]));
    assert_eq!(answer(&checkout, &unsettled[0]), json!(["failed", "the balance is not settled"]));
}

fn answer(checkout: &Value, stay: &str) -> Value {
    let answers = checkout["answers"].as_array().unwrap();
    let found = answers.iter().find(|it| it["guest_stay"] == stay).unwrap();
    json!([found["answer"], found["reason"]])
}

#[test]
fn a_group_checkout_happens_once_and_a_key_gets_the_same_answer_again() {
    let hotel = Hotel::open();
    let group = json!({ "clerk": "eve", "guest_stays": ["okafor-101"] });
    let initiate = |body| hotel.post_with("/api/group-checkouts", &[("idempotency-key", "group-1")], body);
    let first = initiate(&group).with(202);
    followed(&hotel, first.json()["events"].as_str().unwrap(), None);
    let head = hotel.head();

    let again = initiate(&group).with(202);
    assert_eq!(again.text, first.text);
    assert_eq!(again.header("location"), first.header("location"));
    initiate(&json!({ "clerk": "eve", "guest_stays": ["lindqvist-102"] })).problem(422, "key-reused");
    assert_eq!(hotel.head(), head);

    let id = first.json()["group_checkout"].clone();
    let named = json!({ "group_checkout": id, "clerk": "eve", "guest_stays": ["lindqvist-102"] });
    hotel.post("/api/group-checkouts", &named).problem(409, "rejected");
}

#[test]
fn of_two_groups_that_ask_one_guest_at_once_the_second_ends_as_failed() {
    let hotel = Hotel::open();
    let group = |id: &str| {
        let body = json!({ "group_checkout": id, "clerk": "eve", "guest_stays": ["okafor-101"] });
        let accepted = hotel.post("/api/group-checkouts", &body).with(202).json();
        followed(&hotel, accepted["events"].as_str().unwrap(), None);
        let checkout = hotel.get(&format!("/api/group-checkouts/{id}")).json();
        answer(&checkout, "okafor-101").to_string()
    };
    let mut answers = std::thread::scope(|scope| {
        let asking = ["tour-1", "tour-2"].map(|id| scope.spawn(move || group(id)));
        asking.map(|it| it.join().unwrap())
    });
    answers.sort();
    assert_eq!(answers, [r#"["completed",null]"#, r#"["failed","the stay is not open"]"#]);
}

#[test]
fn a_process_is_told_layer_by_layer_each_caused_by_the_one_before() {
    let hotel = Hotel::open();
    let group = json!({ "clerk": "eve", "guest_stays": ["okafor-101"] });
    let accepted = hotel.post("/api/group-checkouts", &group).with(202).json();
    followed(&hotel, accepted["events"].as_str().unwrap(), None);

    let process = hotel.get(&format!("/api/processes/{}", accepted["process"])).with(200).json();
    let layers = process["layers"].as_array().unwrap();
    let names = |layer: &Value| {
        let mut names: Vec<_> = layer["messages"]
            .as_array()
            .unwrap()
            .iter()
            .map(|it| it["name"].as_str().unwrap().to_owned())
            .collect();
        names.sort();
        names
    };
    let told: Vec<_> = layers.iter().map(names).collect();
    assert_eq!(
        told,
        [
            vec!["InitiateGroupCheckout"],
            vec!["GroupCheckoutInitiated"],
            vec!["CheckOutGuest", "RecordGuestCheckoutsInitiation"],
            vec!["GuestCheckedOut", "GuestCheckoutsInitiated"],
            vec!["RecordGuestCheckoutCompletion"],
            vec!["GroupCheckoutCompleted", "GuestCheckoutCompletionRecorded"],
        ]
    );
    for pair in layers.windows(2) {
        let causes: Vec<&Value> =
            pair[0]["messages"].as_array().unwrap().iter().map(|it| &it["position"]).collect();
        for message in pair[1]["messages"].as_array().unwrap() {
            assert!(causes.contains(&&message["causation"]), "{message}");
        }
    }
}
