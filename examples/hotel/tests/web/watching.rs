//! What machines look at: the metrics, and the hotel's health.

use std::{
    collections::BTreeSet,
    io::{BufRead, BufReader, Read, Write},
    net::TcpListener,
};

use procession::metrics;
use saphyr::{LoadableYamlNode, Yaml};
use serde_json::{Value, json};

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

fn operations(file: &str) -> String {
    let path = format!("{}/../../ops/{file}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

#[test]
fn the_dashboard_and_the_alerts_name_metrics_that_exist() {
    for file in ["grafana-dashboard.json", "alerts.yml"] {
        let text = operations(file);
        let names = named_in(&text);
        assert!(names.len() > 8, "{file}: {names:?}");
        for name in names {
            assert!(metrics::ALL.iter().any(|it| it.name == name), "{file}: nobody counts {name}");
        }
    }
}

#[test]
fn the_dashboard_can_be_imported_and_every_panel_asks_the_chosen_prometheus() {
    let dashboard: Value = serde_json::from_str(&operations("grafana-dashboard.json")).unwrap();
    let variables = dashboard["templating"]["list"].as_array().unwrap();
    assert!(variables.iter().any(|it| it["type"] == "datasource" && it["name"] == "datasource"));
    let panels: Vec<&Value> =
        dashboard["panels"].as_array().unwrap().iter().filter(|it| it["type"] != "row").collect();
    assert!(panels.len() > 10);
    for panel in panels {
        assert_eq!(panel["datasource"]["uid"], "${datasource}", "{}", panel["title"]);
        assert!(panel["description"].as_str().is_some_and(|it| !it.is_empty()), "{}", panel["title"]);
        assert!(panel["targets"].as_array().is_some_and(|it| !it.is_empty()), "{}", panel["title"]);
    }
}

#[test]
fn every_alert_says_what_it_means_and_what_to_do() {
    let rules = Yaml::load_from_str(&operations("alerts.yml")).unwrap();
    let rules = rules[0]["groups"][0]["rules"].as_vec().unwrap();
    assert!(rules.len() > 8);
    for rule in rules {
        let name = rule["alert"].as_str().unwrap();
        assert!(name.starts_with("Procession"), "{name}");
        assert!(rule["expr"].as_str().unwrap().contains("procession_"), "{name}");
        assert!(["page", "ticket"].contains(&rule["labels"]["severity"].as_str().unwrap()), "{name}");
        let said = |key: &str| rule["annotations"][key].as_str().unwrap_or_default().to_owned();
        assert!(said("summary").contains("{{ $labels.store }}") && !said("description").is_empty(), "{name}");
        assert!(said("runbook").starts_with("docs/operate.md: "), "{name}");
    }
}

/// Takes one request as a receiver of OTLP does, and gives its path and its body.
fn receive(listener: &TcpListener) -> (String, Vec<u8>) {
    let mut stream = BufReader::new(listener.accept().unwrap().0);
    let (mut request, mut length) = (String::new(), 0);
    stream.read_line(&mut request).unwrap();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).unwrap();
        match line.trim().to_ascii_lowercase().split_once(": ") {
            Some(("content-length", bytes)) => length = bytes.parse().unwrap(),
            Some(_) => {}
            None => break,
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).unwrap();
    let answer = "HTTP/1.1 200 OK\r\ncontent-type: application/x-protobuf\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
    stream.get_mut().write_all(answer.as_bytes()).unwrap();
    (request.split(' ').nth(1).unwrap().to_owned(), body)
}

#[test]
fn the_hotel_exports_traces_to_where_it_is_told_and_they_belong_to_the_trace_of_who_asks() {
    let receiver = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", receiver.local_addr().unwrap());
    let trace = 0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736_u128.to_be_bytes();
    let receiving = std::thread::spawn(move || {
        // The guests of a new hotel come first.
        std::iter::repeat_with(|| receive(&receiver)).find(|(_, body)| body.windows(16).any(|it| it == trace))
    });

    let hotel = Hotel::open_as(&["--otlp", &address]);
    let (settled, _) = hotel.settled_and_unsettled();
    let traceparent = [("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")];
    let group = json!({ "clerk": "eve", "guest_stays": settled });
    hotel.post_with("/api/group-checkouts", &traceparent, &group).with(202);

    let (path, _) = receiving.join().unwrap().unwrap();
    assert_eq!(path, "/v1/traces");
}
