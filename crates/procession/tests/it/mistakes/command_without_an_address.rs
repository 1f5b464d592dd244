//! A command does not say who handles it, or names an instance by a field that it does not have.

use procession::Command;
use serde::{Deserialize, Serialize};

#[derive(Command, Serialize, Deserialize)]
struct CleanRoom {
    room: u16,
}

#[derive(Command, Serialize, Deserialize)]
#[command(to = Room, id = number)]
struct PaintRoom {
    room: u16,
}

fn main() {}
