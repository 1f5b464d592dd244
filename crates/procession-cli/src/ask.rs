//! Asking the application for changes: what they will do, who asks and why, and what came of it.

use std::{
    io::Write,
    sync::Arc,
    time::{Duration, Instant},
};

use clap::Args;
use procession::{
    Operation, Operator, OperatorError, Store, StoreError,
    log::Position,
    store::{Delivery, HoldKind, ParkedOf, ParkedStream, ProjectionStanding, TimersOf},
};
use serde::Serialize;

use crate::{
    age::duration,
    error::CliError,
    login, look,
    program::{Done, Found, Shared},
};

/// What every change needs.
#[derive(Args)]
pub(crate) struct Asking {
    /// Why; it is recorded in the log.
    #[arg(long, value_name = "TEXT")]
    why: String,
    /// Who; it is recorded in the log. Without it, the name that you are logged in by, or the number of your user.
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
    /// How long to wait until the application has done it.
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = duration)]
    wait: Duration,
    /// Only say what would be done.
    #[arg(long)]
    dry_run: bool,
}

/// One change, in the words of who asks for it.
pub(crate) struct Change {
    pub(crate) what: String,
    pub(crate) operation: Operation,
    /// Retries: how often the handler has failed before.
    pub(crate) failures: u32,
    /// What stands in its way, if it will not be done when the application runs.
    pub(crate) held_by: Option<String>,
    /// What follows from it, in sentences.
    pub(crate) then: Vec<String>,
}

impl Change {
    pub(crate) fn of(what: String, operation: Operation) -> Self {
        Self { what, operation, failures: 0, held_by: None, then: Vec::new() }
    }
}

/// What came of a change. As JSON these names are stable.
#[derive(Serialize)]
struct Outcome {
    change: String,
    /// Where it stands in the log; none for a dry run.
    operation: Option<Position>,
    result: Came,
    /// Why the handler has failed again, or why it is not done when the application runs.
    cause: Option<String>,
    /// What follows from it.
    then: Vec<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Came {
    /// It was only said.
    DryRun,
    /// The application has done it.
    Done,
    /// The handler was tried, and has failed again.
    FailedAgain,
    /// The application has not done it yet; it does when it runs.
    Pending,
}

const LOOK_EVERY: Duration = Duration::from_millis(50);

impl Asking {
    /// Says what will be done, asks for it, and waits for what comes of it.
    pub(crate) async fn ask(&self, changes: Vec<Change>, shared: &Shared) -> Done {
        if self.dry_run {
            let outcomes = changes.into_iter().map(|it| {
                let held_by = it.held_by.clone();
                it.came(None, Came::DryRun, held_by)
            });
            return tell(&outcomes.collect::<Vec<_>>(), shared);
        }
        let store = shared.beside().await?;
        let outcomes = self.ask_on(&store, changes).await;
        // What was asked for is durable; closing only lets go of the file.
        _ = store.close().await;
        tell(&outcomes?, shared)
    }

