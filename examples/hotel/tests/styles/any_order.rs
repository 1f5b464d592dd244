use std::{cell::Cell, time::Instant};

use hotel::{
    Style,
    group_checkouts::{GroupCheckout, Outcome},
    guest_stays::{GuestStay, Status},
};
use jiff::SignedDuration;
use procession::{Decider, Stream};
use proptest::test_runner::{Config, TestRunner};

use crate::{
    delivery::{Chance, Delivery, Promise},
    plan::{Pays, Plan, answers_of, group, outcome, plans},
};

const CASES: u32 = 256;
const LARGEST: usize = 200;

/// What a test has tried, told at its end.
#[derive(Default)]
struct Tried {
    guests: Cell<usize>,
    largest: Cell<usize>,
    handled: Cell<u64>,
    duplicates: Cell<u64>,
    style_changes: Cell<u64>,
    timed_out: Cell<u64>,
}

impl Tried {
    fn add(&self, plan: &Plan, hotel: &Delivery) {
        self.guests.update(|it| it + plan.guests.len());
        self.largest.update(|it| it.max(plan.guests.len()));
        self.handled.update(|it| it + hotel.handled);
        self.duplicates.update(|it| it + hotel.duplicates);
        self.style_changes.update(|it| it + hotel.style_changes);
    }
}

