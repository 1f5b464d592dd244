use std::{collections::BTreeSet, io::Write, num::NonZeroUsize};

use clap::Args;
use procession::{
    Operation, Store,
    log::ProcessId,
    store::{HoldKind, Parked, ParkedReason},
};

use super::{
    filter::{Filter, Fitting},
    view::views,
};
use crate::{
    ask::{Asking, Change},
    error::CliError,
    look,
    program::{Done, Found, Shared},
};

#[derive(Args)]
#[command(after_help = "\
Examples:
  procession parked retry 42 --why 'fixed in 1.4'
  procession parked retry --handler warehouse --canary 1 --why 'does it work now?'
  procession parked retry --cause-contains 'timed out' --dry-run --why 'the provider is back'")]
pub(crate) struct Retry {
    #[command(flatten)]
    meant: Meant,
}

/// The messages that something is to be done with.
#[derive(Args)]
pub(super) struct Meant {
    #[command(flatten)]
    filter: Filter,
    /// Everything that is parked, when no filter is given.
    #[arg(long)]
    all: bool,
    /// Only the first of so many streams, to see whether it works.
    #[arg(long, value_name = "STREAMS")]
    canary: Option<NonZeroUsize>,
    #[command(flatten)]
    pub(super) asking: Asking,
}

impl Retry {
    pub(super) async fn run(self, shared: &Shared) -> Done {
        let store = shared.read().await?;
        let fitting = self.meant.find(&*store).await?;
        self.meant.filter.names_what_has_failed(&fitting)?;
        // What stands behind a failed one follows it by itself.
        let failed = fitting.rows.iter().filter(|it| it.reason == ParkedReason::Failed);
        let rows = self.meant.first_of(failed.cloned().collect());
        if rows.is_empty() {
            return nothing_fits(&fitting, shared);
        }
        let processes: Vec<_> = rows.iter().map(|it| it.process).collect();
        let mut changes = changes("retry", rows, |it| Operation::RetryParked(it.delivery()), &*store).await?;
        let suspended = suspended(&*store).await?;
        for (change, process) in changes.iter_mut().zip(processes) {
            change.held_by = suspended.contains(&process).then(|| {
                format!(
                    "process {process} is suspended, and it will be done when that goes on: \
                    procession resume {process} --why 'the reason'"
                )
            });
        }
        self.meant.asking.ask(changes, shared).await
    }
}

impl Meant {
    pub(super) async fn find(&self, store: &dyn Store) -> Result<Fitting, CliError> {
        if self.filter.is_empty() && !self.all {
            return Err(CliError::usage("it was not said which messages")
                .hint("name their positions, give a filter, or say --all"));
        }
        self.filter.find(store).await
    }

    /// Those of the first streams only, if that was said.
    pub(super) fn first_of(&self, mut rows: Vec<Parked>) -> Vec<Parked> {
        if let Some(streams) = self.canary {
            let mut first: Vec<String> = Vec::new();
            rows.retain(|it| {
                let stream = it.stream.to_string();
                let is_new = !first.contains(&stream);
                if is_new && first.len() < streams.get() {
                    first.push(stream.clone());
                }
                first.contains(&stream)
            });
        }
        rows
    }
}

async fn suspended(store: &dyn Store) -> Result<BTreeSet<ProcessId>, CliError> {
    let holds = store.holds().await?.into_iter();
    Ok(holds.filter(|(_, it)| it.kind == HoldKind::Suspended).map(|(process, _)| process).collect())
}

/// A change that finds nothing to change is not done, as long as something is parked.
pub(super) fn nothing_fits(fitting: &Fitting, shared: &Shared) -> Done {
    if shared.json {
        look::json(&[(); 0])?;
    } else {
        writeln!(anstream::stdout(), "{} Nothing was asked for.", fitting.nothing())?;
    }
    Ok(Found::wrong_if(!fitting.all.is_empty()))
}

/// A change for each message.
pub(super) async fn changes(
    verb: &str,
    rows: Vec<Parked>,
    operation: impl Fn(&Parked) -> Operation,
    store: &dyn Store,
) -> Result<Vec<Change>, CliError> {
    let operations: Vec<_> = rows.iter().map(|it| (operation(it), it.attempts)).collect();
    let changes = views(store, rows).await?.into_iter().zip(operations).map(|(it, (operation, failures))| {
        let what = format!("{verb} {} #{} of {} for {}", it.message, it.position, it.stream, it.handler);
        Change { failures, ..Change::of(what, operation) }
    });
    Ok(changes.collect())
}
