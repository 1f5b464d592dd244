use std::{env, process::Command};

use crate::Failed;

/// Runs cargo in the workspace. What it prints goes through.
pub(crate) fn run(arguments: &[&str]) -> Result<(), Failed> {
    run_with(&[], arguments)
}

/// The same, with something in its environment.
pub(crate) fn run_with(environment: &[(&str, String)], arguments: &[&str]) -> Result<(), Failed> {
    succeed(cargo().envs(environment.iter().map(|(name, value)| (name, value))).args(arguments))
}

fn cargo() -> Command {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    cargo
}

fn succeed(command: &mut Command) -> Result<(), Failed> {
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(_) => Err(Failed::SaidAlready),
        Err(error) => Err(Failed::Because(format!("cargo cannot be started: {error}"))),
    }
}
