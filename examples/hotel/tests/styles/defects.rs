//! Defects of other people's group checkouts, which are public. Each test has the name of one, and fails if a style has it.

use std::collections::BTreeSet;

use hotel::{
    Style,
    group_checkouts::{GroupCheckout, Outcome},
    guest_stays::GuestCheckedOut,
    hotel,
};
use procession::{
    Decider, Limits, Runtime, Stream,
    log::{Position, Recorded},
    sqlite::SqliteStore,
};

use crate::{
    delivery::{Delivery, Promise},
    plan::{Pays, Plan, answers_of, charge, check_in, group, outcome, pay},
};

fn plan() -> Plan {
    Plan { guests: vec![Pays::Before, Pays::Never, Pays::Before], seed: 1 }
}

/// A hotel, of whose messages those with this name come last.
fn ended_with(style: Style, promise: Promise, last: &str) -> Delivery {
    let plan = plan();
    let mut hotel = plan.hotel(style, promise);
    hotel.send(&plan.initiate(None));
    hotel.finish_with(last);
    hotel
}

fn ends_as_planned(hotel: &Delivery, style: Style) {
    let state: GroupCheckout = hotel.state(group().as_str());
    let expected = plan().answers();
    assert_eq!(answers_of(&state), expected, "{style}");
    assert_eq!(state.outcome, Some(outcome(&expected)), "{style}");
}

const ASKED: &str = "RecordGuestCheckoutsInitiation";

/// The events of the group.
fn names(hotel: &Delivery) -> Vec<&str> {
    let events = hotel.events.get(&Stream::new(GroupCheckout::CATEGORY, "tour").unwrap());
    events.into_iter().flatten().map(|it| &*it.name).collect()
}

/// A guard that was the wrong way round let nobody be asked.
#[test]
fn every_guest_of_a_group_is_asked_and_the_asking_is_recorded() {
    for style in Style::ALL {
        let hotel = ended_with(style, Promise::OneStore, "");
        let names = names(&hotel);
        assert_eq!(names[..2], ["GroupCheckoutInitiated", "GuestCheckoutsInitiated"], "{style}");
        assert_eq!(names.len(), 2 + 3 + 1, "{style}: {names:?}");
    }
}

/// A guard dropped every answer of a group that was "initiated" still.
#[test]
fn an_answer_counts_also_before_the_asking_was_recorded() {
    for style in Style::ALL {
        // Between stores nothing promises that the one is recorded before the other.
        let hotel = ended_with(style, Promise::BetweenStores, ASKED);
        ends_as_planned(&hotel, style);
    }
}

/// The asking, recorded after an answer, set that guest back to "asked", and the group never ended.
#[test]
fn the_asking_that_is_recorded_after_an_answer_takes_no_answer_back() {
    for style in [Style::Saga, Style::Choreography] {
        let plan = plan();
        let mut hotel = plan.hotel(style, Promise::BetweenStores);
        hotel.send(&plan.initiate(None));
        while names(&hotel).len() < 2 {
            assert!(hotel.step_but(ASKED), "an answer comes");
        }
        assert!(hotel.step_with(ASKED));

        let recorded = names(&hotel);
        assert!(
            recorded[1].starts_with("GuestCheckout") && recorded[1].ends_with("Recorded"),
            "{recorded:?}"
        );
        assert_eq!(recorded[2..], ["GuestCheckoutsInitiated"], "{style}");
        hotel.finish();
        ends_as_planned(&hotel, style);
    }
}

/// The handler forgot which group has asked, and no answer found its way back.
#[test]
fn an_answer_names_the_group_that_has_asked() {
    for style in Style::ALL {
        let hotel = ended_with(style, Promise::OneStore, "");
        let answers = hotel.events.values().flatten().filter(|it| it.name == "GuestCheckedOut");
        let answers = answers.map(|it| serde_json::from_str::<GuestCheckedOut>(&it.payload).unwrap());
        let groups: Vec<_> = answers.map(|it| it.group_checkout).collect();
        assert_eq!(groups, [Some(group()), Some(group())], "{style}");
        ends_as_planned(&hotel, style);
    }
}

/// The guests were asked one by one: a crash in between left half of them unasked, and asking again asked some twice.
#[test]
fn wherever_the_hotel_stops_all_guests_were_asked_or_none_and_each_is_asked_once() {
    let folder = tempfile::tempdir().unwrap();
    for style in Style::ALL {
        let store = folder.path().join(style.name());
        for stop_at in 0.. {
            let log = stops_and_goes_on(&store.with_extension(stop_at.to_string()), style, stop_at);
            if log < stop_at {
                break;
            }
        }
    }
}

/// Stops a hotel when its log has grown by so many messages, and opens it again. Returns how many there are in the end.
#[tokio::main]
async fn stops_and_goes_on(path: &std::path::Path, style: Style, stop_at: u64) -> u64 {
    let (application, plan) = (hotel(style).unwrap(), plan());
    let start = async || {
        let mut limits = Limits::default();
        limits.batch_messages = 1;
        Runtime::builder().limits(limits).start(&application, SqliteStore::open(path).unwrap()).await.unwrap()
    };
    let runtime = start().await;
    for (stay, pays) in plan.stays() {
        runtime.execute(check_in(stay.clone())).await.unwrap();
        runtime.execute(charge(stay.clone())).await.unwrap();
        if pays == Pays::Before {
            runtime.execute(pay(stay)).await.unwrap();
        }
    }
    let before = *runtime.committed().borrow();
    let process = runtime.execute(plan.initiate(None)).await.unwrap().process;
    let mut committed = runtime.committed();
    let waiting = committed.wait_for(|it| it.0 >= before.0 + stop_at);
    tokio::select! {
        _ = waiting => {}
        quiet = runtime.wait(process) => drop(quiet.unwrap()),
    }
    let (asked, _) = asked(&runtime, before).await;
    assert!(asked.is_empty() || asked.len() == plan.guests.len(), "{style}, stopped at {stop_at}: {asked:?}");
    runtime.stop().await.unwrap();

    let runtime = start().await;
    runtime.settled().await.unwrap();
    let (asked, log) = self::asked(&runtime, before).await;
    assert_eq!(asked.len(), plan.guests.len(), "{style}, stopped at {stop_at}: {asked:?}");
    let state = runtime.reader().instance::<GroupCheckout>(group()).await.unwrap().state;
    assert_eq!((answers_of(&state), state.outcome), (plan.answers(), Some(Outcome::Failed)));
    runtime.stop().await.unwrap();
    log
}

/// The guests who were asked, each of them once; and how many messages there are.
async fn asked(runtime: &Runtime, after: Position) -> (BTreeSet<String>, u64) {
    let log = runtime.reader().store().read_log(after, 1000).await.unwrap();
    let asks: Vec<&Recorded> = log.iter().filter(|it| it.entry.name == "CheckOutGuest").collect();
    let guests: BTreeSet<String> = asks.iter().map(|it| it.entry.stream.id().into()).collect();
    assert_eq!(guests.len(), asks.len(), "nobody is asked twice");
    (guests, log.len() as u64)
}
