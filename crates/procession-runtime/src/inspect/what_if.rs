use procession_core::{
    Application,
    log::Position,
    replay::{WhatIf, WhatIfReport},
};

use super::archived;
use crate::store::{ParkedOf, Progress, Store, StoreError};

const ENTRIES_PER_READ: usize = 4096;

/// Makes every decision that a store has recorded again, with the handlers of an application that is to be deployed, and says
/// what would have been otherwise. The store may be in use; nothing is written.
///
/// It keeps the log in memory. What archived processes have decided is taken as it is recorded: what they decided on is not there.
///
/// # Errors
/// When the store fails.
pub async fn what_if(application: &Application, store: &dyn Store) -> Result<WhatIfReport, StoreError> {
    let Progress { head, checkpoints } = store.progress().await?;
    let parked = store.parked(ParkedOf::Everything, usize::MAX).await?;
    let mut what_if = parked
        .iter()
        .fold(WhatIf::of(application), |it, parked| it.without(parked.position, &parked.handler));
    for it in archived(store).await? {
        what_if = what_if.archived(it.process, it.last);
    }
    let mut after = Position::START;
    while after < head {
        let entries = store.read_log(after, ENTRIES_PER_READ).await?;
        let Some(last) = entries.last().map(|it| it.position) else { break };
        entries.into_iter().filter(|it| it.position <= head).for_each(|it| what_if.next(it));
        after = last;
    }
    let partitions = checkpoints.len() as u16;
    Ok(what_if.finish_where(|it| {
        let checkpoint = checkpoints.get(it.entry.stream.partition(partitions).index());
        checkpoint.is_some_and(|checkpoint| it.position <= *checkpoint)
    }))
}
