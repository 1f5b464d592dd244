use std::{io::Write, time::Duration};

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
/// Ends with 1 if one of them is stuck, also if it is not shown.
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

/// What is listed, and whether that is all.
#[derive(Default)]
struct Listed {
    standings: Vec<Standing>,
    /// How many there are, if that is known without reading all of them.
    all: Option<usize>,
    is_cut: bool,
    is_stuck: bool,
}

impl Processes {
    pub(crate) async fn run(self, shared: &Shared) -> Done {
        let inspector = shared.inspector().await?;
        let sweep = inspector.sweep().await?;
        let listed = if self.state.contains(&State::Ended) {
            self.among_all(&inspector, &sweep).await?
        } else {
            self.among_open(&inspector, &sweep).await?
        };
        if shared.json {
            look::json(&listed.standings)?;
        } else {
            self.tell(&listed)?;
        }
        Ok(Found::wrong_if(listed.is_stuck))
    }

    fn tell(&self, listed: &Listed) -> Result<(), CliError> {
        let (now, mut out, found) = (Timestamp::now(), anstream::stdout(), &listed.standings);
        if found.is_empty() && !listed.is_cut {
            let asks_for_all = self.state.is_empty() && self.name.is_none() && self.older_than.is_none();
            let none = if asks_for_all { "All processes have ended." } else { "No process fits." };
            return Ok(writeln!(out, "{none}")?);
        }
        let rows = found.iter().map(|it| {
            let first = it.waits_for.first().map(|it| words::briefly(it, now)).unwrap_or_default();
            [it.process.to_string(), it.state.to_string(), it.name.clone(), ago(it.began, now), first]
        });
        look::table(["process", "state", "began with", "began", "waits for"], rows.collect(), &mut out)?;
        match listed.all {
            _ if !listed.is_cut => {}
            Some(all) => {
                writeln!(
                    out,
                    "\n{} of {} are shown; --limit shows more.",
                    found.len(),
                    look::number(all as u64)
                )?;
            }
            None => writeln!(out, "\nOnly the newest are shown ({}); --limit shows more.", found.len())?,
        }
        Ok(())
    }

    async fn among_open(&self, inspector: &Inspector, sweep: &Sweep) -> Result<Listed, CliError> {
        let is_asked_for =
            |state: ProcessState| self.state.is_empty() || self.state.iter().any(|it| it.is(state));
        let open: Vec<_> = sweep.open().rev().filter(|(_, state)| is_asked_for(*state)).collect();
        let mut listed = Listed::default();
        let mut chunks = open.chunks(PROCESSES_PER_READ);
        for some in chunks.by_ref() {
            self.add(inspector.standings(sweep, some.iter().map(|(it, _)| *it)).await?, &mut listed);
            if listed.is_cut {
                break;
            }
        }
        // What is not listed may be stuck, too.
        for some in chunks.filter(|_| !listed.is_stuck) {
            let stuck = some.iter().filter(|(_, state)| *state == ProcessState::Stuck).map(|(it, _)| *it);
            let standings = inspector.standings(sweep, stuck).await?;
            if standings.iter().any(|it| self.is_meant(it)) {
                listed.is_stuck = true;
                break;
            }
        }
        let counts = self.name.is_none() && self.older_than.is_none();
        listed.all = counts.then_some(open.len());
        Ok(listed)
    }

    async fn among_all(&self, inspector: &Inspector, sweep: &Sweep) -> Result<Listed, CliError> {
        let (mut listed, mut before) = (Listed::default(), None);
        while !listed.is_cut {
            let extents = inspector.store().processes(before, PROCESSES_PER_READ).await?;
            let Some(last) = extents.last() else { break };
            before = Some(last.process);
            self.add(inspector.standings(sweep, extents.iter().map(|it| it.process)).await?, &mut listed);
        }
        Ok(listed)
    }

    fn add(&self, standings: Vec<Standing>, listed: &mut Listed) {
        for it in standings.into_iter().filter(|it| self.is_meant(it)) {
            listed.is_stuck |= it.state == ProcessState::Stuck;
            if listed.standings.len() < self.limit {
                listed.standings.push(it);
            } else {
                listed.is_cut = true;
            }
        }
    }

    fn is_meant(&self, it: &Standing) -> bool {
        let is_old = |age| Timestamp::now().duration_since(it.began).unsigned_abs() >= age;
        self.older_than.is_none_or(is_old)
            && self.name.as_ref().is_none_or(|name| *name == it.name)
            && (self.state.is_empty() || self.state.iter().any(|state| state.is(it.state)))
    }
}
