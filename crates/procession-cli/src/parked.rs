use std::{io::Write, time::Duration};

use clap::{Args, Subcommand};
use jiff::Timestamp;
use procession::{
    Operation, Store,
    history::written,
    log::{Position, ProcessId, Recorded},
    store::{Parked, ParkedOf, ParkedReason},
};
use serde::Serialize;

use crate::{
    age::{absolute, ago, duration},
    ask::{Asking, Change},
    error::CliError,
    look,
    program::{Done, Found, Shared},
    words::times,
};

/// See and repair messages whose handlers have failed.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// List them, in the order of the log. Ends with 1 if there are any.
    List(List),
    /// Show one: its cause, what stands in it, and what has failed before.
    Show(Named),
    /// Let the handlers try failed messages again; what is parked behind them follows.
    Retry(Retry),
    /// Let the handler see another payload. The log keeps the message as it was.
    Edit(Edit),
    /// Give messages up for their handlers, for ever; what is parked behind them goes on.
    Discard(Retry),
}

#[derive(Args)]
pub(crate) struct List {
    #[command(flatten)]
    filter: Filter,
    /// How many are listed, at most.
    #[arg(long, default_value_t = 50, value_name = "NUMBER")]
    limit: usize,
}

#[derive(Args)]
pub(crate) struct Named {
    /// The position of the message.
    position: u64,
    /// The handler, if the message is parked for more than one.
    #[arg(long)]
    handler: Option<String>,
}

#[derive(Args)]
#[command(after_help = "\
Examples:
  procession parked retry 42 --why 'fixed in 1.4'
  procession parked retry --handler warehouse --canary 1 --why 'does it work now?'
  procession parked retry --cause-contains 'timed out' --dry-run --why 'the provider is back'")]
pub(crate) struct Retry {
    #[command(flatten)]
    filter: Filter,
    /// Everything that is parked, when no filter is given.
    #[arg(long)]
    all: bool,
    /// Only the first of so many streams, to see whether it works.
    #[arg(long, value_name = "STREAMS")]
    canary: Option<usize>,
    #[command(flatten)]
    asking: Asking,
}

#[derive(Args)]
#[command(after_help = "\
Example:
  procession parked edit 42 --payload '{\"room\":7}' --why 'the room has moved'
  procession parked retry 42 --why 'edited'")]
pub(crate) struct Edit {
    #[command(flatten)]
    named: Named,
    /// The other payload: JSON of the same type.
    #[arg(long, value_name = "JSON")]
    payload: String,
    #[command(flatten)]
    asking: Asking,
}

/// Which parked messages are meant: those that fit all that is given.
#[derive(Args)]
struct Filter {
    /// The positions of the messages.
    positions: Vec<u64>,
    /// The handler, as it is listed: a category, `saga NAME`, `effect NAME`.
    #[arg(long)]
    handler: Option<String>,
    /// The category of the stream.
    #[arg(long)]
    category: Option<String>,
    /// The stream, as it is listed: category/id.
    #[arg(long)]
    stream: Option<String>,
    /// The process.
    #[arg(long)]
    process: Option<ProcessId>,
    /// Text in the cause.
    #[arg(long, value_name = "TEXT")]
    cause_contains: Option<String>,
    /// Parked longer ago: 10m, 1h, 7d.
    #[arg(long, value_name = "TIME", value_parser = duration)]
    older_than: Option<Duration>,
}

/// As JSON: these names are stable.
#[derive(Serialize)]
struct ParkedView {
    position: Position,
    message: String,
    handler: String,
    stream: String,
    process: ProcessId,
    reason: &'static str,
    cause: Option<String>,
    attempts: u32,
    retry_at: Option<Timestamp>,
    edited: Option<Position>,
    since: Timestamp,
}

impl Filter {
    fn is_empty(&self) -> bool {
        let Self { positions, handler, category, stream, process, cause_contains, older_than } = self;
        positions.is_empty()
            && handler.is_none()
            && category.is_none()
            && stream.is_none()
            && process.is_none()
            && cause_contains.is_none()
            && older_than.is_none()
    }

    async fn find(&self, store: &dyn Store) -> Result<Vec<Parked>, CliError> {
        let of = self.process.map_or(ParkedOf::Everything, ParkedOf::Process);
        let (mut rows, now) = (store.parked(of, usize::MAX).await?, Timestamp::now());
        rows.retain(|it| {
            let is = |wanted: &Option<String>, found: &str| wanted.as_ref().is_none_or(|it| it == found);
            (self.positions.is_empty() || self.positions.contains(&it.position.0))
                && is(&self.handler, &it.handler)
                && is(&self.category, it.stream.category())
                && is(&self.stream, &it.stream.to_string())
                && self
                    .cause_contains
                    .as_ref()
                    .is_none_or(|text| it.cause.as_ref().is_some_and(|cause| cause.contains(text)))
                && self.older_than.is_none_or(|age| now.duration_since(it.at).unsigned_abs() >= age)
        });
        Ok(rows)
    }
}

