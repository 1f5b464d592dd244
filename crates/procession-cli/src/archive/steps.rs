//! Entries leave the log.

use std::collections::BTreeSet;

use procession::{
    Store, StoreError,
    log::ProcessId,
    store::{Archived, Batch, Conflict},
};

use super::pieces::MOST_ENTRIES;
use crate::error::CliError;

/// Takes pieces out of the log, a few at once. Gives those that are out, and why the others stay.
pub(super) async fn take_out(
    store: &dyn Store,
    pieces: Vec<Archived>,
) -> Result<(Vec<Archived>, Vec<String>), CliError> {
    let mut taken = Taken::default();
    let mut waiting = pieces.into_iter().peekable();
    while waiting.peek().is_some() {
        let (mut step, mut entries) = (Vec::new(), 0);
        while let Some(it) = waiting.next_if(|it| step.is_empty() || entries + it.entries <= MOST_ENTRIES) {
            entries += it.entries;
            step.push(it);
        }
        taken.step(store, step).await.map_err(|error| {
            let so_far: u64 = taken.gone.iter().map(|it| it.entries).sum();
            CliError::store(format!("only {} could be archived: {error}", super::entries(so_far)))
                .hint("the file stays, and what is not archived is in the log; run it again, to another file")
        })?;
    }
    Ok((taken.gone, taken.left))
}

#[derive(Default)]
struct Taken {
    gone: Vec<Archived>,
    left: Vec<String>,
    /// Of these no later piece may go, or what comes of a message would go before it.
    left_processes: BTreeSet<ProcessId>,
}

impl Taken {
    /// One process that has gone on does not keep the others of its step.
    async fn step(&mut self, store: &dyn Store, mut step: Vec<Archived>) -> Result<(), StoreError> {
        step.retain(|it| !self.left_processes.contains(&it.process));
        while !step.is_empty() {
            match store.commit(Batch { archived: step.clone(), ..Batch::default() }).await {
                Ok(_) => self.gone.append(&mut step),
                Err(StoreError::Conflict(conflict @ Conflict::Archive { process, .. })) => {
                    self.left.push(conflict.to_string());
                    self.left_processes.insert(process);
                    step.retain(|it| it.process != process);
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}
