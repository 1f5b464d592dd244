use std::io::Write;

use clap::{Args, Subcommand};
use jiff::Timestamp;
use procession::{
    Operation, Stream,
    inspect::{LeftOut, ReadModelOverview},
    store::GenerationState,
};

use crate::{
    age::ago,
    ask::{Asking, Change},
    error::CliError,
    look,
    program::{Done, Found, Shared},
};

/// List read models, how far each follows the log, and what it leaves out; rebuild one, or let it try again what it could not do.
///
/// Without a command it lists them, and ends with 1 if one leaves something out.
#[derive(Args)]
#[command(after_help = "\
Examples:
  procession projections
  procession projections rebuild room_availability --why 'rows were edited by hand'
  procession projections retry room_availability --why 'fixed in 1.4'")]
pub(crate) struct Projections {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Fill one anew from the first event on. The old rows are read until that has caught up.
    Rebuild(Rebuild),
    /// Fold what was left out, in order.
    Retry(Retry),
}

#[derive(Args)]
struct Rebuild {
    /// The projection, as `procession projections` names it.
    projection: String,
    #[command(flatten)]
    asking: Asking,
}

#[derive(Args)]
struct Retry {
    /// The projection, as `procession projections` names it.
    projection: String,
    /// Only this stream; without it, all that it leaves out.
    #[arg(long, value_name = "CATEGORY/ID", value_parser = stream)]
    stream: Option<Stream>,
    #[command(flatten)]
    asking: Asking,
}

/// A stream, as it is shown: `room/7`.
fn stream(text: &str) -> Result<Stream, String> {
    let (category, id) = text.split_once('/').ok_or("write a stream like room/7")?;
    Stream::new(category.to_owned(), id).map_err(|error| error.to_string())
}

impl Projections {
    pub(crate) async fn run(self, shared: &Shared) -> Done {
        match self.command {
            None => list(shared).await,
            Some(Command::Rebuild(Rebuild { projection, asking })) => {
                let mut change =
                    Change::of(format!("rebuild {projection}"), Operation::RebuildProjection(projection));
                change.then = vec!["`procession projections` shows how far it is".into()];
                asking.ask(vec![change], shared).await
            }
            Some(Command::Retry(Retry { projection, stream, asking })) => {
                let what = match &stream {
                    Some(stream) => format!("retry {stream} for {projection}"),
                    None => format!("retry what {projection} leaves out"),
                };
                let change = Change::of(what, Operation::RetryProjection { projection, stream });
                asking.ask(vec![change], shared).await
            }
        }
    }
}

async fn list(shared: &Shared) -> Done {
    let read_models = shared.inspector().await?.read_models().await?;
    let found = Found::wrong_if(read_models.iter().any(|it| it.parked > 0));
    if shared.json {
        look::json(&read_models)?;
        return Ok(found);
    }
    tell(&read_models, &mut anstream::stdout())?;
    Ok(found)
}

/// Tells how read models stand, and what they leave out.
pub(crate) fn tell(read_models: &[ReadModelOverview], out: &mut dyn Write) -> Result<(), CliError> {
    let now = Timestamp::now();
    if read_models.is_empty() {
        writeln!(out, "There are no read models.")?;
        return Ok(());
    }
    look::table(["projection", "version", "state", "stands at", "behind", "parked"], rows(read_models), out)?;
    for it in read_models.iter().filter(|it| it.parked > 0) {
        writeln!(out, "\n{} leaves out", it.projection)?;
        let left_out = it.left_out.iter().map(|it| row_of(it, now)).collect();
        look::table(["stream", "from", "found", "because"], left_out, out)?;
        let shown = it.left_out.len() as u64;
        if it.parked > shown {
            writeln!(out, "… and {} more", look::number(it.parked - shown))?;
        }
        writeln!(out, "\n`procession projections retry {} --why TEXT` folds it, in order.", it.projection)?;
    }
    Ok(())
}

fn rows(read_models: &[ReadModelOverview]) -> Vec<[String; 6]> {
    let row = |it: &ReadModelOverview| {
        [
            it.projection.clone(),
            it.version.to_string(),
            told(it.state).to_owned(),
            format!("#{}", it.stands_at),
            look::number(it.lag),
            look::number(it.parked),
        ]
    };
    read_models.iter().map(row).collect()
}

fn told(state: GenerationState) -> &'static str {
    match state {
        GenerationState::Building => "being filled",
        GenerationState::Live => "follows the log",
        GenerationState::Inline => "inline",
        GenerationState::Retired => "being removed",
    }
}

fn row_of(it: &LeftOut, now: Timestamp) -> [String; 4] {
    let from = format!("{} #{}", it.event, it.position);
    [look::harmless(&it.stream.to_string()), from, ago(it.at, now), look::harmless(&it.cause)]
}
