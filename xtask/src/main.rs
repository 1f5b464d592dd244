//! The project's chores: `cargo xtask test`, `cargo xtask chaos`.

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
    /// Kills and freezes hotels that share a database, for minutes, and reports what came of it (docs/chaos.md).
    Chaos {
        /// For how long.
        #[arg(long, default_value_t = 10)]
        minutes: u64,
        /// The seed that another run has printed.
        #[arg(long)]
        seed: Option<u64>,
    },
}

fn main() -> ExitCode {
    let done = match Chore::parse() {
        Chore::Test => test(),
        Chore::Chaos { minutes, seed } => chaos(minutes, seed),
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

fn chaos(minutes: u64, seed: Option<u64>) -> Result<(), Failed> {
    // The command that looks at the database in the end, with the features that the tests build it with.
    cargo::run(&["build", "--package", "procession-cli", "--features", "procession/fault-points"])?;
    let mut environment = vec![("PROCESSION_CHAOS_SECONDS", (60 * minutes).to_string())];
    environment.extend(seed.map(|it| ("PROCESSION_SEED", it.to_string())));
    let test = ["test", "--package", "hotel", "--test", "crash", "--", "chaos", "--nocapture"];
    cargo::run_with(&environment, &test)
}