async fn views(store: &dyn Store, rows: Vec<Parked>) -> Result<Vec<ParkedView>, CliError> {
    let entries = store.read_entries(rows.iter().map(|it| it.position).collect()).await?;
    let name = |position: Position| {
        entries
            .iter()
            .find(|it| it.position == position)
            .map(|it| it.entry.name.to_string())
            .unwrap_or_default()
    };
    Ok(rows
        .into_iter()
        .map(|row| ParkedView { message: name(row.position), ..ParkedView::of(row) })
        .collect())
}

impl ParkedView {
    fn of(row: Parked) -> Self {
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

    fn why(&self) -> String {
        match (self.reason, &self.cause) {
            ("failed", Some(cause)) => format!("failed {}: {cause}", times(self.attempts)),
            ("behind", _) => "stands behind an earlier one".into(),
            (reason, _) => reason.into(),
        }
    }
}

impl Command {
    pub(crate) async fn run(self, shared: &Shared) -> Done {
        match self {
            Self::List(it) => it.run(shared).await,
            Self::Show(it) => it.show(shared).await,
            Self::Retry(it) => it.retry(shared).await,
            Self::Edit(it) => it.edit(shared).await,
            Self::Discard(it) => it.discard(shared).await,
        }
    }
}

impl List {
    async fn run(self, shared: &Shared) -> Done {
        let store = shared.read()?;
        let mut rows = self.filter.find(&*store).await?;
        let all = rows.len();
        rows.truncate(self.limit);
        let found = views(&*store, rows).await?;
        if shared.json {
            look::json(&found)?;
            return Ok(Found::wrong_if(all > 0));
        }
        let (now, mut out) = (Timestamp::now(), anstream::stdout());
        if all == 0 {
            writeln!(out, "Nothing is parked.")?;
            return Ok(Found::Fine);
        }
        let rows = found.iter().map(|it| {
            let what = format!("{} for {}: {}", it.message, it.handler, it.why());
            [it.position.to_string(), it.process.to_string(), it.stream.clone(), ago(it.since, now), what]
        });
        look::table(["message", "process", "stream", "since", "what and why"], rows.collect(), &mut out)?;
        if all > found.len() {
            writeln!(out, "\n{} of {all} are shown; --limit shows more.", found.len())?;
        }
        Ok(Found::Wrong)
    }
}

impl Named {
    async fn find(&self, store: &dyn Store) -> Result<(Parked, Recorded), CliError> {
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

    async fn show(self, shared: &Shared) -> Done {
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
        writeln!(out, "why      {}", look::cut(&parked.why(), 400))?;
        if let Some(retry_at) = parked.retry_at {
            writeln!(out, "retried  {} ({})", ago(retry_at, now), absolute(retry_at))?;
        }
        if let Some(edited) = parked.edited {
            writeln!(out, "edited   by #{edited}")?;
        }
        writeln!(out, "message  {}", look::cut(&written(&entry.entry.name, &entry.entry.payload), 2000))?;
        Ok(Found::Wrong)
    }
}

impl Retry {
    async fn retry(self, shared: &Shared) -> Done {
        // What stands behind a failed one follows it by itself.
        let is_meant = |it: &Parked| it.reason == ParkedReason::Failed;
        self.ask("retry", is_meant, |it| Operation::RetryParked(it.delivery()), shared).await
    }

    async fn discard(self, shared: &Shared) -> Done {
        self.ask("discard", |_| true, |it| Operation::DiscardParked(it.delivery()), shared).await
    }

    async fn ask(
        self,
        verb: &str,
        is_meant: impl Fn(&Parked) -> bool,
        operation: impl Fn(&Parked) -> Operation,
        shared: &Shared,
    ) -> Done {
        if self.filter.is_empty() && !self.all {
            return Err(CliError::usage("it was not said which messages")
                .hint("name their positions, give a filter, or say --all"));
        }
        let store = shared.read()?;
        let mut rows = self.filter.find(&*store).await?;
        rows.retain(|it| is_meant(it));
        if let Some(streams) = self.canary {
            let mut first: Vec<String> = Vec::new();
            rows.retain(|it| {
                let stream = it.stream.to_string();
                let is_new = !first.contains(&stream);
                if is_new && first.len() < streams {
                    first.push(stream.clone());
                }
                first.contains(&stream)
            });
        }
        let operations: Vec<(Operation, u32)> = rows.iter().map(|it| (operation(it), it.attempts)).collect();
        let views = views(&*store, rows).await?;
        let changes = views.into_iter().zip(operations).map(|(it, (operation, failures))| Change {
            what: format!("{verb} {} #{} of {} for {}", it.message, it.position, it.stream, it.handler),
            operation,
            failures,
        });
        self.asking.ask(changes.collect(), shared).await
    }
}

impl Edit {
    async fn edit(self, shared: &Shared) -> Done {
        serde_json::from_str::<serde_json::Value>(&self.payload).map_err(|error| {
            CliError::usage(format!("the payload is no JSON: {error}")).hint(
                "`procession parked show` shows the payload as it is; put the other one in single quotes",
            )
        })?;
        let (row, entry) = self.named.find(&*shared.read()?).await?;
        let what =
            format!("edit {} #{} of {} for {}", entry.entry.name, row.position, row.stream, row.handler);
        let operation = Operation::EditParked { message: row.delivery(), payload: self.payload.into() };
        self.asking.ask(vec![Change { what, operation, failures: 0 }], shared).await
    }
}
