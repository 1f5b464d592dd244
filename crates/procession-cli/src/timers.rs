use std::io::Write;

use clap::{Args, Subcommand};
use jiff::Timestamp;
use procession::{
    Operation,
    log::ProcessId,
    store::{Timer, TimerId, TimersOf},
};
use serde::Serialize;

use crate::{
    age::{absolute, ago, when},
    ask::{Asking, Change},
    error::CliError,
    look, missing,
    program::{Done, Found, Shared},
};

/// See, take back and move commands that wait for their time.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// List them, in the order of their times.
    List(List),
    /// Take one back: its command will not come.
    Cancel(One),
    /// Let one become due now, or at another time.
    BringForward(BringForward),
}

#[derive(Args)]
pub(crate) struct List {
    /// Only those of this process.
    #[arg(long)]
    process: Option<ProcessId>,
    /// How many are listed, at most.
    #[arg(long, default_value_t = 50, value_name = "NUMBER")]
    limit: usize,
}

#[derive(Args)]
pub(crate) struct One {
    /// The timer, as `timers list` names it.
    timer: u64,
    #[command(flatten)]
    asking: Asking,
}

#[derive(Args)]
#[command(after_help = "\
Examples:
  procession timers bring-forward 7 --why 'the guest is waiting'
  procession timers bring-forward 7 --to 1h --why 'after the meal'")]
pub(crate) struct BringForward {
    /// The timer, as `timers list` names it.
    timer: u64,
    /// When, as in 2026-12-24T18:00:00Z, or how long from now, as in 1h; without it, now.
    #[arg(long, value_name = "TIME", value_parser = when)]
    to: Option<Timestamp>,
    #[command(flatten)]
    asking: Asking,
}

/// As JSON: these names are stable.
#[derive(Serialize)]
struct TimerView {
    timer: u64,
    due: Timestamp,
    message: String,
    to: String,
    process: ProcessId,
}

impl From<Timer> for TimerView {
    fn from(it: Timer) -> Self {
        let (message, to) = (it.message.name.to_string(), it.to.to_string());
        Self { timer: it.id.0, due: it.due, message, to, process: it.process }
    }
}

impl Command {
    pub(crate) async fn run(self, shared: &Shared) -> Done {
        match self {
            Self::List(it) => it.run(shared).await,
            Self::Cancel(One { timer, asking }) => {
                let found = find(timer, shared).await?;
                let what = format!("cancel timer {timer}, {} for {}", found.message, found.to);
                let operation = Operation::CancelTimer(TimerId(timer));
                asking.ask(vec![Change::of(what, operation)], shared).await
            }
            Self::BringForward(BringForward { timer, to, asking }) => {
                let (found, due) = (find(timer, shared).await?, to.unwrap_or_else(Timestamp::now));
                // Stores keep microseconds.
                let due = Timestamp::from_microsecond(due.as_microsecond()).unwrap_or(due);
                let what =
                    format!("move timer {timer}, {} for {}, to {}", found.message, found.to, absolute(due));
                let operation = Operation::MoveTimer { timer: TimerId(timer), due };
                asking.ask(vec![Change::of(what, operation)], shared).await
            }
        }
    }
}

async fn find(timer: u64, shared: &Shared) -> Result<TimerView, CliError> {
    let found = shared.read().await?.timers(TimersOf::Id(TimerId(timer)), 1).await?;
    found.into_iter().next().map(TimerView::from).ok_or_else(|| {
        CliError::usage(format!("there is no timer {timer}; it has fired, or was taken back"))
            .hint("`procession timers list` shows those that wait")
    })
}

impl List {
    async fn run(self, shared: &Shared) -> Done {
        let of = self.process.map_or(TimersOf::After(None), TimersOf::Process);
        let store = shared.read().await?;
        if let Some(process) = self.process {
            missing::must_exist(&*store, process).await?;
        }
        let mut timers = store.timers(of, self.limit.saturating_add(1)).await?;
        let is_cut = timers.len() > self.limit;
        timers.truncate(self.limit);
        let timers: Vec<TimerView> = timers.into_iter().map(TimerView::from).collect();
        if shared.json {
            look::json(&timers)?;
            return Ok(Found::Fine);
        }
        let (now, mut out) = (Timestamp::now(), anstream::stdout());
        if timers.is_empty() && !is_cut {
            writeln!(out, "No timer waits.")?;
            return Ok(Found::Fine);
        }
        let rows = timers.into_iter().map(|it| {
            [
                it.timer.to_string(),
                ago(it.due, now),
                absolute(it.due),
                it.process.to_string(),
                format!("{} for {}", it.message, it.to),
            ]
        });
        let rows: Vec<_> = rows.collect();
        let shown = rows.len();
        look::table(["timer", "due", "at", "process", "command"], rows, &mut out)?;
        if is_cut {
            writeln!(out, "\nOnly those that are due first are shown ({shown}); --limit shows more.")?;
        }
        Ok(Found::Fine)
    }
}
