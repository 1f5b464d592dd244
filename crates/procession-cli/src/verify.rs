use std::io::Write;

use clap::Args;
use procession::{
    Store, StoreError,
    inspect::verify::{Report, verify},
};

use crate::{
    error::CliError,
    look,
    program::{Done, Found, Shared},
};

/// Read the whole store, and check what it promises: dense positions and streams, causes and processes, checkpoints, and
/// that what is parked, called or waits for its time refers to entries that are there.
///
/// Ends with 1 if a promise is broken.
#[derive(Args)]
pub(crate) struct Verify {}

impl Verify {
    pub(crate) async fn run(self, shared: &Shared) -> Done {
        verified(&*shared.read().await?, shared.json).await
    }
}

/// Checks a store, and tells what was found.
pub(crate) async fn verified(store: &dyn Store, json: bool) -> Result<Found, CliError> {
    let report = verify(store).await.map_err(unreadable)?;
    if json {
        look::json(&report)?;
    } else {
        tell(&report, &store.name())?;
    }
    Ok(Found::wrong_if(!report.violations.is_empty()))
}

fn unreadable(error: StoreError) -> CliError {
    match error {
        StoreError::Transient(_) => error.into(),
        _ => CliError::store(format!("the store cannot be read: {error}"))
            .hint("it is damaged: bring back a backup with `procession restore`, which keeps this file"),
    }
}

pub(crate) fn tell(report: &Report, name: &str) -> Result<(), CliError> {
    let (mut out, bad) = (anstream::stdout(), look::BAD);
    let [entries, streams, processes] = [report.entries, report.streams, report.processes].map(look::number);
    let archived = match report.archived {
        0 => String::new(),
        archived => format!(", {} archived", look::number(archived)),
    };
    let read = format!("{entries} entries{archived}, {streams} streams, {processes} processes");
    if report.violations.is_empty() {
        return Ok(writeln!(out, "{name} is sound: {read}")?);
    }
    writeln!(out, "{bad}{name} is broken in {} places{bad:#}: {read}", report.violations.len())?;
    for it in &report.violations {
        let place = it.position.map_or_else(String::new, |it| format!("#{it}: "));
        writeln!(out, "  {place}{}", it.found)?;
    }
    Ok(writeln!(
        out,
        "Bring back a backup with `procession restore`; it keeps this file for those who look for the reason."
    )?)
}
