//! What a command names, and is not there.

use procession::{
    Store,
    inspect::{Inspector, Standing, archived_of},
    log::{Position, ProcessId},
};

use crate::error::CliError;

/// How a process stands.
pub(crate) async fn standing(inspector: &Inspector, process: ProcessId) -> Result<Standing, CliError> {
    match inspector.process(process).await? {
        Some(standing) => Ok(standing),
        None => {
            must_exist(&**inspector.store(), process).await?;
            Err(CliError::store(format!("process {process} cannot be found by its beginning")))
        }
    }
}

/// Tells a process that is not there, and which one is meant if it is a message in the middle of one.
pub(crate) async fn must_exist(store: &dyn Store, process: ProcessId) -> Result<(), CliError> {
    let position: Position = process.began_at();
    let found = store.read_entries(vec![position]).await?.into_iter().next();
    match found.map(|it| it.process) {
        Some(found) if found == process => Ok(()),
        Some(found) => {
            Err(CliError::usage(format!("{position} is no process; it belongs to process {found}"))
                .hint(format!("name that: procession show {found}")))
        }
        None if store.process(process).await?.is_some() => Err(is_archived(store, process).await?),
        None => Err(CliError::usage(format!("there is no process {process}"))
            .hint("`procession processes` lists those that have not ended; --state ended lists the others")),
    }
}

async fn is_archived(store: &dyn Store, process: ProcessId) -> Result<CliError, CliError> {
    let pieces = archived_of(store, process).await?;
    let file = pieces.last().map_or("a file", |it| &it.file);
    Ok(CliError::usage(format!("process {process} is archived, in {file}"))
        .hint(format!("`procession show {process}` tells what is left of it in the log")))
}
