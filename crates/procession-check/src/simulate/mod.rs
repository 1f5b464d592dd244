#![doc = include_str!("../simulate.md")]

mod audit;
mod chance;
mod client;
mod clock;
mod disk;
mod end;
mod faults;
mod life;
mod outside;
mod run;
mod scenario;
mod simulation;
mod timers;
mod watched;
mod wire;

pub use chance::Chance;
pub use client::Client;
pub use end::End;
pub use faults::Faults;
pub use outside::Outside;
pub use run::Simulated;
pub use scenario::Scenario;
pub use simulation::{Simulation, Simulations, simulate};

use jiff::Timestamp;

/// When every simulation begins: 2026-01-01.
const BEGINNING: Timestamp = Timestamp::constant(1_767_225_600, 0);
