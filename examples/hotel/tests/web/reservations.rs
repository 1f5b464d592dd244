//! Rooms are reserved, sold, confirmed and given back, over HTTP.

use serde_json::{Value, json};

use crate::{hotel::Hotel, progress::followed};

/// What a guest asks for: the days of July 2099 between two of its days, in a suite, of which there are two.
fn wish(guest: &str, arrival: u32, departure: u32) -> Value {
    json!({
        "reservation": guest, "guest": format!("{guest}@example.com"), "room_type": "suite",
        "arrival": format!("2099-07-{arrival:02}"), "departure": format!("2099-07-{departure:02}"),
    })
}

/// The same, sold by a channel.
fn sold(booking: &str, arrival: u32, departure: u32) -> Value {
    let mut sold = wish(booking, arrival, departure);
    let fields = sold.as_object_mut().unwrap();
    fields.remove("reservation");
    fields.insert("channel".into(), "rooms.example".into());
    fields.insert("booking".into(), booking.into());
    sold
}

impl Hotel {
    fn reserve(&self, wish: &Value) -> u16 {
        self.post("/api/reservations", wish).status
    }

    /// Records a booking, and waits until its nights are taken.
    fn book(&self, sold: &Value) -> Value {
        let booked = self.post("/api/bookings", sold).json();
        followed(self, booked["events"].as_str().unwrap(), None);
        booked
    }

    /// How many suites are taken on each of the first days of July 2099.
    fn taken(&self, days: usize) -> Vec<u64> {
        let path = format!("/api/availability?from=2099-07-01&days={days}&room_type=suite");
        let found = self.get(&path).with(200).json();
        found["availability"].as_array().unwrap().iter().map(|it| it["reserved"].as_u64().unwrap()).collect()
    }

    fn status(&self, reservation: &str) -> Value {
        self.get(&format!("/api/reservations/{reservation}")).with(200).json()["status"].take()
    }
}

#[test]
fn a_room_is_reserved_confirmed_and_given_back() {
    let hotel = Hotel::open();

    let asked = hotel.post("/api/reservations", &wish("amara", 1, 4)).with(201);
    assert_eq!(asked.header("location"), "/api/reservations/amara");
    assert_eq!(hotel.taken(4), [1, 1, 1, 0]);
    assert_eq!(hotel.status("amara"), "reserved");

    let confirmed = hotel.post("/api/reservations/amara/confirm", &Value::Null).with(200).json();
    assert_eq!(confirmed["events"][0]["name"], "ReservationConfirmed");
    assert_eq!(hotel.status("amara"), "confirmed");

    let cancelled = hotel.post("/api/reservations/amara/cancel", &Value::Null).with(200).json();
    followed(&hotel, &format!("/api/processes/{}/events", cancelled["process"]), None);
    assert_eq!(hotel.status("amara"), "cancelled");
    assert_eq!(hotel.taken(4), [0, 0, 0, 0]);
}

#[test]
fn nobody_gets_a_room_that_is_not_there_and_nothing_is_kept_of_the_attempt() {
    let hotel = Hotel::open();
    assert_eq!([hotel.reserve(&wish("amara", 2, 3)), hotel.reserve(&wish("nils", 2, 3))], [201, 201]);
    let head = hotel.head();

    let problem = hotel.post("/api/reservations", &wish("mei", 1, 4)).problem(409, "no-room");

    assert_eq!(problem["detail"], "no room of the type suite is left on 2099-07-02");
    hotel.get("/api/reservations/mei").problem(404, "not-found");
    assert_eq!((hotel.head(), hotel.taken(3)), (head, vec![0, 2, 0]));
}

#[test]
fn of_many_who_ask_at_once_as_many_get_a_room_as_there_are() {
    let hotel = Hotel::open();
    let guests: Vec<String> = (0..8).map(|it| format!("guest-{it}")).collect();

    let answers: Vec<u16> = std::thread::scope(|scope| {
        let ask = |guest: &String| {
            let wish = wish(guest, 1, 4);
            let hotel = &hotel;
            scope.spawn(move || hotel.reserve(&wish))
        };
        let asking: Vec<_> = guests.iter().map(ask).collect();
        asking.into_iter().map(|it| it.join().unwrap()).collect()
    });

    let got = answers.iter().filter(|it| **it == 201).count();
    assert_eq!(answers.iter().filter(|it| **it == 409).count(), 8 - got, "{answers:?}");
    assert_eq!(hotel.taken(4), [got as u64, got as u64, got as u64, 0]);
    assert_eq!(got, 2, "all ask for the first night first: {answers:?}");
}

