use std::{
    io::{BufRead, BufReader, Write},
    net::TcpStream,
};

use serde_json::{Value, json};

use crate::hotel::{Hotel, STYLES};

/// An event of a stream: its type, its id and its data.
#[derive(Debug, PartialEq)]
pub(crate) struct Sent {
    pub(crate) kind: String,
    pub(crate) id: Option<u64>,
    pub(crate) data: Value,
}

/// Follows a process to the end of its stream.
pub(crate) fn followed(hotel: &Hotel, path: &str, last_event_id: Option<u64>) -> Vec<Sent> {
    let id = last_event_id.map(|it| it.to_string());
    let headers: Vec<(&str, &str)> = id.iter().map(|it| ("last-event-id", it.as_str())).collect();
    let answer = hotel.ask("GET", path, &headers, "").with(200);
    assert_eq!(answer.header("content-type"), "text/event-stream");
    answer.text.split("\n\n").filter(|it| !it.trim().is_empty()).map(sent).collect()
}

fn sent(block: &str) -> Sent {
    let field = |name: &str| block.lines().find_map(|it| it.strip_prefix(name)).map(str::trim);
    Sent {
        kind: field("event:").unwrap().into(),
        id: field("id:").map(|it| it.parse().unwrap()),
        data: serde_json::from_str(field("data:").unwrap()).unwrap(),
    }
}

fn check_out_five(hotel: &Hotel) -> String {
    let (settled, _) = hotel.settled_and_unsettled();
    let group = json!({ "clerk": "eve", "guest_stays": settled[..5] });
    hotel.post("/api/group-checkouts", &group).with(202).json()["events"].as_str().unwrap().into()
}

#[test]
fn a_process_can_be_followed_from_its_first_message_until_it_is_quiet() {
    for style in STYLES {
        let hotel = Hotel::open_in(style);
        let path = check_out_five(&hotel);
        let sent = followed(&hotel, &path, None);

        let (last, messages) = sent.split_last().unwrap();
        assert_eq!(last.kind, "quiet");
        assert_eq!(last.data["parked"], 0);
        assert!(messages.iter().all(|it| it.kind == "message" && it.id == it.data["position"].as_u64()));
        assert!(messages.is_sorted_by_key(|it| it.id));
        assert_eq!(messages[0].data["name"], "InitiateGroupCheckout");
        let answers = messages.iter().filter(|it| it.data["name"] == "GuestCheckoutCompletionRecorded");
        assert_eq!(answers.count(), 5);
        assert_eq!(messages.last().unwrap().data["name"], "GroupCheckoutCompleted");
    }
}

#[test]
fn who_lost_the_connection_goes_on_after_the_last_event_seen() {
    for style in STYLES {
        let hotel = Hotel::open_in(style);
        let path = check_out_five(&hotel);
        let all = followed(&hotel, &path, None);
        for seen in [0, 3, all.len() - 2] {
            assert_eq!(followed(&hotel, &path, all[seen].id), all[seen + 1..], "after event {seen}");
        }
    }
}

#[test]
fn a_large_process_is_told_line_by_line_and_is_quiet_only_after_the_last_answer() {
    const GUESTS: usize = 300;
    for style in STYLES {
        let hotel = Hotel::open_in(style);
        let guests: Vec<String> = (0..GUESTS).map(|it| format!("tour-{it}")).collect();
        for id in &guests {
            hotel.post("/api/stays", &json!({ "guest_stay": id, "guest": "Tourist", "room": 7 })).with(201);
        }
        let group = json!({ "group_checkout": "large", "clerk": "eve", "guest_stays": guests });
        let accepted = hotel.post("/api/group-checkouts", &group).with(202).json();

        let host = hotel.address.strip_prefix("http://").unwrap();
        let mut connection = TcpStream::connect(host).unwrap();
        let path = accepted["events"].as_str().unwrap();
        write!(connection, "GET {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n").unwrap();
        let (mut answers, mut is_quiet) = (0, false);
        for line in BufReader::new(connection).lines().map_while(Result::ok) {
            answers += usize::from(line.contains("\"name\":\"GuestCheckoutCompletionRecorded\""));
            is_quiet |= line == "event: quiet";
            assert!(!is_quiet || answers == GUESTS, "quiet after {answers} answers");
        }
        assert!(is_quiet);
        assert_eq!(hotel.get("/api/group-checkouts/large").json()["outcome"], "completed");
    }
}
