use std::io::Write;

use clap::Args;
use jiff::tz::TimeZone;
use procession::{
    Reader,
    history::{Layer, layers},
    log::ProcessId,
};
use serde::Serialize;

use super::{CliError, Done, look, process::Unfolding, store::StoreFile};

/// Tells the story of one process: what began it, what followed, and what it waits for.
///
/// It only reads, and works while `hotel serve` runs on the same store.
#[derive(Args)]
pub(super) struct History {
    /// The number of the process, as the other commands print it.
    #[arg(value_parser = number)]
    process: ProcessId,
    /// Print it as JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Story<'a> {
    process: ProcessId,
    layers: Vec<Layer<'a>>,
}

impl History {
    pub(super) async fn run(self, store: &StoreFile) -> Done {
        let Self { process, json } = self;
        let (reader, mut out) = (store.read().await?, anstream::stdout());
        let mut unfolding = Unfolding::of(&reader, process, store.style()).await?;
        let Some(began) = unfolding.began() else { return Err(unknown(&reader, process, store).await?) };
        if json {
            let story = Story { process, layers: layers(unfolding.history()) };
            serde_json::to_writer_pretty(&mut out, &story)?;
            return Ok(writeln!(out)?);
        }
        let began = began.to_zoned(TimeZone::system()).strftime("%Y-%m-%d %H:%M:%S%.3f %:z");
        let (strong, faint) = (look::STRONG, look::FAINT);
        writeln!(out, "\n {strong}Process {process}{strong:#}  {faint}in {store}, began {began}{faint:#}")?;
        unfolding.tell_rest(&mut out).await?;
        writeln!(out)?;
        unfolding.tell_what_is_left(&mut out).await
    }
}

fn number(text: &str) -> Result<ProcessId, &'static str> {
    text.parse().map_err(|_| "a process is named by a number, for example 41")
}

/// Whoever names a message in the middle of a process learns which process it is.
async fn unknown(reader: &Reader, process: ProcessId, store: &StoreFile) -> Result<CliError, CliError> {
    let said = CliError::failed(format!("there is no process {process} in {store}"));
    let message = reader.store().read_entries(vec![process.began_at()]).await?.into_iter().next();
    Ok(match message {
        Some(it) => said.hint(format!("message {process} belongs to process {}", it.process)),
        None => said.hint("a process has the number of the message that began it"),
    })
}