#[test]
fn a_room_that_a_channel_has_sold_is_taken_and_overbooking_is_told() {
    let hotel = Hotel::open();
    assert_eq!([hotel.reserve(&wish("amara", 1, 3)), hotel.reserve(&wish("nils", 1, 3))], [201, 201]);

    let third = hotel.book(&sold("8845", 2, 4));
    let fourth = hotel.book(&sold("8846", 2, 4));

    assert_eq!(hotel.taken(3), [2, 4, 2]);
    assert_eq!(hotel.status(third["reservation"].as_str().unwrap()), "confirmed");
    let second = hotel.get("/api/availability?from=2099-07-02&days=1&room_type=suite").json();
    let expected = json!({ "date": "2099-07-02", "room_type": "suite", "rooms": 2, "reserved": 4,
        "available": 0, "overbooked": 2, "over_the_limit": 1 });
    assert_eq!(second["availability"][0], expected);
    let told = |booked: &Value| -> Vec<Value> {
        let path = format!("/api/processes/{}", booked["process"]);
        let layers = hotel.get(&path).json()["layers"].take();
        let messages = layers.as_array().unwrap().iter().flat_map(|it| it["messages"].as_array().unwrap());
        let told = messages.filter(|it| it["kind"] == "event" && it["name"] == "DailyOverbookingDetected");
        told.map(|it| {
            json!([it["payload"]["date"], it["payload"]["overbooked"], it["payload"]["over_the_limit"]])
        })
        .collect()
    };
    assert_eq!(told(&third), [json!(["2099-07-02", 1, 0])]);
    assert_eq!(told(&fourth), [json!(["2099-07-02", 2, 1])]);
}

#[test]
fn the_same_booking_twice_is_one_and_with_other_days_it_is_refused() {
    let hotel = Hotel::open();
    let first = hotel.book(&sold("8845", 1, 3));

    let again = hotel.post("/api/bookings", &sold("8845", 1, 3)).with(200).json();
    hotel.post("/api/bookings", &sold("8845", 1, 4)).problem(409, "rejected");

    assert_eq!(again["reservation"], first["reservation"]);
    assert_eq!(hotel.taken(3), [1, 1, 0]);
}

#[test]
fn o3_a_reservation_that_is_asked_for_again_with_its_key_has_one_effect_and_one_answer() {
    let hotel = Hotel::open();
    let mut wish = wish("amara", 1, 3);
    wish.as_object_mut().unwrap().remove("reservation");
    let reserve = || hotel.post_with("/api/reservations", &[("idempotency-key", "key-7")], &wish).with(201);
    let first = reserve();
    assert_eq!(hotel.reserve(&self::wish("nils", 1, 3)), 201, "now it is full");
    let head = hotel.head();

    let again = reserve();

    assert_eq!(
        (again.text.as_str(), again.header("location")),
        (first.text.as_str(), first.header("location"))
    );
    assert_eq!((hotel.head(), hotel.taken(2)), (head, vec![2, 2]));
}

#[test]
fn days_that_make_no_sense_are_refused_and_nothing_is_written() {
    let hotel = Hotel::open();
    let head = hotel.head();
    let with = |field: &str, value: &str| {
        let mut wish = wish("amara", 1, 3);
        wish[field] = value.into();
        hotel.post("/api/reservations", &wish)
    };
    for (field, value) in [
        ("departure", "2099-07-01"),
        ("departure", "2099-06-30"),
        ("departure", "2099-12-01"),
        ("departure", "2099-07-32"),
        ("arrival", "20990701"),
        ("arrival", "2099-07-01T12:00"),
        ("room_type", "tent"),
        ("guest", "a b"),
    ] {
        with(field, value).problem(422, "invalid-input");
    }
    assert_eq!(hotel.head(), head);
    let past =
        json!({ "guest": "amara", "room_type": "suite", "arrival": "2001-01-01", "departure": "2001-01-02" });
    let problem = hotel.post("/api/reservations", &past).problem(409, "rejected");
    assert_eq!(problem["detail"], "the last night of the stay is over");
}

