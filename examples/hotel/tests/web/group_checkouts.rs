use serde_json::{Value, json};

use crate::{
    hotel::{Hotel, STYLES},
    progress::followed,
};

#[test]
fn in_every_style_a_group_is_accepted_and_ends_with_every_guest_s_answer() {
    for style in STYLES {
        let hotel = Hotel::open_in(style);
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
}

fn answer(checkout: &Value, stay: &str) -> Value {
    let answers = checkout["answers"].as_array().unwrap();
    let found = answers.iter().find(|it| it["guest_stay"] == stay).unwrap();
    json!([found["answer"], found["reason"]])
}

#[test]
fn a_group_checkout_happens_once_and_a_key_gets_the_same_answer_again() {
    for style in STYLES {
        let hotel = Hotel::open_in(style);
        let group = json!({ "clerk": "eve", "guest_stays": ["okafor-101"] });
        let initiate =
            |body| hotel.post_with("/api/group-checkouts", &[("idempotency-key", "group-1")], body);
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
}

#[test]
fn of_two_groups_that_ask_one_guest_at_once_the_second_ends_as_failed() {
    for style in STYLES {
        let hotel = Hotel::open_in(style);
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
}

#[test]
fn a_process_is_told_layer_by_layer_each_caused_by_the_one_before() {
    let with_commands = [
        vec!["InitiateGroupCheckout"],
        vec!["GroupCheckoutInitiated"],
        vec!["CheckOutGuest", "RecordGuestCheckoutsInitiation"],
        vec!["GuestCheckedOut", "GuestCheckoutsInitiated"],
        vec!["RecordGuestCheckoutCompletion"],
        vec!["GroupCheckoutCompleted", "GuestCheckoutCompletionRecorded"],
    ];
    let with_inputs = [
        vec!["InitiateGroupCheckout"],
        vec!["GroupCheckoutInitiated"],
        vec!["GroupCheckoutInitiated"],
        vec!["CheckOutGuest", "GuestCheckoutsInitiated"],
        vec!["GuestCheckedOut"],
        vec!["GuestCheckedOut"],
        vec!["GroupCheckoutCompleted", "GuestCheckoutCompletionRecorded"],
    ];
    for (style, expected) in
        [("saga", &with_commands[..]), ("choreography", &with_commands), ("process-manager", &with_inputs)]
    {
        is_told_in_layers(&Hotel::open_in(style), expected);
    }
}

fn is_told_in_layers(hotel: &Hotel, expected: &[Vec<&str>]) {
    let group = json!({ "clerk": "eve", "guest_stays": ["okafor-101"] });
    let accepted = hotel.post("/api/group-checkouts", &group).with(202).json();
    followed(hotel, accepted["events"].as_str().unwrap(), None);

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
    assert_eq!(told, expected);
    for pair in layers.windows(2) {
        let causes: Vec<&Value> =
            pair[0]["messages"].as_array().unwrap().iter().map(|it| &it["position"]).collect();
        for message in pair[1]["messages"].as_array().unwrap() {
            assert!(causes.contains(&&message["causation"]), "{message}");
        }
    }
}

#[test]
fn a_group_with_a_deadline_shows_it_and_ends_before_it() {
    for style in STYLES {
        let hotel = Hotel::open_in(style);
        for within in ["PT30M", "30m", "1800 seconds"] {
            let group = json!({ "group_checkout": within.replace(' ', "-"), "clerk": "eve",
                "guest_stays": ["okafor-101"], "within": within });
            let accepted = hotel.post("/api/group-checkouts", &group).with(202);
            followed(&hotel, accepted.json()["events"].as_str().unwrap(), None);

            let checkout = hotel.get(accepted.header("location")).json();
            let time = |name: &str| checkout[name].as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
            assert_eq!(time("deadline").duration_since(time("at")).as_mins(), 30, "{checkout}");
            assert!(checkout["outcome"].is_string(), "{checkout}");
        }
    }
}

#[test]
fn without_a_deadline_there_is_none_and_serve_may_set_one_for_all_who_name_none() {
    let initiate = |hotel: &Hotel, id: &str, within: Value| {
        let group =
            json!({ "group_checkout": id, "clerk": "eve", "guest_stays": ["okafor-101"], "within": within });
        hotel.post("/api/group-checkouts", &group).with(202);
        let checkout = hotel.get(&format!("/api/group-checkouts/{id}")).json();
        let at: jiff::Timestamp = checkout["at"].as_str().unwrap().parse().unwrap();
        let deadline = checkout["deadline"].as_str().map(|it| it.parse::<jiff::Timestamp>().unwrap());
        deadline.map(|it| it.duration_since(at).as_mins())
    };
    let (without, with) = (Hotel::open(), Hotel::open_as(&["--deadline", "2 hours"]));

    assert_eq!(initiate(&without, "tour-1", Value::Null), None);
    assert_eq!(initiate(&with, "tour-1", Value::Null), Some(120));
    assert_eq!(initiate(&with, "tour-2", json!("5m")), Some(5));
}

/// Waits until a group has ended, as a client without server-sent events does.
fn ended(hotel: &Hotel, id: &str) -> Value {
    let began = std::time::Instant::now();
    loop {
        let checkout = hotel.get(&format!("/api/group-checkouts/{id}")).with(200).json();
        if checkout["outcome"].is_string() {
            return checkout;
        }
        assert!(began.elapsed().as_secs() < 60, "{checkout}");
    }
}

#[test]
fn who_has_not_answered_by_the_deadline_is_not_waited_for() {
    for style in STYLES {
        let hotel = Hotel::open_where_nobody_answers_for("tanaka-103", &["--style", style]);
        let (_, unsettled) = hotel.settled_and_unsettled();
        let stays = json!(["okafor-101", "tanaka-103", unsettled[0]]);
        let group =
            json!({ "group_checkout": "tour-7", "clerk": "eve", "guest_stays": stays, "within": "300ms" });
        let accepted = hotel.post("/api/group-checkouts", &group).with(202).json();

        // It is quiet long before, with the answers that there are.
        let sent = followed(&hotel, accepted["events"].as_str().unwrap(), None);
        assert_eq!(sent.last().unwrap().data["parked"], 1);
        let checkout = ended(&hotel, "tour-7");

        assert_eq!(checkout["outcome"], "timed_out", "{style}: {checkout}");
        assert_eq!(checkout["unanswered"], 1);
        assert_eq!(answer(&checkout, "okafor-101"), json!(["completed", null]));
        assert_eq!(answer(&checkout, "tanaka-103"), json!(["pending", null]));
        assert_eq!(answer(&checkout, &unsettled[0]), json!(["failed", "the balance is not settled"]));
        let page = hotel.get("/group-checkouts/tour-7").with(200).text;
        assert!(page.contains("Time was up: 1 of 3 guests had not answered"), "{page}");
        assert!(page.contains("no answer in time") && page.contains("1 guest could not check out"), "{page}");
        let again = format!("/?guest_stay=tanaka-103&amp;guest_stay={}#group-checkout", unsettled[0]);
        assert!(page.contains(&again), "who is still here can be asked again: {page}");
        assert!(!page.contains("http-equiv=\"refresh\""), "a page of what has ended stays as it is");
    }
}

#[test]
fn while_a_group_waits_its_page_says_until_when() {
    for style in STYLES {
        let hotel =
            Hotel::open_where_nobody_answers_for("tanaka-103", &["--style", style, "--deadline", "1h"]);
        let group = json!({ "group_checkout": "tour-7", "clerk": "eve", "guest_stays": ["tanaka-103"] });
        hotel.post("/api/group-checkouts", &group).with(202);

        let page = hotel.get("/group-checkouts/tour-7").with(200).text;

        assert!(page.contains("The guests have until ") && page.contains("data-deadline="), "{page}");
        assert!(page.contains("http-equiv=\"refresh\"") && page.contains("asked, no answer yet"), "{page}");
        let checkout = hotel.get("/api/group-checkouts/tour-7").json();
        assert_eq!((&checkout["outcome"], &checkout["unanswered"]), (&Value::Null, &json!(1)));
    }
}