    async fn ask_on(&self, store: &Arc<dyn Store>, changes: Vec<Change>) -> Result<Vec<Outcome>, CliError> {
        let by = self.by.clone().unwrap_or_else(login::name);
        let operator = Operator::on(Arc::clone(store)).by(by).because(self.why.clone());
        let positions = operator.request(changes.iter().map(|it| it.operation.clone())).await;
        let positions = positions.map_err(|error: OperatorError| CliError::from(error))?;
        let deadline = Instant::now() + self.wait;
        let mut outcomes = Vec::new();
        for (change, position) in changes.into_iter().zip(positions) {
            let (result, cause) = loop {
                let (result, cause) = result_of(&**store, &change, position).await?;
                if result != Came::Pending {
                    break (result, cause);
                }
                if change.held_by.is_some() || Instant::now() >= deadline {
                    break (result, change.held_by.clone());
                }
                tokio::time::sleep(LOOK_EVERY).await;
            };
            outcomes.push(change.came(Some(position), result, cause));
        }
        Ok(outcomes)
    }
}

/// Whether the application has done it.
async fn result_of(
    store: &dyn Store,
    change: &Change,
    position: Position,
) -> Result<(Came, Option<String>), StoreError> {
    let progress = store.progress().await?;
    let entry = store.read_entries(vec![position]).await?;
    let is_handled = entry.first().is_some_and(|it| {
        let partition = it.entry.stream.partition(store.partitions());
        progress.checkpoints.get(partition.index()).is_some_and(|it| *it >= position)
    });
    if !is_handled {
        return Ok((Came::Pending, None));
    }
    let done = |is_done: bool| (if is_done { Came::Done } else { Came::Pending }, None);
    Ok(match &change.operation {
        Operation::RetryParked(message) => match find_parked(store, message).await? {
            None => (Came::Done, None),
            Some(row) if row.attempts > change.failures => (Came::FailedAgain, row.cause),
            Some(_) => (Came::Pending, None),
        },
        Operation::DiscardParked(message) => done(find_parked(store, message).await?.is_none()),
        Operation::EditParked { message, .. } => {
            done(find_parked(store, message).await?.is_none_or(|it| it.edited == Some(position)))
        }
        Operation::CancelTimer(timer) => done(store.timers(TimersOf::Id(*timer), 1).await?.is_empty()),
        Operation::MoveTimer { timer, due } => {
            done(store.timers(TimersOf::Id(*timer), 1).await?.first().is_none_or(|it| it.due == *due))
        }
        Operation::SuspendProcess(process) => done(hold(store, *process).await?.is_some()),
        Operation::ResumeProcess(process) => done(hold(store, *process).await?.is_none()),
        Operation::CancelProcess(process) => done(hold(store, *process).await? == Some(HoldKind::Cancelled)),
        Operation::RebuildProjection(projection) => {
            let of = of_projection(store, projection).await?;
            let is_filled = of.iter().all(|it| it.state.is_read());
            done(is_filled && of.iter().all(|it| it.checkpoint >= position))
        }
        Operation::RetryProjection { projection, stream } => {
            let of = of_projection(store, projection).await?;
            let Some(read) = of.iter().find(|it| it.state.is_read()) else { return Ok(done(false)) };
            if read.checkpoint < position {
                return Ok(done(false));
            }
            let parked = store.parked_streams(read.generation.clone(), usize::MAX).await?;
            let is_meant = |it: &ParkedStream| {
                it.position < position && stream.as_ref().is_none_or(|stream| *stream == it.stream)
            };
            match parked.into_iter().find(is_meant) {
                Some(it) => (Came::FailedAgain, Some(it.cause)),
                None => (Came::Done, None),
            }
        }
        _ => done(true),
    })
}

async fn of_projection(store: &dyn Store, projection: &str) -> Result<Vec<ProjectionStanding>, StoreError> {
    let mut all = store.projections().await?.generations;
    all.retain(|it| &*it.generation.projection == projection);
    Ok(all)
}

async fn find_parked(
    store: &dyn Store,
    message: &Delivery,
) -> Result<Option<procession::store::Parked>, StoreError> {
    let Some(entry) = store.read_entries(vec![message.position]).await?.into_iter().next() else {
        return Ok(None);
    };
    let rows = store.parked(ParkedOf::Process(entry.process), usize::MAX).await?;
    Ok(rows.into_iter().find(|it| it.delivery() == *message))
}

async fn hold(
    store: &dyn Store,
    process: procession::log::ProcessId,
) -> Result<Option<HoldKind>, StoreError> {
    Ok(store.holds().await?.into_iter().find(|(it, _)| *it == process).map(|(_, it)| it.kind))
}

impl Change {
    fn came(self, operation: Option<Position>, result: Came, cause: Option<String>) -> Outcome {
        Outcome { change: self.what, operation, result, cause, then: self.then }
    }
}

fn tell(outcomes: &[Outcome], shared: &Shared) -> Done {
    let is_good = |it: &Outcome| matches!(it.result, Came::Done | Came::DryRun);
    let found = Found::wrong_if(!outcomes.iter().all(is_good));
    if shared.json {
        look::json(&outcomes)?;
        return Ok(found);
    }
    let mut out = anstream::stdout();
    for Outcome { change, operation, result, cause, then } in outcomes {
        let recorded = operation.map(|it| format!(" (#{it})")).unwrap_or_default();
        let (style, came) = match result {
            Came::DryRun => (look::FAINT, with_cause("would be asked for", cause.as_deref())),
            Came::Done => (look::GOOD, "done".to_owned()),
            Came::FailedAgain => {
                (look::BAD, format!("failed again: {}", cause.as_deref().unwrap_or("no cause is known")))
            }
            Came::Pending => {
                let cause = cause.as_deref().unwrap_or("it will be done when the application runs next");
                (look::EVENT, with_cause("asked for", Some(cause)))
            }
        };
        writeln!(out, "{change}{recorded}: {style}{}{style:#}", look::harmless(&came))?;
        for sentence in then {
            writeln!(out, "  {}", look::harmless(sentence))?;
        }
    }
    Ok(found)
}

fn with_cause(came: &str, cause: Option<&str>) -> String {
    cause.map_or_else(|| came.to_owned(), |cause| format!("{came}; {cause}"))
}
