use std::io::Write;

use clap::Args;
use jiff::Timestamp;
use procession::{
    inspect::{EffectOverview, Inspector, ProcessState, Rates, ReadModelOverview, Standing},
    log::Position,
};
use serde::Serialize;

use crate::{
    age::{absolute, ago},
    application::ApplicationView,
    error::CliError,
    look,
    program::{Done, Found, Shared},
    projections, words,
};

/// How it stands with everything: partitions, processes, timers, what is parked and what is stuck.
#[derive(Args)]
pub(crate) struct Status {}

/// As JSON: these names are stable.
#[derive(Serialize)]
pub(crate) struct Overview {
    store: String,
    application: ApplicationView,
    head: Position,
    /// Messages before their handlers.
    pending: u64,
    partitions: Vec<PartitionView>,
    processes: Counts,
    timers_due: usize,
    next_timer: Option<Timestamp>,
    parked: u64,
    effects: u64,
    by_effect: Vec<EffectOverview>,
    read_models: Vec<ReadModelOverview>,
    rates: Rates,
    /// The oldest of the stuck ones.
    stuck: Vec<Standing>,
    described: bool,
}

#[derive(Serialize)]
struct PartitionView {
    partition: usize,
    checkpoint: Position,
    lag: u64,
}

#[derive(Serialize)]
struct Counts {
    running: usize,
    waiting: usize,
    suspended: usize,
    stuck: usize,
}

/// More stuck processes than these are found with `processes --state stuck`.
const STUCK_SHOWN: usize = 10;
const TIMERS_COUNTED: usize = 10_000;

impl Status {
    pub(crate) async fn run(self, shared: &Shared) -> Done {
        let overview = Overview::of(&shared.inspector().await?, shared).await?;
        if shared.json {
            look::json(&overview)?;
        } else {
            overview.tell(&mut anstream::stdout())?;
        }
        Ok(overview.found())
    }
}

impl Overview {
    pub(crate) async fn of(inspector: &Inspector, shared: &Shared) -> Result<Self, CliError> {
        let (store, now) = (inspector.store(), Timestamp::now());
        let sweep = inspector.sweep().await?;
        let by_effect = inspector.effects(now).await?;
        let stuck: Vec<_> = sweep.stuck().take(STUCK_SHOWN).collect();
        let partitions = sweep.progress.checkpoints.iter().zip(&sweep.lags).enumerate();
        let partitions = partitions.map(|(partition, (checkpoint, lag))| PartitionView {
            partition,
            checkpoint: *checkpoint,
            lag: *lag,
        });
        Ok(Self {
            store: store.name(),
            application: shared.application(store).await?,
            head: sweep.progress.head,
            pending: sweep.lags.iter().sum(),
            partitions: partitions.collect(),
            processes: Counts {
                running: sweep.count(ProcessState::Running),
                waiting: sweep.count(ProcessState::Waiting),
                suspended: sweep.count(ProcessState::Suspended),
                stuck: sweep.count(ProcessState::Stuck),
            },
            timers_due: store.due_timers(now, TIMERS_COUNTED).await?.len(),
            next_timer: store.next_due().await?,
            parked: sweep.parked,
            effects: by_effect.iter().map(|it| it.open).sum(),
            by_effect,
            read_models: inspector.read_models().await?,
            rates: inspector.rates(now).await?,
            stuck: inspector.standings(&sweep, stuck).await?,
            described: inspector.description().is_some(),
        })
    }

    pub(crate) fn found(&self) -> Found {
        let leaves_out = self.read_models.iter().any(|it| it.parked > 0);
        Found::wrong_if(self.processes.stuck > 0 || self.parked > 0 || leaves_out || self.is_left_alone())
    }

    /// Whether timers or calls are due, and nobody is there who would do something about it.
    fn is_left_alone(&self) -> bool {
        !self.application.is_running
            && (self.pending > 0 || self.timers_due > 0 || self.by_effect.iter().any(|it| it.due > 0))
    }

