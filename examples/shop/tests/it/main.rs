//! The shop as a whole: its processes on every store, and the program as people and machines use it.

mod acceptance;
mod domain;
