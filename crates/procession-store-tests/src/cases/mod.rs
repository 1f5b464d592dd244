//! The cases, each a function of a kind of store. A name that begins with an id belongs to that id.

pub mod atomic;
pub mod backlog;
pub mod clients;
pub mod crashes;
pub mod durability;
pub mod fan_in;
pub mod keys;
pub mod log;
pub mod others;
pub mod ownership;
pub mod parking;
pub mod payloads;
pub mod processes;
pub mod random;
pub mod reading;
pub mod reminders;
pub mod streams;
pub mod timers;
pub mod unreadable;
