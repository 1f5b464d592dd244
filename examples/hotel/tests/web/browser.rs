//! The front desk in a real browser, without a mouse.

use serde_json::json;

use crate::{
    hotel::Hotel,
    web_driver::{Browser, ENTER, SPACE},
};

const CHECK_OUT: &str = "it.textContent === 'Check out the chosen guests'";

/// Chooses guests with the keyboard, in the order of the page.
fn choose(browser: &Browser, stays: &[String]) {
    for stay in stays {
        browser.tab_to(&format!("it.type === 'checkbox' && it.value === '{stay}'"));
        browser.press(SPACE);
    }
}

/// The stays of the first ten rooms; the eighth guest has an open balance.
fn first_ten(hotel: &Hotel) -> (Vec<String>, String) {
    let (settled, unsettled) = hotel.settled_and_unsettled();
    let mut group: Vec<String> = settled[..7].to_vec();
    group.push(unsettled[0].clone());
    group.extend_from_slice(&settled[7..9]);
    (group, unsettled[0].clone())
}

#[test]
fn a_clerk_checks_a_group_out_settles_what_is_open_and_starts_again_with_the_keyboard_only() {
    let (hotel, browser) = (Hotel::open(), Browser::open());
    let (group, unsettled) = first_ten(&hotel);
    browser.look(1280, 900, "light");
    browser.go_to(&hotel.address);
    choose(&browser, &group);
    assert_eq!(browser.read("document.querySelector('[data-count]').textContent"), "10 guests are chosen");
    browser.read("window.scrollTo(0, 0)");
    browser.picture("front-desk-before");

    browser.tab_to(CHECK_OUT);
    browser.press(ENTER);
    browser.wait_for("document.querySelectorAll('[data-announcements] p').length >= 4");
    browser.picture("front-desk-while");
    browser.wait_for("document.querySelector('#outcome h2')");
    browser.picture("front-desk-after");
    assert_eq!(
        browser.read("document.querySelector('#outcome h2').textContent"),
        "1 of 10 guests could not check out"
    );
    let announced =
        browser.read("[...document.querySelectorAll('[data-announcements] p')].map(it => it.textContent)");
    let announced = announced.as_array().unwrap();
    assert_eq!(announced.len(), 10, "each answer is announced once: {announced:?}");
    let failure = "could not check out: the balance is not settled";
    assert_eq!(announced.iter().filter(|it| it.as_str().unwrap().ends_with(failure)).count(), 1);
    assert_eq!(browser.read("document.querySelector('[data-answered]').textContent"), "10");

    browser.tab_to("it.closest('form.settle') && it.textContent.startsWith('Settle')");
    browser.press(ENTER);
    browser.wait_for("document.querySelector('#outcome .settled')");
    assert_eq!(hotel.stay(&unsettled)["balance"], "0.00");

    browser.tab_to("it.textContent === 'Choose them again'");
    browser.press(ENTER);
    browser.wait_for("document.querySelector('input[name=guest_stay]')");
    let chosen =
        browser.read("[...document.querySelectorAll('input[name=guest_stay]:checked')].map(it => it.value)");
    assert_eq!(chosen, json!([unsettled]));

    browser.tab_to(CHECK_OUT);
    browser.press(ENTER);
    browser.wait_for("document.querySelector('#outcome h2')");
    assert_eq!(
        browser.read("document.querySelector('#outcome h2').textContent"),
        "The guest has checked out"
    );
    assert_eq!(hotel.stay(&unsettled)["status"], "checked_out");
}

#[test]
fn a_page_that_waits_for_a_deadline_shows_by_itself_that_time_was_up() {
    let hotel = Hotel::open_where_nobody_answers_for("tanaka-103", &["--style", "process-manager"]);
    let browser = Browser::open();
    let group = json!({
        "group_checkout": "tour-7", "clerk": "eve", "guest_stays": ["okafor-101", "tanaka-103"], "within": "4s",
    });
    hotel.post("/api/group-checkouts", &group).with(202);

    browser.look(1280, 900, "light");
    browser.go_to(&format!("{}/group-checkouts/tour-7#live", hotel.address));
    browser.wait_for("document.querySelector('[data-answered]').textContent === '1'");
    browser.picture("deadline-before");
    browser.wait_for("document.querySelector('#outcome h2')");
    browser.picture("deadline-after");

    assert_eq!(
        browser.read("document.querySelector('#outcome h2').textContent"),
        "Time was up: 1 of 2 guests had not answered"
    );
    assert_eq!(
        browser.read("document.querySelector('[data-stay=tanaka-103] [data-words]').textContent"),
        "no answer in time"
    );
}

