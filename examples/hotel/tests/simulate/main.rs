//! A hotel that dies, freezes, and is asked twice: a group leaves it all the same, in every style and on every store, and every
//! reservation is kept or undone.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod kept;
mod reservations;
mod scenario;

use hotel::Style;
use procession::check::simulate::{Simulation, simulate};

use crate::{kept::in_a_folder, reservations::guests_reserve, scenario::groups_leave};

fn in_memory(style: Style) -> Simulation {
    simulate(move |chance, _| groups_leave(style, chance))
}

fn in_sqlite(style: Style) -> Simulation {
    in_memory(style).on(in_a_folder)
}

#[test]
fn groups_leave_in_the_style_of_a_saga() {
    println!("saga: {}", in_memory(Style::Saga).run());
}

#[test]
fn groups_leave_in_the_style_of_a_choreography() {
    println!("choreography: {}", in_memory(Style::Choreography).run());
}

#[test]
fn groups_leave_in_the_style_of_a_process_manager() {
    println!("process manager: {}", in_memory(Style::ProcessManager).run());
}

#[test]
fn groups_leave_a_hotel_in_sqlite() {
    for style in Style::ALL {
        println!("{style}, in SQLite: {}", in_sqlite(style).one_in(10).run());
    }
}

#[test]
fn p16_guests_reserve_rooms_and_every_reservation_is_kept_or_undone() {
    let rooms = || simulate(|chance, _| guests_reserve(chance));
    println!("in memory: {}", rooms().run());
    println!("in SQLite: {}", rooms().on(in_a_folder).one_in(10).run());
}

#[test]
fn the_same_seed_gives_the_same_log() {
    for style in Style::ALL {
        for seed in 0..20 {
            let [once, again] = [in_memory(style), in_memory(style)].map(|it| it.seed(seed));
            assert!(!once.log.is_empty());
            assert_eq!(once.log, again.log, "{style}, seed {seed}");
            assert_eq!(once.until, again.until, "{style}, seed {seed}");
        }
    }
}

#[test]
fn the_same_seed_gives_the_same_log_in_memory_and_in_sqlite() {
    for seed in 0..20 {
        let [memory, sqlite, again] =
            [in_memory(Style::Saga), in_sqlite(Style::Saga), in_sqlite(Style::Saga)].map(|it| it.seed(seed));
        assert_eq!(sqlite.log, again.log, "seed {seed}");
        assert_eq!(sqlite.log, memory.log, "seed {seed}");
    }
}
