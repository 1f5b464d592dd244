//! Bad input gets a clear problem document with the right status, and changes nothing.

use serde_json::json;

use crate::hotel::Hotel;

const JSON: (&str, &str) = ("content-type", "application/json");

struct Case {
    method: &'static str,
    path: &'static str,
    headers: Vec<(&'static str, &'static str)>,
    body: String,
    status: u16,
    kind: &'static str,
    says: &'static str,
}

fn post(path: &'static str, body: &str, status: u16, kind: &'static str, says: &'static str) -> Case {
    Case { method: "POST", path, headers: vec![JSON], body: body.into(), status, kind, says }
}

fn get(path: &'static str, status: u16, kind: &'static str, says: &'static str) -> Case {
    Case { method: "GET", path, headers: vec![], body: String::new(), status, kind, says }
}

const CHARGES: &str = "/api/stays/okafor-101/charges";
const GROUPS: &str = "/api/group-checkouts";

fn bad_amounts() -> Vec<Case> {
    let charge = |body: &str, says| post(CHARGES, body, 422, "invalid-input", says);
    vec![
        charge(r#"{"amount":"-5"}"#, "more than zero"),
        charge(r#"{"amount":"0.00"}"#, "more than zero"),
        charge(r#"{"amount":"1000000.01"}"#, "not be more than 1000000.00"),
        charge(r#"{"amount":"0.001"}"#, "nothing smaller than a cent"),
        charge(r#"{"amount":"NaN"}"#, "write it like 99.50"),
        charge(r#"{"amount":"1e400"}"#, "write it like 99.50"),
        charge(r#"{"amount":""}"#, "write it like 99.50"),
        charge(r#"{"amount":99.5}"#, "invalid type"),
        charge(r#"{"amount":null}"#, "invalid type"),
        charge("{}", "missing field `amount`"),
        charge(r#"{"amount":"5","tip":"1"}"#, "unknown field `tip`"),
        charge(r#"["5"]"#, "must be an object"),
        post("/api/stays/okafor-101/payments", r#"{"amount":"-5"}"#, 422, "invalid-input", "more than zero"),
    ]
}

fn bad_bodies() -> Vec<Case> {
    let large = format!(r#"{{"amount":"{}"}}"#, "9".repeat(1024 * 1024));
    let as_text = vec![("content-type", "text/plain")];
    vec![
        post(CHARGES, r#"{"amount":"#, 400, "malformed", "no JSON"),
        post(CHARGES, "", 400, "malformed", "no JSON"),
        post(CHARGES, r#"{"amount":"5"} x"#, 400, "malformed", "no JSON"),
        post(CHARGES, &large, 413, "too-large", "length limit"),
        Case {
            headers: as_text,
            ..post(CHARGES, r#"{"amount":"5"}"#, 415, "wrong-content-type", "must be JSON")
        },
        Case {
            headers: vec![],
            ..post(CHARGES, r#"{"amount":"5"}"#, 415, "wrong-content-type", "must be JSON")
        },
        post("/api/stays", r#"{"guest":"Ada","room":-1}"#, 422, "invalid-input", "room"),
        post("/api/stays", r#"{"guest":"Ada","room":70000}"#, 422, "invalid-input", "room"),
        post("/api/stays", r#"{"guest":"Ada","room":"7"}"#, 422, "invalid-input", "room"),
        post("/api/stays", r#"{"guest":"  ","room":7}"#, 422, "invalid-input", "1 to 100 characters"),
        post(
            "/api/stays",
            r#"{"guest":"Ada","room":7,"guest_stay":"a b"}"#,
            422,
            "invalid-input",
            "cannot be an id",
        ),
    ]
}

fn bad_groups() -> Vec<Case> {
    let group = |body: &str, says| post(GROUPS, body, 422, "invalid-input", says);
    vec![
        group(r#"{"clerk":"eve","guest_stays":[]}"#, "at least one guest"),
        group(
            r#"{"clerk":"eve","guest_stays":["okafor-101","lindqvist-102","okafor-101"]}"#,
            "twice there: okafor-101",
        ),
        group(r#"{"clerk":"eve","guest_stays":["okafor-101","nobody-1","nobody-2"]}"#, "nobody-1, nobody-2"),
        group(r#"{"clerk":"eve","guest_stays":["../etc"]}"#, "cannot be an id"),
        group(r#"{"clerk":"","guest_stays":["okafor-101"]}"#, "cannot be an id"),
        group(r#"{"clerk":"eve","guest_stays":"okafor-101"}"#, "invalid type"),
        group(r#"{"guest_stays":["okafor-101"]}"#, "missing field `clerk`"),
        group(
            r#"{"clerk":"eve","guest_stays":["okafor-101"],"within":"soon"}"#,
            "write a duration, like `30m`",
        ),
        group(r#"{"clerk":"eve","guest_stays":["okafor-101"],"within":"P1M"}"#, "write a duration"),
        group(
            r#"{"clerk":"eve","guest_stays":["okafor-101"],"within":"PT0S"}"#,
            "must have some time to answer",
        ),
        group(
            r#"{"clerk":"eve","guest_stays":["okafor-101"],"within":"-PT5M"}"#,
            "must have some time to answer",
        ),
        group(
            r#"{"clerk":"eve","guest_stays":["okafor-101"],"within":"P400D"}"#,
            "not be more than 366 days",
        ),
        group(r#"{"clerk":"eve","guest_stays":["okafor-101"],"within":30}"#, "invalid type"),
    ]
}

fn unknown_things() -> Vec<Case> {
    vec![
        get("/api/stays/nobody", 404, "not-found", "no guest stay nobody"),
        get("/api/stays/a%20b", 404, "not-found", "cannot be an id"),
        get("/api/stays/%FF", 404, "not-found", "UTF-8"),
        post("/api/stays/nobody/charges", r#"{"amount":"5"}"#, 404, "not-found", "no guest stay nobody"),
        post("/api/stays/nobody/check-out", "", 404, "not-found", "no guest stay nobody"),
        get("/api/group-checkouts/none", 404, "not-found", "no group checkout none"),
        get("/api/processes/999999", 404, "not-found", "no process 999999"),
        get("/api/processes/999999/events", 404, "not-found", "no process 999999"),
        get("/api/processes/2", 404, "not-found", "no process 2"),
        get("/api/processes/seven", 404, "not-found", "seven"),
        get("/api/nothing", 404, "not-found", "/api/nothing"),
        get("/api", 404, "not-found", "/api"),
        get("/api/stays/", 404, "not-found", "/api/stays/"),
        Case { method: "DELETE", ..get("/api/stays/okafor-101", 405, "wrong-method", "DELETE") },
        get(CHARGES, 405, "wrong-method", "GET"),
        get("/api/stays?limit=0", 400, "malformed", "1 to 500"),
        get("/api/stays?limit=many", 400, "malformed", "limit"),
    ]
}

fn bad_headers() -> Vec<Case> {
    let with = |name, value, status, kind, says| Case {
        headers: vec![JSON, (name, value)],
        ..post(CHARGES, r#"{"amount":"5"}"#, status, kind, says)
    };
    let last = vec![("last-event-id", "seven")];
    vec![
        with("if-match", "\"99\"", 412, "stale-version", "not 99"),
        with("if-match", "W/\"3\"", 412, "stale-version", "an unknown tag"),
        with("if-match", "3", 400, "malformed", "If-Match"),
        with("idempotency-key", "a b", 400, "malformed", "Idempotency-Key"),
        with("origin", "http://elsewhere.example", 403, "other-site", "own pages"),
        Case { headers: last, ..get("/api/processes/1/events", 400, "malformed", "Last-Event-ID") },
    ]
}

#[test]
fn bad_input_is_told_as_a_problem_and_changes_nothing() {
    let hotel = Hotel::open();
    let (before, head) = (hotel.stays(), hotel.head());
    let cases = [bad_amounts(), bad_bodies(), bad_groups(), unknown_things(), bad_headers()];
    for case in cases.into_iter().flatten() {
        let shown: String = case.body.chars().take(80).collect();
        let name = format!("{} {} {:?} {shown}", case.method, case.path, case.headers);
        let answer = hotel.ask(case.method, case.path, &case.headers, &case.body);
        assert_eq!(answer.status, case.status, "{name}: {}", answer.text);
        let problem = answer.problem(case.status, case.kind);
        assert!(problem["detail"].as_str().unwrap().contains(case.says), "{name}: {problem}");
    }
    assert_eq!(hotel.head(), head, "something was written");
    assert_eq!(hotel.stays(), before);
}

#[test]
fn unknown_guests_of_a_group_are_named() {
    let hotel = Hotel::open();
    let body = json!({ "clerk": "eve", "guest_stays": ["okafor-101", "nobody-1", "nobody-2"] });
    let problem = hotel.post(GROUPS, &body).problem(422, "invalid-input");
    assert_eq!(problem["guest_stays"], json!(["nobody-1", "nobody-2"]));
}

#[test]
fn a_wrong_method_names_the_right_ones() {
    let hotel = Hotel::open();
    assert_eq!(hotel.ask("DELETE", "/api/group-checkouts", &[], "").header("allow"), "POST");
}

#[test]
fn outside_the_api_a_problem_is_a_page() {
    let hotel = Hotel::open();
    for path in ["/nothing", "/group-checkouts/none", "/processes/999999"] {
        let answer = hotel.get(path).with(404);
        assert_eq!(answer.header("content-type"), "text/html; charset=utf-8");
        assert!(answer.text.contains("Back to the front desk"), "{}", answer.text);
    }
}
