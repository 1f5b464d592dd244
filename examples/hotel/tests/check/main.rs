//! Every order in which the messages of a group checkout and of reservations may arrive.

#![expect(
    clippy::unwrap_used,
    reason = "in tests a broken expectation ends the test, also in what the tests share"
)]

mod reservations;
mod runs;

use hotel::{
    GuestStayId, Style,
    checks::{Group, every_group_checkout_ends},
    group_checkouts::{
        GroupCheckoutCompleted, GroupCheckoutInitiated, InitiateGroupCheckout, RecordGuestCheckoutCompletion,
        RecordGuestCheckoutFailure, RecordGuestCheckoutsInitiation, TimeoutGroupCheckout,
    },
    guest_stays::{self, CheckOutGuest, GuestCheckedOut},
    hotel,
};
use procession::{
    Application, Module, Saga,
    check::{Check, Verdict, World},
};

#[test]
fn every_group_checkout_ends_in_every_style() {
    for style in Style::ALL {
        let group = Group { guests: 3, unsettled: 1, has_deadline: true };
        let report = every_group_checkout_ends(hotel(style), group).unwrap().run();
        println!("{style}: {report}");
    }
}

/// How many worlds there are of a group without and with reductions.
#[test]
fn what_is_left_out_makes_no_difference() {
    for style in Style::ALL {
        for (guests, unsettled, duplicates) in [(2, 0, 0), (2, 1, 0), (2, 2, 1), (3, 1, 0)] {
            let group = Group { guests, unsettled, has_deadline: true };
            let check = || every_group_checkout_ends(hotel(style), group).unwrap().duplicates(duplicates);
            let few = check().explore().unwrap();
            let all = check().without_reductions().explore().unwrap();
            println!("{style}, {group:?}: {} of {} worlds", few.states, all.states);
            assert!(few.holds(), "{few}");
            assert!(all.holds(), "{all}");
            assert!(few.states < all.states);
        }
    }
}

/// A way that was printed by a check is a test to keep. Here, who has not paid does so just in time.
#[test]
fn a_group_whose_payment_comes_in_the_middle_is_completed() {
    let is_completed = |world: &World<'_>| !world.events::<GroupCheckoutCompleted>().is_empty();
    the_check().finally("it is completed", is_completed).along([
        "group_checkout tour handles InitiateGroupCheckout",
        "guest_stay stay-2 handles CheckOutGuest",
        "from outside: guest_stay stay-1 handles RecordPayment",
        "guest_stay stay-1 handles CheckOutGuest",
    ]);
}

fn the_check() -> Check {
    let group = Group { guests: 2, unsettled: 1, has_deadline: true };
    every_group_checkout_ends(hotel(Style::default()), group).unwrap()
}

/// What is checked is what runs: a handler that is changed changes the verdict.
#[test]
fn a_hotel_whose_saga_does_not_hear_of_guests_who_cannot_leave_is_found() {
    let forgetful = Saga::named("group_checkout")
        .on(|event: &GroupCheckoutInitiated| {
            let group_checkout = event.group_checkout.clone();
            let ask = |guest_stay: &GuestStayId| CheckOutGuest {
                guest_stay: guest_stay.clone(),
                group_checkout: Some(group_checkout.clone()),
            };
            let asked: Vec<_> = event.guest_stays.iter().map(ask).collect();
            (asked, RecordGuestCheckoutsInitiation { group_checkout })
        })
        .on(|event: &GuestCheckedOut| {
            let guest_stay = event.guest_stay.clone();
            let recorded = |group_checkout| RecordGuestCheckoutCompletion { group_checkout, guest_stay };
            event.group_checkout.clone().map(recorded)
        });
    let group_checkouts = Module::named("group_checkouts")
        .handles::<InitiateGroupCheckout>()
        .handles::<RecordGuestCheckoutsInitiation>()
        .handles::<RecordGuestCheckoutCompletion>()
        .handles::<RecordGuestCheckoutFailure>()
        .handles::<TimeoutGroupCheckout>()
        .saga(forgetful);
    let changed = Application::assemble([guest_stays::module(Style::Saga), group_checkouts]);

    let group = Group { guests: 3, unsettled: 1, has_deadline: false };
    let report = every_group_checkout_ends(changed, group).unwrap().explore().unwrap();

    let Verdict::Broken(counterexample) = &report.verdict else { panic!("{report}") };
    assert_eq!(counterexample.property, "every process ends");
    assert!(counterexample.reason.contains("group_checkout tour has not ended"), "{counterexample}");
}
