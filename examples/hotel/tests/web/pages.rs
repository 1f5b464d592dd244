//! The pages without a script: plain forms, each answered by the way to the next page.

use crate::hotel::{Hotel, STYLES};

/// The hidden fields of the form that has this action.
fn hidden_fields(page: &str, action: &str) -> Vec<(String, String)> {
    let form = page.split(&format!("action=\"{action}\"")).nth(1).expect("the form is on the page");
    let form = form.split("</form>").next().unwrap();
    let attribute = |input: &str, name: &str| {
        let text = input.split(&format!("{name}=\"")).nth(1)?.split('"').next()?;
        Some(text.replace("&quot;", "\""))
    };
    let inputs = form.split("<input").skip(1).map(|it| it.split('>').next().unwrap());
    let hidden = inputs.filter(|it| it.contains("type=\"hidden\""));
    hidden.map(|it| (attribute(it, "name").unwrap(), attribute(it, "value").unwrap())).collect()
}

fn submit(hotel: &Hotel, page: &str, action: &str, more: &[(&str, &str)]) -> String {
    let hidden = hidden_fields(page, action);
    let mut fields: Vec<(&str, &str)> =
        hidden.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    fields.extend(more);
    hotel.submit(action, &fields).with(303).header("location").into()
}

fn without_fragment(location: &str) -> &str {
    location.split('#').next().unwrap()
}

#[test]
fn a_group_with_an_open_balance_leaves_in_two_steps_without_a_script() {
    for style in STYLES {
        let hotel = Hotel::open_in(style);
        let (settled, unsettled) = hotel.settled_and_unsettled();
        let chosen =
            [("guest_stay", settled[0].as_str()), ("guest_stay", unsettled[0].as_str()), ("clerk", "eve")];

        let desk = hotel.get("/").with(200).text;
        let ended = submit(&hotel, &desk, "/group-checkouts", &chosen);
        // Without a script the page asks again by itself until the group has ended.
        let mut page = hotel.get(without_fragment(&ended)).with(200).text;
        while page.contains("http-equiv=\"refresh\"") {
            page = hotel.get(without_fragment(&ended)).with(200).text;
        }
        assert!(page.contains("1 of 2 guests could not check out"), "{page}");
        assert!(page.contains("could not check out: the balance is not settled"), "{page}");

        let settle = format!("/stays/{}/settle", unsettled[0]);
        let back = submit(&hotel, &page, &settle, &[]);
        assert_eq!(without_fragment(&back), without_fragment(&ended));
        assert_eq!(hotel.stay(&unsettled[0])["balance"], "0.00");

        let page = hotel.get(&format!("/?guest_stay={}", unsettled[0])).with(200).text;
        assert!(
            page.contains(&format!("value=\"{}\" form=\"group-checkout\" checked", unsettled[0])),
            "{page}"
        );
        let ended = submit(&hotel, &page, "/group-checkouts", &chosen[1..]);
        let mut page = hotel.get(without_fragment(&ended)).with(200).text;
        while page.contains("http-equiv=\"refresh\"") {
            page = hotel.get(without_fragment(&ended)).with(200).text;
        }
        assert!(page.contains("The guest has checked out"), "{page}");
    }
}

#[test]
fn a_form_that_is_sent_twice_has_one_effect() {
    let hotel = Hotel::open();
    let desk = hotel.get("/").text;
    let action = "/stays/okafor-101/charges";
    let first = submit(&hotel, &desk, action, &[("amount", "12.50")]);
    assert_eq!(submit(&hotel, &desk, action, &[("amount", "12.50")]), first);
    assert_eq!(hotel.stay("okafor-101")["owed"], "12.50");
}

