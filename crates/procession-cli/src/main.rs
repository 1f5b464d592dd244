//! The `procession` command: what operators see of the processes in a store, and what they can do about them.

mod age;
mod application;
mod archive;
mod ask;
mod backup;
mod error;
mod export;
mod hold;
mod login;
mod look;
mod missing;
mod nodes;
mod parked;
mod processes;
mod program;
mod projections;
mod remedies;
mod restore;
mod show;
mod status;
mod store;
mod table;
mod timers;
mod verify;
mod watch;
mod words;

fn main() -> std::process::ExitCode {
    program::main()
}
