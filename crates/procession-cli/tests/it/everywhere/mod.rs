//! C3: whoever dies while an operator repairs what is stuck, the shop or `procession`, and wherever: what was asked for happens
//! whole, once, or not at all, and then it can be asked for again.
//!
//! `PROCESSION_CRASHES_PER_POINT=N` lets them die at N more passages of each point, drawn at random.

mod books;
mod day;
mod house;
mod yesterday;

use std::{
    collections::{BTreeMap, BTreeSet},
    hash::{BuildHasher, RandomState},
    sync::atomic::{AtomicUsize, Ordering},
};

use procession::{fault_points::FaultPoint, sqlite};

use self::{
    day::{Day, Death},
    yesterday::Yesterday,
};

/// Days that run at the same time. They wait for the disk and each other's programs more than they compute.
const AT_ONCE: usize = 6;

#[test]
fn what_an_operator_asks_for_happens_once_wherever_the_shop_or_the_command_dies() {
    // given days on which nobody dies, which tell what there is to die at
    let yesterday = Yesterday::live();
    let mut never_passed: BTreeSet<&str> = points().collect();
    let mut cases = Vec::new();
    for day in Day::ALL {
        let passages = day.run_and_count(&yesterday);
        for (point, nth) in some_of(&passages.shop) {
            let deaths = [format!("{point}:{nth}"), format!("{point}:1")];
            cases.push((day, Death::OfTheShop(deaths), nth));
        }
        for (action, passages) in passages.operator.iter().enumerate() {
            for (point, nth) in some_of(passages) {
                cases.push((day, Death::OfTheOperator(action, format!("{point}:{nth}")), nth));
            }
        }
        let passed = passages.operator.iter().chain([&passages.shop]).flat_map(BTreeMap::keys);
        passed.for_each(|it| _ = never_passed.remove(it.as_str()));
    }
    never_passed.extend(LUCK);
    assert_eq!(never_passed, listed(NEVER_HERE), "nobody passes these; see never_passed.txt");

    // when somebody dies at each of them, then the day ends as if nobody had
    let (next, deaths) = (AtomicUsize::new(0), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some((day, death, nth)) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    println!("{day:?}: {death:?}");
                    let died = day.run_with_a_death(&yesterday, death);
                    assert!(died > 0 || *nth > 1, "{death:?}: it was passed before, and is not now");
                    deaths.fetch_add(usize::from(died > 0), Ordering::Relaxed);
                }
            });
        }
    });
    let deaths = deaths.into_inner();
    println!("{} days, {deaths} with a death", cases.len());
    // The first passage of a point always comes. How many more there are depends on how many commits a day has, and so on how
    // fast the disk is and what else the machine does.
    assert!(deaths * 3 >= cases.len() * 2, "too many days were over before the death came");
}

/// What is passed when the shop commits while an operator asks.
const LUCK: [&str; 4] = ["RecoveryBegun", "RecoveryUndone", "RollingBack", "RolledBack"];

/// The points that each program passes on none of its days.
const NEVER_HERE: &str = include_str!("never_passed.txt");
const NEVER_IN_THE_SHOP: &str =
    include_str!("../../../../../examples/shop/tests/it/everywhere/never_passed.txt");
const NEVER_IN_THE_HOTEL: &str =
    include_str!("../../../../../examples/hotel/tests/crash/everywhere/never_passed.txt");

#[test]
fn every_fault_point_is_passed_by_some_program_so_that_it_dies_there() {
    let [here, shop, hotel] = [NEVER_HERE, NEVER_IN_THE_SHOP, NEVER_IN_THE_HOTEL].map(listed);
    let anywhere = |it: &&str| !(here.contains(it) && shop.contains(it) && hotel.contains(it));
    assert_eq!(points().filter(|it| !anywhere(it)).collect::<Vec<_>>(), Vec::<&str>::new());
}

fn listed(never_passed: &str) -> BTreeSet<&str> {
    never_passed.lines().filter(|it| !it.is_empty() && !it.starts_with('#')).collect()
}

fn points() -> impl Iterator<Item = &'static str> {
    let runtime = FaultPoint::ALL.iter().map(|it| it.name());
    runtime.chain(sqlite::fault_points::FaultPoint::ALL.iter().map(|it| it.name()))
}

/// Which passages of each point somebody dies at: before and after a commit, and where an operator's wish is done, at all of
/// them; elsewhere, at the last one.
fn some_of(passages: &BTreeMap<String, u64>) -> Vec<(&str, u64)> {
    let more = std::env::var("PROCESSION_CRASHES_PER_POINT").ok().map(|it| it.parse::<u64>().unwrap());
    let mut some = Vec::new();
    for (point, all) in passages.iter().filter(|(point, _)| !LUCK.contains(&point.as_str())) {
        let drawn = |number: u64| 1 + RandomState::new().hash_one((point, number)) % all;
        let mut nth: BTreeSet<u64> = (0..more.unwrap_or(0)).map(drawn).chain([*all]).collect();
        let is_heart = ["Operation", "Parked", "BatchSubmitting", "BatchDurable", "TransactionCommit"];
        if is_heart.iter().any(|it| point.starts_with(it)) {
            nth.extend(1..=*all);
        }
        some.extend(nth.into_iter().map(|nth| (point.as_str(), nth)));
    }
    some
}
