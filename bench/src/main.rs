//! The benchmarks of Procession: a job, timed from the first command to the last durable end, and a backlog.

mod backlog;
mod counting;
mod group_checkout;
mod memory;
mod place;
mod processor_time;
mod raw;
mod raw_postgres;
mod report;

use std::path::PathBuf;

use clap::{
    Args, Parser, Subcommand, ValueEnum,
    builder::{PossibleValuesParser, TypedValueParser},
};
use hotel::Style;

type Failure = Box<dyn std::error::Error>;

/// Times a whole job, and verifies its outcome.
#[derive(Parser)]
struct Bench {
    #[command(subcommand)]
    job: Job,
}

#[derive(Subcommand)]
enum Job {
    /// Groups of guests check out of a hotel. Prints one line of JSON for each style.
    GroupCheckout(GroupCheckout),
    /// A backlog is taken in and worked off. Prints one line of JSON for each phase, of which each is a process of its own.
    Backlog(Backlog),
}

#[derive(Args)]
struct Backlog {
    /// How many messages wait.
    #[arg(long, default_value_t = 1_000_000, value_parser = clap::value_parser!(u64).range(1..=100_000_000))]
    messages: u64,
    /// How many messages may wait to be handled in the last phase, before senders wait too.
    #[arg(long, default_value_t = 10_000)]
    bound: u64,
    /// The folder for the store's files; without it a temporary one.
    #[arg(long)]
    folder: Option<PathBuf>,
    /// Only one phase, on the store in the folder.
    #[arg(long, value_enum, hide = true)]
    phase: Option<Phase>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Phase {
    Append,
    WorkOff,
    Send,
}

impl Phase {
    fn name(self) -> &'static str {
        match self {
            Self::Append => "append",
            Self::WorkOff => "work-off",
            Self::Send => "send",
        }
    }
}

#[derive(Args)]
struct GroupCheckout {
    /// Where the processes are durable.
    #[arg(long, value_enum, default_value_t = StoreKind::Sqlite)]
    store: StoreKind,
    /// The database of `--store postgres`: `postgres://USER:PASSWORD@HOST/DATABASE`, with nothing of value in it. Without it a
    /// server is started, and thrown away.
    #[arg(long, value_name = "ADDRESS")]
    database: Option<String>,
    /// How many nodes share the work; more than one need a store that can be shared.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=16))]
    nodes: u32,
    /// How the groups find their way from module to module; `all` runs one style after the other, each on a store of its
    /// own. What a run leaves in memory counts in the peaks of those after it.
    #[arg(long, value_name = "STYLE", default_value = Style::default().name(), value_parser = styles())]
    style: Styles,
    /// How many groups check out.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
    groups: u32,
    /// How many guests each group has.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
    guests: u32,
    /// Start a group only when the one before it has ended, to measure latency.
    #[arg(long)]
    one_by_one: bool,
    /// Write the bare rows too, to the same database and on the same disk in the same run, and compare.
    ///
    /// For the store in memory they go to SQLite.
    #[arg(long)]
    raw: bool,
    /// Fill the log with at least this many rows before the groups arrive.
    #[arg(long, default_value_t = 0)]
    rows_before: u64,
    /// Keep the filled SQLite store in this file, and begin with a copy of it when it is there already.
    #[arg(long, value_name = "FILE")]
    filled: Option<PathBuf>,
    /// Start the runtime again before the timed part, so that no state of an instance is in memory.
    #[arg(long)]
    cold: bool,
    /// The folder for the store's files; without it a temporary one.
    #[arg(long)]
    folder: Option<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum StoreKind {
    Memory,
    Sqlite,
    Postgres,
}

/// One style, or all of them.
#[derive(Clone)]
struct Styles(Vec<Style>);

fn styles() -> impl TypedValueParser<Value = Styles> {
    const ALL: &str = "all";
    let names = Style::ALL.map(Style::name).into_iter().chain([ALL]);
    PossibleValuesParser::new(names).try_map(|name| match &*name {
        ALL => Ok(Styles(Style::ALL.into())),
        name => name.parse().map(|it| Styles(vec![it])),
    })
}

#[tokio::main]
#[expect(clippy::print_stdout, reason = "the report is the output")]
async fn main() -> Result<(), Failure> {
    let job = match Bench::parse().job {
        Job::GroupCheckout(job) => job,
        Job::Backlog(job) => return backlog::run(&job).await,
    };
    for &style in &job.style.0 {
        let report = group_checkout::run(&job, style).await?;
        println!("{}", serde_json::to_string(&report)?);
        if !report.verified {
            return Err(format!("the outcome is wrong in the style {style}").into());
        }
    }
    Ok(())
}
