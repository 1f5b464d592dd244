//! What a command names, and is not there.

use procession::{
    Store,
    inspect::{Inspector, Standing},
    log::{Position, ProcessId},
};

use crate::error::CliError;

/// How a process stands.
pub(crate) async fn standing(inspector: &Inspector, process: ProcessId) -> Result<Standing, CliError> {
    must_exist(&**inspector.store(), process).await?;
    let standing = inspector.process(process).await?;
    standing.ok_or_else(|| CliError::store(format!("process {process} cannot be found by its beginning")))
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
        None => Err(CliError::usage(format!("there is no process {process}"))
            .hint("`procession processes` lists those that have not ended; --state ended lists the others")),
    }
}