#[test]
fn a_balance_that_has_changed_is_not_settled_unseen() {
    let hotel = Hotel::open();
    let (_, unsettled) = hotel.settled_and_unsettled();
    let stay = &unsettled[0];
    let desk = hotel.get("/").text;
    hotel.post(&format!("/api/stays/{stay}/charges"), &serde_json::json!({ "amount": "1" })).with(200);
    let action = format!("/stays/{stay}/settle");
    let hidden = hidden_fields(&desk, &action);
    let fields: Vec<(&str, &str)> =
        hidden.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let answer = hotel.submit(&action, &fields).with(412);
    assert!(answer.text.contains("It has changed meanwhile"), "{}", answer.text);
}

#[test]
fn bad_forms_get_a_page_and_change_nothing() {
    let hotel = Hotel::open();
    let head = hotel.head();
    for (path, fields, status) in [
        ("/stays/okafor-101/charges", vec![("key", "k1"), ("amount", "-5")], 422),
        ("/stays/okafor-101/charges", vec![("key", "k1")], 422),
        ("/stays/nobody/charges", vec![("key", "k1"), ("amount", "5")], 404),
        ("/group-checkouts", vec![("key", "k1"), ("clerk", "eve")], 422),
        ("/group-checkouts", vec![("key", "k1"), ("clerk", "a b"), ("guest_stay", "okafor-101")], 422),
        ("/group-checkouts", vec![("key", "k1"), ("clerk", "eve"), ("guest_stay", "nobody")], 422),
    ] {
        let answer = hotel.submit(path, &fields).with(status);
        assert!(answer.text.contains("Back to the front desk"), "{path} {fields:?}");
    }
    let elsewhere =
        [("content-type", "application/x-www-form-urlencoded"), ("origin", "http://elsewhere.example")];
    hotel.ask("POST", "/group-checkouts", &elsewhere, "key=k1&clerk=eve&guest_stay=okafor-101").with(403);
    assert_eq!(hotel.head(), head);
}

#[test]
fn names_from_outside_cannot_become_markup() {
    let hotel = Hotel::open();
    let guest = "<script>alert(1)</script>";
    hotel.post("/api/stays", &serde_json::json!({ "guest": guest, "room": 7 })).with(201);
    let desk = hotel.get("/?settled=%3Cb%3Ex").with(200);
    assert!(desk.text.contains("&lt;script&gt;alert(1)"));
    assert!(!desk.text.contains(guest) && !desk.text.contains("<b>x"));
    assert!(desk.header("content-security-policy").contains("default-src 'none'"));
}

#[test]
fn the_page_of_a_process_tells_who_caused_what() {
    let hotel = Hotel::open();
    let group = serde_json::json!({ "clerk": "eve", "guest_stays": ["okafor-101"] });
    let accepted = hotel.post("/api/group-checkouts", &group).with(202).json();
    crate::progress::followed(&hotel, accepted["events"].as_str().unwrap(), None);
    let page = hotel.get(&format!("/processes/{}", accepted["process"])).with(200).text;
    for name in ["InitiateGroupCheckout", "CheckOutGuest", "GuestCheckedOut", "GroupCheckoutCompleted"] {
        assert!(page.contains(name), "{name} is missing");
    }
    assert!(page.contains(&format!("href=\"#message-{}\"", accepted["process"])));
}

#[test]
fn the_page_of_a_process_says_what_a_process_manager_was_told_and_did() {
    let hotel = Hotel::open_in("process-manager");
    let group = serde_json::json!({ "clerk": "eve", "guest_stays": ["okafor-101", "lindqvist-102"] });
    let accepted = hotel.post("/api/group-checkouts", &group).with(202).json();
    crate::progress::followed(&hotel, accepted["events"].as_str().unwrap(), None);

    let page = hotel.get(&format!("/processes/{}", accepted["process"])).with(200).text;

    for heading in [">Input<", ">Inputs<", ">Commands and event<", ">Events<"] {
        assert!(page.contains(heading), "{heading} is missing: {page}");
    }
    assert!(page.contains("data-kind=\"input\">GuestCheckedOut<"), "{page}");
}
