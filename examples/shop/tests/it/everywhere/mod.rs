//! C3: the shop dies at every commit and at every place where it waits, in the real binary, at the first passage, the second
//! one, and later ones; and once more after the restart. The provider's own ledger is the judge.
//!
//! `PROCESSION_CRASHES_PER_POINT=N` lets it die at N more passages of each point, drawn at random.

mod day;
mod house;

use std::{
    collections::{BTreeMap, BTreeSet},
    hash::{BuildHasher, RandomState},
    sync::atomic::{AtomicUsize, Ordering},
};

use procession::{fault_points::FaultPoint, sqlite};

use self::day::{Day, Providers};

/// Days that run at the same time. They wait for the disk and the provider more than they compute.
const AT_ONCE: usize = 6;

#[test]
fn every_order_ends_with_one_charge_and_one_package_or_refund_wherever_the_shop_dies() {
    // given days on which nobody dies, which tell what there is to die at
    let providers = Providers::open();
    let mut cases = Vec::new();
    for day in Day::ALL {
        let passages = day.run_and_count(&providers);
        for (point, all) in points().filter_map(|it| Some((it, *passages.get(it)?))) {
            cases.extend(some_of(day, point, all).into_iter().map(|nth| (day, point, nth)));
        }
    }
    let passed: BTreeSet<&str> = cases.iter().map(|(_, point, _)| *point).collect();
    let never_passed: BTreeSet<&str> = points().filter(|it| !passed.contains(it)).collect();
    assert_eq!(never_passed, never(), "no day of a shop leads past these; see never_passed.txt");

    // when the shop dies at each of them, then the day ends as if it had not
    let (next, deaths, twice) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some((day, point, nth)) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    println!("{day:?}: at {point}:{nth}");
                    let died =
                        day.run_with_deaths(&providers, [format!("{point}:{nth}"), format!("{point}:1")]);
                    assert!(died > 0 || *nth > 1, "{point} was passed before, and is not now");
                    deaths.fetch_add(usize::from(died > 0), Ordering::Relaxed);
                    twice.fetch_add(usize::from(died > 1), Ordering::Relaxed);
                }
            });
        }
    });
    let (deaths, twice) = (deaths.into_inner(), twice.into_inner());
    println!(
        "{} points, {} days, {deaths} with a death, {twice} with a second one",
        passed.len(),
        cases.len()
    );
    assert!(deaths * 10 >= cases.len() * 9, "too many days were over before the death came");
}

fn points() -> impl Iterator<Item = &'static str> {
    let runtime = FaultPoint::ALL.iter().map(|it| it.name());
    runtime.chain(sqlite::fault_points::FaultPoint::ALL.iter().map(|it| it.name()))
}

/// The points that no day of a shop leads past. Another program must, as a test of `procession-cli` makes sure.
fn never() -> BTreeSet<&'static str> {
    include_str!("never_passed.txt").lines().filter(|it| !it.is_empty() && !it.starts_with('#')).collect()
}

/// Which passages of a point the shop dies at.
fn some_of(day: Day, point: &str, all: u64) -> BTreeSet<u64> {
    let more = std::env::var("PROCESSION_CRASHES_PER_POINT").ok().map(|it| it.parse::<u64>().unwrap());
    let drawn = |number: u64| 1 + RandomState::new().hash_one((point, number)) % all.max(1);
    let mut some = match day {
        Day::Paid => BTreeSet::from([1, 2, all / 2, drawn(0)]),
        Day::Unpaid => BTreeSet::from([drawn(0)]),
    };
    some.extend((0..more.unwrap_or(0)).map(drawn));
    some.retain(|it| (1..=all).contains(it));
    some
}

/// How often each point is named in a file of passages.
fn count(passages: &str) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    for name in passages.lines() {
        *counts.entry(name.to_owned()).or_default() += 1;
    }
    counts
}
