use std::collections::BTreeMap;

use clap::Args;
use procession::{
    Operation,
    inspect::{Inspector, WaitsFor},
    log::ProcessId,
    store::Delivery,
};

use super::retry::{Meant, changes, nothing_fits};
use crate::{
    error::CliError,
    program::{Done, Shared},
    words,
};

#[derive(Args)]
#[command(after_help = "\
Examples:
  procession parked discard 42 --dry-run --why 'what would then happen?'
  procession parked discard 42 --why 'the guest has left'
  procession parked discard --handler 'saga newsletter' --older-than 7d --why 'nobody wants these any more'")]
pub(crate) struct Discard {
    #[command(flatten)]
    meant: Meant,
}

/// The processes of more messages than these are not looked at, as each of them is read as a whole.
const PROCESSES_LOOKED_AT: usize = 100;

impl Discard {
    pub(super) async fn run(self, shared: &Shared) -> Done {
        let inspector = Inspector::of(shared.read().await?).await?;
        let store = inspector.store();
        let fitting = self.meant.find(&**store).await?;
        let rows = self.meant.first_of(fitting.rows.clone());
        if rows.is_empty() {
            return nothing_fits(&fitting, shared);
        }
        let mut of_processes: BTreeMap<ProcessId, (usize, Vec<Delivery>)> = BTreeMap::new();
        for (index, row) in rows.iter().enumerate() {
            let (last, deliveries) = of_processes.entry(row.process).or_default();
            *last = index;
            deliveries.push(row.delivery());
        }
        let mut changes =
            changes("discard", rows, |it| Operation::DiscardParked(it.delivery()), &**store).await?;
        let left = of_processes.len().saturating_sub(PROCESSES_LOOKED_AT);
        for (process, (last, deliveries)) in of_processes.into_iter().take(PROCESSES_LOOKED_AT) {
            let sentences = what_then(&inspector, process, &deliveries).await?;
            changes.get_mut(last).into_iter().for_each(|it| it.then.extend(sentences.iter().cloned()));
        }
        if left > 0 {
            let sentence = format!("what {left} more processes then wait for: `procession processes`");
            changes.last_mut().into_iter().for_each(|it| it.then.push(sentence.clone()));
        }
        self.meant.asking.ask(changes, shared).await
    }
}

/// Nothing wakes an instance that waits for what a discarded message would have led to.
async fn what_then(
    inspector: &Inspector,
    process: ProcessId,
    discarded: &[Delivery],
) -> Result<Vec<String>, CliError> {
    let standing = inspector.process_without(process, discarded).await?;
    let waits = standing.into_iter().flat_map(|it| it.waits_for);
    let for_ever = waits.filter_map(|it| match it {
        WaitsFor::Nothing { awaits, from, .. } => Some(words::awaited(&awaits, &from)),
        _ => None,
    });
    let mut said: Vec<_> = for_ever
        .map(|it| format!("process {process} will then wait for {it}, and nothing will wake it"))
        .collect();
    if !said.is_empty() {
        said.push(format!("to end it: procession cancel {process} --why 'the reason'"));
    }
    Ok(said)
}