/// Tries many plans. A failure names the smallest one that was found, with its seed.
fn for_any_plan(what: &str, test: impl Fn(&Plan, &Tried)) -> Tried {
    let (tried, began) = (Tried::default(), Instant::now());
    let config = Config { cases: CASES, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new(config);
    let result = runner.run(&plans(LARGEST), |plan| {
        test(&plan, &tried);
        Ok(())
    });
    if let Err(failure) = result {
        panic!("{what}: {failure}");
    }
    println!(
        "{what}: {CASES} plans, {} guests in all runs, up to {} in a group, {} messages handled, {} duplicates, {} \
         style changes, {} groups timed out, in {:.1} s",
        tried.guests.get(),
        tried.largest.get(),
        tried.handled.get(),
        tried.duplicates.get(),
        tried.style_changes.get(),
        tried.timed_out.get(),
        began.elapsed().as_secs_f64()
    );
    tried
}

/// The group's own account, which must be complete, and true to what each guest did.
fn ended(plan: &Plan, hotel: &Delivery, tried: &Tried) -> GroupCheckout {
    tried.add(plan, hotel);
    let state: GroupCheckout = hotel.state(group().as_str());
    if plan.guests.is_empty() {
        assert_eq!(state, GroupCheckout::default(), "a group without guests does not begin");
        assert_eq!(hotel.rejections.len(), 1);
        return state;
    }
    assert_eq!(hotel.rejections, [""; 0]);
    let expected = plan.answers();
    let answers = answers_of(&state);
    if state.outcome == Some(Outcome::TimedOut) {
        assert!(answers.len() < expected.len(), "somebody has not answered");
        assert!(answers.iter().all(|(stay, answer)| expected[stay] == *answer), "{answers:?}");
        tried.timed_out.update(|it| it + 1);
    } else {
        assert_eq!(answers, expected);
        assert_eq!(state.outcome, Some(outcome(&expected)));
    }
    assert_eq!(
        count(hotel, &["GuestCheckoutCompletionRecorded", "GuestCheckoutFailureRecorded"]),
        answers.len()
    );
    assert_eq!(count(hotel, &["GroupCheckoutInitiated"]), 1);
    assert_eq!(count(hotel, &["GroupCheckoutCompleted", "GroupCheckoutFailed", "GroupCheckoutTimedOut"]), 1);
    state
}

/// How many events of these names the group has.
fn count(hotel: &Delivery, names: &[&str]) -> usize {
    let stream = Stream::new(GroupCheckout::CATEGORY, group().as_str().to_owned()).unwrap();
    let events = hotel.events.get(&stream).into_iter().flatten();
    events.filter(|it| names.contains(&&*it.name)).count()
}

/// Whoever has settled in time has left, whatever became of the group.
fn everybody_did_as_planned(plan: &Plan, hotel: &Delivery) {
    for (stay, pays) in plan.stays() {
        let status = hotel.state::<GuestStay>(stay.as_str()).status;
        let left = matches!(pays, Pays::Before | Pays::InTime);
        assert_eq!(status, if left { Status::CheckedOut } else { Status::Open }, "{stay}");
    }
}

#[test]
fn in_any_order_within_one_store_all_styles_end_the_same() {
    for_any_plan("any order within one store", |plan, tried| {
        let [saga, others @ ..] = Style::ALL.map(|style| {
            let mut hotel = plan.hotel(style, Promise::OneStore);
            hotel.send(&plan.initiate(None));
            hotel.finish();
            if !plan.guests.is_empty() {
                assert_eq!(count(&hotel, &["GuestCheckoutsInitiated"]), 1, "{style}");
                everybody_did_as_planned(plan, &hotel);
            }
            ended(plan, &hotel, tried)
        });
        others.iter().for_each(|it| assert_eq!(*it, saga));
    });
}

#[test]
fn with_duplicates_and_in_any_order_between_stores_all_styles_end_the_same() {
    let tried = for_any_plan("duplicates, and any order between stores", |plan, tried| {
        let [saga, others @ ..] = Style::ALL.map(|style| {
            let mut hotel = plan.hotel(style, Promise::BetweenStores);
            hotel.send(&plan.initiate(None));
            hotel.finish();
            let state = ended(plan, &hotel, tried);
            (answers_of(&state), state.outcome)
        });
        others.iter().for_each(|it| assert_eq!(*it, saga));
    });
    assert!(tried.duplicates.get() > 1000, "too few duplicates to show anything");
}

#[test]
fn when_time_is_up_at_any_moment_every_style_ends_once_and_names_who_has_not_answered() {
    let tried = for_any_plan("a deadline at any moment", |plan, tried| {
        for style in Style::ALL {
            let mut hotel = plan.hotel(style, Promise::OneStore);
            hotel.send(&plan.initiate(Some(SignedDuration::from_mins(30))));
            let moment = Chance(!plan.seed).below(7 * plan.guests.len() + 4);
            let is_at_rest = (0..moment).any(|_| !hotel.step());
            assert!(!is_at_rest || !hotel.has_timers(), "{style} leaves its timer behind");
            hotel.fire_timers();
            hotel.finish();

            let state = ended(plan, &hotel, tried);
            assert!(
                state.outcome.is_none() || !hotel.has_timers() || moment < 3,
                "{style} forgets its timer"
            );
            if state.outcome == Some(Outcome::TimedOut) {
                assert_eq!(state.guests.missing().count(), plan.guests.len() - answers_of(&state).len());
            }
            if !plan.guests.is_empty() {
                everybody_did_as_planned(plan, &hotel);
            }
        }
    });
    assert!(tried.timed_out.get() > 50, "too few groups timed out to show anything");
}

#[test]
fn a_hotel_that_is_opened_in_another_style_whenever_that_is_allowed_ends_the_same() {
    let tried = for_any_plan("styles change on the way", |plan, tried| {
        let mut chance = Chance(!plan.seed);
        let mut hotel = plan.hotel(Style::ALL[chance.below(3)], Promise::OneStore);
        hotel.send(&plan.initiate(Some(SignedDuration::from_mins(30))));
        while hotel.step() {
            if chance.below(4) == 0 {
                hotel.change_style(Style::ALL[chance.below(3)]);
            }
        }
        // A timer of a style that is gone may still fire; it changes nothing any more.
        hotel.fire_timers();
        hotel.finish();

        let state = ended(plan, &hotel, tried);
        assert_ne!(state.outcome, Some(Outcome::TimedOut));
        if !plan.guests.is_empty() {
            everybody_did_as_planned(plan, &hotel);
        }
    });
    assert!(tried.style_changes.get() > 1000, "too few changes to show anything");
}
