use std::io::Write;

use clap::Args;
use jiff::Timestamp;
use procession::{
    Store,
    history::written,
    log::{Position, Recorded},
    store::{Parked, ParkedOf},
};
use serde::Serialize;

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
        }
        let store = shared.read()?;
        let (row, entry) = self.find(&*store).await?;
        let parked = ParkedView { message: entry.entry.name.to_string(), ..ParkedView::of(row) };
        if shared.json {
            look::json(&Shown { parked: &parked, entry: &entry })?;
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
        if let Some(edited) = parked.edited {
            writeln!(out, "edited   by #{edited}")?;
        }
        writeln!(out, "message  {}", look::harmless(&written(&entry.entry.name, &entry.entry.payload)))?;
        Ok(Found::Wrong)
    }
}
