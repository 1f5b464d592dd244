use std::time::Duration;

use clap::{Args, ValueEnum};
use jiff::Timestamp;
use procession::inspect::{Inspector, ProcessState, Standing, Sweep};

use crate::{
    age::{ago, duration},
    error::CliError,
    look,
    program::{Done, Found, Shared},
    words,
};

/// List processes, the newest first.
///
/// Ends with 1 if one of them is stuck.
#[derive(Args)]
#[command(after_help = "\
Examples:
  procession processes --state stuck
  procession processes --state waiting --older-than 1h --name ConfirmShoppingCart")]
pub(crate) struct Processes {
    /// Only those that are so; may be given more than once. Without it, all that have not ended.
    #[arg(long, value_enum)]
    state: Vec<State>,
    /// Only those that began longer ago: 10m, 1h, 7d.
    #[arg(long, value_name = "TIME", value_parser = duration)]
    older_than: Option<Duration>,
    /// Only those that a message of this name has begun.
    #[arg(long)]
    name: Option<String>,
    /// How many are listed, at most.
    #[arg(long, default_value_t = 50, value_name = "NUMBER")]
    limit: usize,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum State {
    Running,
    Waiting,
    Suspended,
    Stuck,
    Ended,
}

impl State {
    fn is(self, state: ProcessState) -> bool {
        let meant = match self {
            Self::Running => ProcessState::Running,
            Self::Waiting => ProcessState::Waiting,
            Self::Suspended => ProcessState::Suspended,
            Self::Stuck => ProcessState::Stuck,
            Self::Ended => ProcessState::Ended,
        };
        meant == state
    }
}

const PROCESSES_PER_READ: usize = 500;

impl Processes {
    pub(crate) async fn run(self, shared: &Shared) -> Done {
        let inspector = shared.inspector().await?;
        let sweep = inspector.sweep().await?;
        let found = self.find(&inspector, &sweep).await?;
        let is_stuck = found.iter().any(|it| it.state == ProcessState::Stuck);
        if shared.json {
            look::json(&found)?;
            return Ok(Found::wrong_if(is_stuck));
        }
        let (now, mut out) = (Timestamp::now(), anstream::stdout());
        let rows = found.iter().map(|it| {
            let first = it.waits_for.first().map(|it| words::briefly(it, now)).unwrap_or_default();
            [it.process.to_string(), it.state.to_string(), it.name.clone(), ago(it.began, now), first]
        });
        look::table(["process", "state", "began with", "began", "waits for"], rows.collect(), &mut out)?;
        Ok(Found::wrong_if(is_stuck))
    }

    async fn find(&self, inspector: &Inspector, sweep: &Sweep) -> Result<Vec<Standing>, CliError> {
        let wants_ended = self.state.contains(&State::Ended);
        let mut found = Vec::new();
        if !wants_ended {
            let open: Vec<_> = sweep.open().rev().map(|(process, _)| process).collect();
            for some in open.chunks(PROCESSES_PER_READ) {
                self.add(inspector.standings(sweep, some.iter().copied()).await?, &mut found);
                if found.len() >= self.limit {
                    break;
                }
            }
            return Ok(found);
        }
        let mut before = None;
        while found.len() < self.limit {
            let extents = inspector.store().processes(before, PROCESSES_PER_READ).await?;
            let Some(last) = extents.last() else { break };
            before = Some(last.process);
            self.add(inspector.standings(sweep, extents.iter().map(|it| it.process)).await?, &mut found);
        }
        Ok(found)
    }

    fn add(&self, standings: Vec<Standing>, found: &mut Vec<Standing>) {
        let now = Timestamp::now();
        let is_meant = |it: &Standing| {
            let is_old = self.older_than.is_none_or(|age| now.duration_since(it.began).unsigned_abs() >= age);
            let is_named = self.name.as_ref().is_none_or(|name| *name == it.name);
            is_old && is_named && (self.state.is_empty() || self.state.iter().any(|state| state.is(it.state)))
        };
        let room = self.limit.saturating_sub(found.len());
        found.extend(standings.into_iter().filter(is_meant).take(room));
    }
}