    pub(crate) fn tell(&self, out: &mut dyn Write) -> Result<(), CliError> {
        let (now, strong) = (Timestamp::now(), look::STRONG);
        writeln!(out, "{strong}{}{strong:#}  {} entries", self.store, look::number(self.head.0))?;
        let bad = if self.is_left_alone() { look::BAD } else { look::FAINT };
        writeln!(out, "runtime    {bad}{}{bad:#}", self.application.told(now))?;
        let Counts { running, waiting, suspended, stuck } = self.processes;
        let bad = if stuck > 0 { look::BAD } else { look::FAINT };
        writeln!(
            out,
            "processes  {running} running, {waiting} waiting, {suspended} suspended, {bad}{stuck} stuck{bad:#}"
        )?;
        let behind = self.partitions.iter().filter(|it| it.lag > 0).count();
        let partitions = look::count(self.partitions.len(), "partition");
        writeln!(
            out,
            "messages   {} before their handlers, in {behind} of {partitions}",
            look::number(self.pending)
        )?;
        let bad = if self.parked > 0 { look::BAD } else { look::FAINT };
        writeln!(
            out,
            "parked     {bad}{}{bad:#}",
            look::count(usize::try_from(self.parked).unwrap_or(usize::MAX), "message")
        )?;
        writeln!(out, "effects    {} open", self.effects)?;
        let next = self.next_timer.map_or("none waits".to_owned(), |it| {
            format!("the next is due {} ({})", ago(it, now), absolute(it))
        });
        writeln!(out, "timers     {} due; {next}", self.timers_due)?;
        // Written as one word, as `12.3/s`.
        let Rates { handled_per_second, entries_per_second, over_seconds } = self.rates;
        writeln!(
            out,
            "rate       {handled_per_second:.1}/s messages handled, {entries_per_second:.1}/s entries written, over {over_seconds:.0}s"
        )?;
        for it in self.partitions.iter().filter(|it| it.lag > 0) {
            writeln!(
                out,
                "  partition {:>3}  {} behind #{}",
                it.partition,
                look::number(it.lag),
                it.checkpoint
            )?;
        }
        if self.by_effect.iter().any(|it| it.open > 0 || it.breaker.is_some()) {
            writeln!(out, "\n{strong}Effects{strong:#}")?;
            let rows = self.by_effect.iter().map(|it| row_of(it, now)).collect();
            look::table(["effect", "open", "due", "pausing", "oldest", "circuit breaker"], rows, out)?;
        }
        if !self.read_models.is_empty() {
            writeln!(out, "\n{strong}Read models{strong:#}")?;
            projections::tell(&self.read_models, out)?;
        }
        if !self.stuck.is_empty() {
            writeln!(out, "\n{strong}Stuck{strong:#}")?;
            let rows = self.stuck.iter().map(|it| {
                let why = it.waits_for.first().map(|it| words::briefly(it, now)).unwrap_or_default();
                [it.process.to_string(), it.name.clone(), ago(it.began, now), why]
            });
            look::table(["process", "began with", "began", "why"], rows.collect(), out)?;
            writeln!(out, "\n`procession show PROCESS` tells what it waits for, and what to do.")?;
        }
        if !self.described {
            writeln!(out, "\nNo application has described itself here: instances that wait are not seen.")?;
        }
        Ok(())
    }
}

fn row_of(it: &EffectOverview, now: Timestamp) -> [String; 6] {
    let oldest = it.oldest.map(|it| ago(it, now)).unwrap_or_default();
    let breaker = it.breaker.map_or("closed".to_owned(), |it| {
        let look = if it.next_look <= now { "now".to_owned() } else { ago(it.next_look, now) };
        format!("opened {}, looks {look}", ago(it.open_since, now))
    });
    [
        it.effect.clone(),
        look::number(it.open),
        look::number(it.due),
        look::number(it.pausing),
        oldest,
        breaker,
    ]
}
