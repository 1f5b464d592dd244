//! The description of the API is complete and true: every path of it is asked, and every answer is in it.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::{
    fuzz::schema::conforms,
    hotel::{Answer, Hotel},
    progress::followed,
};

fn references(value: &Value) -> BTreeSet<String> {
    match value {
        Value::Object(fields) => {
            let own = fields.get("$ref").and_then(Value::as_str).map(str::to_owned);
            fields.values().flat_map(references).chain(own).collect()
        }
        Value::Array(items) => items.iter().flat_map(references).collect(),
        _ => BTreeSet::new(),
    }
}

#[test]
fn the_document_refers_to_nothing_that_is_missing_and_has_examples() {
    let document = Hotel::open().get("/api/openapi.json").with(200).json();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    for reference in references(&document) {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference} is missing");
    }
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        let fields = schema["properties"].as_object().unwrap();
        assert!(
            fields.values().all(|it| it.get("description").is_some()),
            "{name} has a field nobody explains"
        );
    }
    let operations: Vec<&Value> = document["paths"]
        .as_object()
        .unwrap()
        .values()
        .flat_map(|it| it.as_object().unwrap().values())
        .collect();
    let ids: BTreeSet<&str> = operations.iter().map(|it| it["operationId"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), operations.len(), "operation ids are unique");
    for operation in operations {
        assert!(operation["summary"].is_string() && operation["responses"].is_object(), "{operation}");
    }
}

/// The schema that an answer must have, by the document.
fn response<'a>(document: &'a Value, method: &str, path: &str, answer: &Answer) -> &'a Value {
    let response = &document["paths"][path][method]["responses"][answer.status.to_string()];
    assert!(response.is_object(), "{method} {path} says nothing of {}", answer.status);
    for name in response["headers"].as_object().into_iter().flat_map(|it| it.keys()) {
        assert!(!answer.header(name).is_empty(), "{method} {path}: the header {name} is missing");
    }
    let kind = answer.header("content-type").split(';').next().unwrap();
    let content = &response["content"][kind];
    assert!(content.is_object(), "{method} {path} {}: {kind} is not in the document", answer.status);
    &content["schema"]
}

#[test]
fn every_documented_path_answers_as_documented() {
    let hotel = Hotel::open();
    let document = hotel.get("/api/openapi.json").json();
    let group = json!({ "group_checkout": "tour-7", "clerk": "eve", "guest_stays": ["lindqvist-102"],
        "within": "30m" });
    let mut asked = BTreeSet::new();
    let mut ask = |method: &'static str, path: &str, named: &str, body: &Value| {
        let answer = if method == "get" { hotel.get(named) } else { hotel.post(named, body) };
        let schema = response(&document, method, path, &answer);
        if answer.header("content-type").contains("json") {
            conforms(&document, schema, &answer.json(), path).unwrap();
        }
        asked.insert(format!("{method} {path}"));
        answer
    };
    let stay = |end: &str| (format!("/api/stays/{{id}}{end}"), format!("/api/stays/okafor-101{end}"));
    ask("get", "/api/stays", "/api/stays", &Value::Null);
    ask("post", "/api/stays", "/api/stays", &json!({ "guest": "Ada", "room": 7 })).with(201);
    ask("post", "/api/stays", "/api/stays", &json!({ "guest": "Ada" })).with(422);
    for (end, body, status) in [
        ("/charges", json!({ "amount": "5" }), 200),
        ("/charges", json!({ "amount": 5 }), 422),
        ("/check-out", Value::Null, 409),
        ("/payments", json!({ "amount": "5" }), 200),
        ("/check-out", Value::Null, 200),
        ("/charges", json!({ "amount": "5" }), 409),
    ] {
        let (path, named) = stay(end);
        ask("post", &path, &named, &body).with(status);
    }
    ask("get", "/api/stays/{id}", "/api/stays/okafor-101", &Value::Null).with(200);
    ask("get", "/api/stays/{id}", "/api/stays/nobody", &Value::Null).with(404);
    let process = ask("post", "/api/group-checkouts", "/api/group-checkouts", &group).with(202).json();
    followed(&hotel, process["events"].as_str().unwrap(), None);
    let process = format!("/api/processes/{}", process["process"]);
    ask("get", "/api/group-checkouts/{id}", "/api/group-checkouts/tour-7", &Value::Null).with(200);
    ask("get", "/api/processes/{process}", &process, &Value::Null).with(200);
    ask("get", "/api/processes/{process}/events", &format!("{process}/events"), &Value::Null).with(200);
    let wish = json!({ "reservation": "amara-1", "guest": "amara@example.com", "room_type": "suite",
        "arrival": "2099-07-01", "departure": "2099-07-04" });
    let sold = json!({ "channel": "rooms.example", "booking": "8845", "guest": "nils@example.com",
        "room_type": "suite", "arrival": "2099-07-01", "departure": "2099-07-03" });
    ask("post", "/api/reservations", "/api/reservations", &wish).with(201);
    ask("post", "/api/bookings", "/api/bookings", &sold).with(201);
    ask("post", "/api/bookings", "/api/bookings", &sold).with(200);
    let full = json!({ "guest": "mei@example.com", "room_type": "suite",
        "arrival": "2099-07-02", "departure": "2099-07-04" });
    ask("post", "/api/reservations", "/api/reservations", &full).with(409);
    for end in ["", "/confirm", "/cancel"] {
        let method = if end.is_empty() { "get" } else { "post" };
        let (path, named) =
            (format!("/api/reservations/{{id}}{end}"), format!("/api/reservations/amara-1{end}"));
        ask(method, &path, &named, &Value::Null).with(200);
    }
    let of_guest = "/api/reservations?guest=amara%40example.com";
    ask("get", "/api/reservations", of_guest, &Value::Null).with(200);
    let july = "/api/availability?from=2099-07-01&days=31&room_type=suite";
    ask("get", "/api/availability", july, &Value::Null).with(200);
    for path in ["/api/map", "/api/openapi.json", "/api/docs", "/health/live", "/health/ready"] {
        ask("get", path, path, &Value::Null).with(200);
    }
    let documented = document["paths"].as_object().unwrap().iter().flat_map(|(path, methods)| {
        methods.as_object().unwrap().keys().map(move |method| format!("{method} {path}"))
    });
    assert_eq!(asked, documented.collect());
}

#[test]
fn the_rendered_description_names_every_path_and_needs_nothing_from_elsewhere() {
    let hotel = Hotel::open();
    let page = hotel.get("/api/docs").with(200);
    for path in hotel.get("/api/openapi.json").json()["paths"].as_object().unwrap().keys() {
        assert!(page.text.contains(&format!("<code>{path}</code>")), "{path} is missing");
    }
    assert!(!page.text.contains("://"), "{}", page.text);
}
