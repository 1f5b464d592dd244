//! The real `hotel serve`, asked over HTTP and by a real browser.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod bad_input;
mod browser;
mod commands;
mod description;
mod full_disk;
mod fuzz;
mod group_checkouts;
mod hotel;
mod pages;
mod progress;
mod reservations;
mod watching;
mod web_driver;