#[test]
fn a_charge_is_added_with_the_keyboard_and_shown() {
    let (hotel, browser) = (Hotel::open(), Browser::open());
    browser.go_to(&hotel.address);
    browser.tab_to("it.matches('summary') && it.closest('tr')?.id === 'stay-okafor-101'");
    browser.press(ENTER);
    browser.tab_to("it.name === 'amount' && it.id === 'charge-okafor-101'");
    for key in ["1", "2", ".", "5"] {
        browser.press(key);
    }
    browser.press(ENTER);
    browser.wait_for("document.querySelector('.note:not([hidden])')");
    assert_eq!(browser.read("document.querySelector('.note').textContent"), "Amara Okafor was charged.");
    assert_eq!(hotel.stay("okafor-101")["owed"], "12.50");
}

#[test]
fn all_settled_guests_are_chosen_at_once() {
    let (hotel, browser) = (Hotel::open(), Browser::open());
    browser.go_to(&hotel.address);
    browser.tab_to("it.dataset.choose === 'settled'");
    browser.press(ENTER);
    assert_eq!(browser.read("document.querySelectorAll('input[name=guest_stay]:checked').length"), 35);
    browser.tab_to("it.dataset.choose === 'none'");
    browser.press(ENTER);
    assert_eq!(browser.read("document.querySelectorAll('input[name=guest_stay]:checked').length"), 0);
}

#[test]
fn every_page_fits_a_phone_and_a_desk_and_loads_nothing_from_elsewhere() {
    let (hotel, browser) = (Hotel::open(), Browser::open());
    let (group, _) = first_ten(&hotel);
    let body = json!({ "group_checkout": "tour-7", "clerk": "eve", "guest_stays": group });
    let accepted = hotel.post("/api/group-checkouts", &body).with(202).json();
    crate::progress::followed(&hotel, accepted["events"].as_str().unwrap(), None);
    let process = format!("/processes/{}", accepted["process"]);
    let pages = [
        ("front-desk", "/?choose=settled"),
        ("group", "/group-checkouts/tour-7"),
        ("process", &process),
        ("rooms", "/availability?from=2099-07-01"),
        ("api", "/api/docs"),
    ];
    sell_more_suites_than_there_are(&hotel);
    for (name, path) in pages {
        for (width, scheme) in [(390, "light"), (390, "dark"), (1280, "dark")] {
            browser.look(width, 900, scheme);
            browser.go_to(&format!("{}{path}", hotel.address));
            browser.picture(&format!("{name}-{width}-{scheme}"));
            let overhang =
                browser.read("document.documentElement.scrollWidth - document.documentElement.clientWidth");
            assert_eq!(overhang, 0, "{path} is too wide for {width}");
        }
        let elsewhere = browser.read(
            "performance.getEntriesByType('resource').filter(it => !it.name.startsWith(location.origin)).length",
        );
        assert_eq!(elsewhere, 0);
        assert_eq!(
            browser.read("[document.querySelectorAll('main, h1').length, document.documentElement.lang]"),
            json!([2, "en"])
        );
    }
}

fn sell_more_suites_than_there_are(hotel: &Hotel) {
    for booking in ["8845", "8846", "8847", "8848"] {
        let sold = json!({ "channel": "rooms.example", "booking": booking, "guest": "amara@example.com",
            "room_type": "suite", "arrival": "2099-07-02", "departure": "2099-07-04" });
        let booked = hotel.post("/api/bookings", &sold).with(201).json();
        crate::progress::followed(hotel, booked["events"].as_str().unwrap(), None);
    }
}
