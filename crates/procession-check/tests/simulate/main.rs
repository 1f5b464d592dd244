//! The simulator finds what it is there to find: a store that breaks one promise is found by the first seeds, and one that
//! keeps them all is not.
//!
//! - `post`: a post office, with timers, retries, an effect and a process that has to end.
//! - `mutants`: stores that each break one promise.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

extern crate procession_core as procession;

mod mutants;
mod post;

use std::time::Instant;

use procession_check::simulate::simulate;

use crate::{
    mutants::{Mutant, Mutated},
    post::letters_are_posted,
};

/// How many seeds may be needed to find any of them.
const SEEDS: u64 = 200;

#[test]
fn a_post_office_that_dies_and_freezes_loses_no_letter() {
    post::keep_storms_quiet();
    println!("{}", simulate(letters_are_posted).run());
}

#[test]
fn the_same_seed_gives_the_same_log() {
    post::keep_storms_quiet();
    for seed in 0..40 {
        let [once, again] = [(); 2].map(|()| simulate(letters_are_posted).seed(seed));
        assert!(!once.log.is_empty());
        assert_eq!(once.log, again.log, "seed {seed}");
        assert_eq!(once.until, again.until, "seed {seed}");
    }
}

#[test]
fn every_store_that_breaks_a_promise_is_found_by_a_few_seeds() {
    post::keep_storms_quiet();
    for mutant in Mutant::ALL {
        let begun = Instant::now();
        let simulation = simulate(letters_are_posted).on(move || Mutated::store(mutant));
        let found = (0..SEEDS).find_map(|seed| Some((seed, simulation.seed(seed).broken?)));
        let Some((seed, broken)) = found else { panic!("{mutant:?} is not found by {SEEDS} seeds") };
        let (seconds, broken) = (begun.elapsed().as_secs_f64(), broken.chars().take(160).collect::<String>());
        println!("{mutant:?}: seed {seed}, {} seeds, {seconds:.2} s: {broken}", seed + 1);
    }
}

#[test]
fn a_layer_that_changes_nothing_breaks_nothing() {
    post::keep_storms_quiet();
    simulate(letters_are_posted).on(|| Mutated::store(Mutant::None)).run();
}
