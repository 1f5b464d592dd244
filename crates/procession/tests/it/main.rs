//! What a user of the library meets: mistakes that do not compile, mistakes in the wiring, the map, a process as
//! layers, replay, and the examples.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]
#![expect(clippy::duplicate_mod, reason = "each example has the rooms that it shares with the others")]

mod examples;
mod handler_names;
mod layers;
mod lives;
mod map;
mod measured;
mod measured_effects;
mod mistakes;
mod pages;
mod publishing;
mod replay;
mod timers;
mod wiring;
mod wiring_of_effects;
mod wiring_of_processes;