#[test]
fn a_search_is_for_some_days() {
    let hotel = Hotel::open();
    let count = |query: &str| {
        let found = hotel.get(&format!("/api/availability{query}")).with(200).json();
        found["availability"].as_array().unwrap().len()
    };
    assert_eq!((count(""), count("?days=1"), count("?days=92&room_type=double")), (42, 3, 92));
    for query in ["?days=0", "?days=93", "?room_type=tent"] {
        hotel.get(&format!("/api/availability{query}")).problem(400, "malformed");
    }
    for day in ["tomorrow", "2030-02-30", "20300701"] {
        hotel.get(&format!("/api/availability?from={day}")).problem(422, "invalid-input");
    }
}

#[test]
fn a_guest_s_reservations_are_found_by_the_id_from_elsewhere_page_by_page() {
    let hotel = Hotel::open();
    let with_guest = |mut body: Value| {
        body["guest"] = "amara@example.com".into();
        body
    };
    for (id, day) in [("c", 1), ("a", 2), ("b", 3)] {
        assert_eq!(hotel.reserve(&with_guest(wish(id, day, day + 1))), 201);
    }
    let booked = hotel.book(&with_guest(sold("8845", 1, 2)));
    assert_eq!(hotel.reserve(&wish("nils", 3, 4)), 201);
    hotel.post("/api/reservations/b/cancel", &Value::Null).with(200);

    let (mut next, mut found) =
        ("/api/reservations?guest=amara%40example.com&limit=3".to_owned(), Vec::new());
    while !next.is_empty() {
        let page = hotel.get(&next).with(200).json();
        found.extend(page["reservations"].as_array().unwrap().clone());
        next = page["next"].as_str().unwrap_or_default().into();
    }

    let of = |field: &str| -> Vec<&str> { found.iter().map(|it| it[field].as_str().unwrap()).collect() };
    assert_eq!(of("reservation"), ["a", "b", booked["reservation"].as_str().unwrap(), "c"]);
    assert_eq!(of("status"), ["reserved", "cancelled", "confirmed", "reserved"]);
    assert!(of("guest").iter().all(|it| it.starts_with("guest-") && *it == of("guest")[0]));
    let nobody = hotel.get("/api/reservations?guest=nobody").with(200).json();
    assert_eq!(nobody, json!({ "reservations": [], "next": null }));
}

#[test]
fn what_is_known_survives_a_hotel_that_is_killed() {
    let hotel = Hotel::open();
    assert_eq!(hotel.reserve(&wish("amara", 1, 3)), 201);
    hotel.book(&sold("8845", 2, 4));

    let hotel = Hotel::open_again(hotel.close(), "process-manager");

    assert_eq!(hotel.taken(4), [1, 2, 1, 0]);
    let found = hotel.get("/api/reservations?guest=amara%40example.com").with(200).json();
    assert_eq!(found["reservations"][0]["status"], "reserved");
}

#[test]
fn the_page_of_the_rooms_shows_what_is_left_and_what_is_missing() {
    let hotel = Hotel::open();
    assert_eq!(hotel.reserve(&wish("amara", 1, 4)), 201);
    for booking in ["8845", "8846", "8847"] {
        hotel.book(&sold(booking, 2, 4));
    }
    hotel.book(&sold("8848", 4, 5));

    let page = hotel.get("/availability?from=2099-07-01").with(200).text;

    assert!(page.contains("<time datetime=\"2099-07-01\">Wed  1 Jul</time>"), "{page}");
    assert!(page.contains("<strong>2</strong> overbooked"), "{page}");
    let missing = "2 missing<span class=\"limit\">1 over limit</span>";
    assert_eq!(page.matches(missing).count(), 2, "{page}");
    assert!(page.contains("href=\"/availability?from=2099-07-15\""), "{page}");
    assert_eq!(hotel.get("/availability").with(200).text.matches("<tr>").count(), 1 + 14);
    hotel.get("/availability?from=tomorrow").with(422);
    assert_eq!(hotel.get("/availability?from=9999-12-31").with(200).text.matches("<tr>").count(), 1 + 1);
}
