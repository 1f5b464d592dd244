use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
};

use serde_json::Value;

use crate::program::{Program, Serving};

fn status_of_the_page(serving: &Serving) -> String {
    let address: SocketAddr = serving.address().trim_start_matches("http://").parse().unwrap();
    let mut connection = TcpStream::connect(address).unwrap();
    connection.write_all(b"GET / HTTP/1.1\r\nHost: hotel\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).unwrap();
    answer.lines().next().unwrap().into()
}

#[test]
fn an_empty_hotel_gets_forty_guests_once() {
    let program = Program::new();
    let guests = |program: &Program| -> Value {
        serde_json::from_str(&program.run(["stays", "--json"]).succeeded()).unwrap()
    };

    let serving = program.serve();
    assert_eq!(status_of_the_page(&serving), "HTTP/1.1 200 OK");
    let first = guests(&program);
    serving.stop("TERM").succeeded();
    program.serve().stop("TERM").succeeded();

    assert_eq!(guests(&program), first, "the second start has added nobody");
    let first = first.as_array().unwrap();
    let owing = first.iter().filter(|it| it["balance"] != "0.00").count();
    assert_eq!((first.len(), owing), (40, 5));
}

#[test]
fn sigterm_and_ctrl_c_close_the_hotel_cleanly_and_the_store_opens_again() {
    let program = Program::with_guests();
    for signal in ["TERM", "INT"] {
        let ran = program.serve().stop(signal);

        let closed = ran.succeeded();
        assert!(closed.contains("The hotel is closed, and everything is in sqlite:hotel.db"), "{closed}");
        assert!(!program.path("hotel.db-wal").exists(), "everything is in the one file");
        program.run(["charge", "ada", "1"]).succeeded();
    }
}

#[test]
fn while_the_hotel_is_open_others_may_read_its_store_and_not_write_it() {
    let program = Program::with_guests();
    let serving = program.serve();
    let before = program.log();

    let in_use = format!("in use by another process with pid {}", serving.pid());
    let writing: [&[&str]; 5] = [
        &["charge", "ada", "5"],
        &["pay", "ada", "5"],
        &["check-in", "--guest", "Eve", "--room", "1"],
        &["check-out-group", "ada", "--clerk", "eve"],
        &["serve", "--listen", "127.0.0.1:0"],
    ];
    for arguments in writing {
        let ran = program.run(arguments).failed(1, &in_use);
        assert!(ran.stderr.contains("its API, or stop it"), "{ran:?}");
    }
    program.run(["demo", "--store", "sqlite:hotel.db"]).failed(1, &in_use);

    assert!(program.run(["stays"]).succeeded().contains("Ada Okafor"));
    assert!(program.run(["history", "1"]).succeeded().contains("GuestCheckedIn"));
    assert_eq!(program.log(), before);
    assert_eq!(status_of_the_page(&serving), "HTTP/1.1 200 OK", "the hotel has not noticed");
}

#[test]
fn an_address_that_is_taken_is_named_and_no_store_is_made() {
    let program = Program::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();

    let ran = program.run(["serve", "--listen", &address]);

    ran.failed(1, &format!("the hotel cannot listen on {address}"));
    assert!(!program.path("hotel.db").exists());
}

#[test]
fn a_connection_that_stays_open_does_not_keep_the_hotel_open() {
    let program = Program::with_guests();
    let serving = program.serve();
    let address: SocketAddr = serving.address().trim_start_matches("http://").parse().unwrap();
    let _idle = TcpStream::connect(address).unwrap();

    serving.stop("TERM").succeeded();
}
