use std::io::Write;

use clap::Args;
use jiff::Timestamp;
use procession::{
    Operation, Requested, Store,
    log::{Position, Recorded},
    store::{Parked, ParkedOf},
};
use serde::Serialize;
use serde_json::value::RawValue;

use super::view::ParkedView;
use crate::{
    age::{absolute, ago},
    error::CliError,
    look,
    program::{Done, Found, Shared},
};

#[derive(Args)]
pub(crate) struct Named {
    /// The position of the message.
    position: u64,
    /// The handler, if the message is parked for more than one.
    #[arg(long)]
    handler: Option<String>,
}

impl Named {
    pub(super) async fn find(&self, store: &dyn Store) -> Result<(Parked, Recorded), CliError> {
        let position = Position(self.position);
        let entry = store.read_entries(vec![position]).await?.into_iter().next();
        let nothing = || {
            CliError::usage(format!("the message at position {position} is not parked"))
                .hint("`procession parked list` shows those that are")
        };
        let entry = entry.ok_or_else(nothing)?;
        let mut rows = store.parked(ParkedOf::Process(entry.process), usize::MAX).await?;
        rows.retain(|it| {
            it.position == position && self.handler.as_ref().is_none_or(|handler| it.handler == *handler)
        });
        if rows.len() > 1 {
            let handlers: Vec<_> = rows.iter().map(|it| format!("`{}`", it.handler)).collect();
            return Err(CliError::usage(format!("the message is parked for {}", handlers.join(", ")))
                .hint("say for which of them: --handler NAME"));
        }
        Ok((rows.pop().ok_or_else(nothing)?, entry))
    }

    pub(super) async fn show(self, shared: &Shared) -> Done {
        #[derive(Serialize)]
        struct Shown<'a> {
            #[serde(flatten)]
            parked: &'a ParkedView,
            entry: &'a Recorded,
            /// What the handler will get.
            payload: &'a RawValue,
            edited_by: Option<&'a str>,
            edited_why: Option<&'a str>,
        }
        let store = shared.read().await?;
        let (row, entry) = self.find(&*store).await?;
        let edited = edit_of(&row, &*store).await?;
        let parked = ParkedView { message: entry.entry.name.to_string(), ..ParkedView::of(row) };
        if shared.json {
            let payload = edited.as_ref().map_or(&*entry.entry.payload, |it| &*it.payload);
            look::json(&Shown {
                parked: &parked,
                entry: &entry,
                payload: serde_json::from_str(payload)?,
                edited_by: edited.as_ref().map(|it| &*it.by),
                edited_why: edited.as_ref().map(|it| &*it.why),
            })?;
            return Ok(Found::Wrong);
        }
        let (now, mut out, strong) = (Timestamp::now(), anstream::stdout(), look::STRONG);
        writeln!(out, "{strong}{}{strong:#} (#{}) for {}", parked.message, parked.position, parked.handler)?;
        writeln!(out, "stream   {}", parked.stream)?;
        writeln!(out, "process  {}", parked.process)?;
        writeln!(out, "since    {} ({})", absolute(parked.since), ago(parked.since, now))?;
        writeln!(out, "why      {}", look::harmless(&parked.why()))?;
        if let Some(retry_at) = parked.retry_at {
            writeln!(out, "retried  {} ({})", ago(retry_at, now), absolute(retry_at))?;
        }
        if let (Some(position), Some(Edit { by, why, payload })) = (parked.edited, &edited) {
            writeln!(out, "edited   by {} (#{position}): {}", look::harmless(by), look::harmless(why))?;
            writeln!(out, "was      {}", look::harmless(&entry.entry.payload))?;
            writeln!(out, "payload  {}", look::harmless(payload))?;
        } else {
            writeln!(out, "payload  {}", look::harmless(&entry.entry.payload))?;
        }
        Ok(Found::Wrong)
    }
}

/// The payload that an operator has given a message.
struct Edit {
    by: String,
    why: String,
    payload: Box<str>,
}

async fn edit_of(row: &Parked, store: &dyn Store) -> Result<Option<Edit>, CliError> {
    let Some(position) = row.edited else { return Ok(None) };
    let operation = store.read_entries(vec![position]).await?.into_iter().next();
    let requested = operation.map(|it| Requested::read(&it.entry)).transpose();
    match requested.map_err(CliError::store)?.flatten() {
        Some(Requested { operation: Operation::EditParked { payload, .. }, by, why, .. }) => {
            Ok(Some(Edit { by, why, payload }))
        }
        _ => Err(CliError::store(format!("no other payload stands at position {position}"))
            .hint("`procession verify` checks the store")),
    }
}
