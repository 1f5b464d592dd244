#![doc = include_str!("lib.md")]

mod database;
mod error;
mod faults;
mod postgres;
mod programs;
mod proxy;
mod small_disk;
mod supervisor;
mod user;

pub use database::Database;
pub use error::Error;
pub use postgres::{Postgres, shared};
pub use proxy::Proxy;
pub use small_disk::SmallDisk;
