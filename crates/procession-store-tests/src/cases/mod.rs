//! The cases, each a function of a kind of store. A name that begins with an id belongs to that id.

pub mod atomic;
pub mod backlog;
pub mod clients;
pub mod crashes;
pub mod durability;
pub mod fan_in;
pub mod keys;
pub mod linear_sagas;
pub mod log;
pub mod others;
pub mod ownership;
pub mod parking;
pub mod payloads;
pub mod process_managers;
pub mod processes;
pub mod public_events;
pub mod random;
pub mod reading;
pub mod reminders;
pub mod replies;
pub mod streams;
pub mod timeouts;
pub mod timers;
pub mod unreadable;
pub mod versions;
pub mod virtual_time;
