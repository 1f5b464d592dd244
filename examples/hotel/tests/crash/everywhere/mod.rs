//! C3: the process dies at every commit and at every place where it waits, in the real binary, at the first passage, the
//! second one, and later ones; and once more after the restart.
//!
//! `PROCESSION_CRASHES_PER_POINT=N` lets it die at N more passages of each point, drawn at random.

mod day;
mod house;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::atomic::{AtomicUsize, Ordering},
};

use hotel::Style;
use procession::{fault_points::FaultPoint, sqlite};

use self::day::{Beginning, Day};
use crate::chance::Chance;

/// Days that run at the same time. They wait for the disk more than they compute.
const AT_ONCE: usize = 4;

/// What is passed if the hotel commits before it has noticed what another program has sent, as it mostly does.
const LUCK: [&str; 4] = ["RecoveryBegun", "RecoveryUndone", "RollingBack", "RolledBack"];

/// One death, and a second one after it.
struct Case {
    style: Style,
    beginning: Beginning,
    point: &'static str,
    nth: u64,
}

#[test]
fn promises_1_2_and_6_hold_wherever_the_process_dies() {
    let mut chance = Chance::new();
    println!("seed {}", chance.seed());
    // given days on which nobody dies, which tell what there is to die at
    let folder = tempfile::tempdir().unwrap();
    let mut never_passed: BTreeSet<&str> = points().collect();
    let mut cases = Vec::new();
    for (style, beginning) in Style::ALL.into_iter().flat_map(|it| Beginning::ALL.map(|first| (it, first))) {
        let passages = Day::prepare(folder.path(), style, beginning).run_and_count();
        never_passed.retain(|it| !passages.contains_key(*it));
        let points = points().filter(|it| beginning.concerns(it));
        cases.extend(points.flat_map(|point| {
            let all = passages.get(point).copied().unwrap_or_default();
            some_of(all, style, &mut chance).into_iter().map(move |nth| Case { style, beginning, point, nth })
        }));
    }
    assert_eq!(never_passed, never(), "no day of a hotel leads past these; see never_passed.txt");

    // when the process dies at each of them, then the day ends as if it had not
    let (next, deaths, twice) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    println!("{}, from {:?}: at {}:{}", case.style, case.beginning, case.point, case.nth);
                    let died = case.run(folder.path());
                    let may_live = case.nth > 1 || LUCK.contains(&case.point);
                    assert!(died > 0 || may_live, "{} was passed before, and is not now", case.point);
                    deaths.fetch_add(usize::from(died > 0), Ordering::Relaxed);
                    twice.fetch_add(usize::from(died > 1), Ordering::Relaxed);
                }
            });
        }
    });
    let (deaths, twice) = (deaths.into_inner(), twice.into_inner());
    println!(
        "{} points, {} days, {deaths} with a death, {twice} with a second one",
        points().count() - never_passed.len(),
        cases.len()
    );
    assert!(deaths * 10 >= cases.len() * 9, "too many days were over before the death came");
}

impl Case {
    /// Returns how often the process has died.
    fn run(&self, templates: &Path) -> usize {
        let Self { style, beginning, point, nth } = self;
        Day::prepare(templates, *style, *beginning)
            .run_with_deaths([format!("{point}:{nth}"), format!("{point}:1")])
    }
}

fn points() -> impl Iterator<Item = &'static str> {
    let runtime = FaultPoint::ALL.iter().map(|it| it.name());
    runtime.chain(sqlite::fault_points::FaultPoint::ALL.iter().map(|it| it.name()))
}

/// The points that no day of a hotel leads past. Another program must, as a test of `procession-cli` makes sure.
fn never() -> BTreeSet<&'static str> {
    include_str!("never_passed.txt").lines().filter(|it| !it.is_empty() && !it.starts_with('#')).collect()
}

/// Which passages of a point the process dies at: each style has its share of them.
fn some_of(all: u64, style: Style, chance: &mut Chance) -> BTreeSet<u64> {
    let more = std::env::var("PROCESSION_CRASHES_PER_POINT").ok().map(|it| it.parse().unwrap());
    let drawn = |chance: &mut Chance| 1 + chance.below(all.max(1));
    let mut some = match style {
        Style::Saga => BTreeSet::from([1, drawn(chance)]),
        Style::Choreography => BTreeSet::from([2]),
        Style::ProcessManager => BTreeSet::from([1, all / 2, drawn(chance)]),
    };
    some.extend((0..more.unwrap_or(0)).map(|_| drawn(chance)));
    some.retain(|it| (1..=all).contains(it));
    some
}

/// How often each point is named in a file of passages.
fn count(passages: &Path) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    for name in std::fs::read_to_string(passages).unwrap().lines() {
        *counts.entry(name.to_owned()).or_default() += 1;
    }
    counts
}
