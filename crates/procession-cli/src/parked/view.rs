use std::collections::BTreeMap;

use jiff::Timestamp;
use procession::{
    Store,
    log::{Position, ProcessId},
    store::{Parked, ParkedReason},
};
use serde::Serialize;

use crate::{error::CliError, words::times};

/// As JSON: these names are stable.
#[derive(Serialize)]
pub(super) struct ParkedView {
    pub(super) position: Position,
    pub(super) message: String,
    pub(super) handler: String,
    pub(super) stream: String,
    pub(super) process: ProcessId,
    pub(super) reason: &'static str,
    pub(super) cause: Option<String>,
    pub(super) attempts: u32,
    pub(super) retry_at: Option<Timestamp>,
    pub(super) edited: Option<Position>,
    pub(super) since: Timestamp,
}

/// With the names of the messages.
pub(super) async fn views(store: &dyn Store, rows: Vec<Parked>) -> Result<Vec<ParkedView>, CliError> {
    let entries = store.read_entries(rows.iter().map(|it| it.position).collect()).await?;
    let names: BTreeMap<Position, &str> = entries.iter().map(|it| (it.position, &*it.entry.name)).collect();
    let name = |position| names.get(&position).copied().unwrap_or_default().to_owned();
    let views = rows.into_iter().map(|row| ParkedView { message: name(row.position), ..ParkedView::of(row) });
    Ok(views.collect())
}

impl ParkedView {
    pub(super) fn of(row: Parked) -> Self {
        Self {
            position: row.position,
            message: String::new(),
            handler: row.handler.to_string(),
            stream: row.stream.to_string(),
            process: row.process,
            reason: match row.reason {
                ParkedReason::Failed => "failed",
                ParkedReason::Behind => "behind",
                ParkedReason::Suspended => "suspended",
            },
            cause: row.cause,
            attempts: row.attempts,
            retry_at: row.retry_at,
            edited: row.edited,
            since: row.at,
        }
    }

    pub(super) fn why(&self) -> String {
        match (self.reason, &self.cause) {
            ("failed", Some(cause)) => format!("failed {}: {cause}", times(self.attempts)),
            ("behind", _) => "stands behind an earlier one".into(),
            (reason, _) => reason.into(),
        }
    }
}
