//! The project's chores: `cargo xtask test`.

mod cargo;
mod packages;

use std::process::ExitCode;

use clap::Parser;

/// The project's chores.
#[derive(Parser)]
#[command(name = "cargo xtask")]
enum Chore {
    /// Installs what the tests need, and runs all of them.
    Test,
}

fn main() -> ExitCode {
    let done = match Chore::parse() {
        Chore::Test => test(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failed::SaidAlready) => ExitCode::FAILURE,
        Err(Failed::Because(reason)) => {
            eprintln!("{reason}");
            ExitCode::FAILURE
        }
    }
}

/// Why a chore did not get done.
enum Failed {
    /// The program that it ran has printed it, and its lines are the last ones.
    SaidAlready,
    Because(String),
}

fn test() -> Result<(), Failed> {
    packages::install_what_is_missing()?;
    cargo::run(&["test", "--workspace"])
}
