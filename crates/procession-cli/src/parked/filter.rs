use std::time::Duration;

use clap::Args;
use jiff::Timestamp;
use procession::{
    Store,
    inspect::Description,
    log::ProcessId,
    store::{Parked, ParkedOf, ParkedReason},
};

use crate::{age::duration, error::CliError, look, missing};

/// Which parked messages are meant: those that fit all that is given.
#[derive(Args)]
pub(super) struct Filter {
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

/// Everything that is parked, and what of it is meant.
pub(super) struct Fitting {
    pub(super) rows: Vec<Parked>,
    pub(super) all: Vec<Parked>,
}

impl Filter {
    pub(super) fn is_empty(&self) -> bool {
        let Self { positions, handler, category, stream, process, cause_contains, older_than } = self;
        positions.is_empty()
            && handler.is_none()
            && category.is_none()
            && stream.is_none()
            && process.is_none()
            && cause_contains.is_none()
            && older_than.is_none()
    }

    /// Finds those that fit. What is named and is not there is a mistake, and no all-clear.
    pub(super) async fn find(&self, store: &dyn Store) -> Result<Fitting, CliError> {
        let all = store.parked(ParkedOf::Everything, usize::MAX).await?;
        self.names_what_is_parked(&all)?;
        let now = Timestamp::now();
        let rows: Vec<Parked> = all.iter().filter(|it| self.fits(it, now)).cloned().collect();
        if rows.is_empty() {
            self.names_what_is_there(store).await?;
        }
        Ok(Fitting { rows, all })
    }

    fn fits(&self, it: &Parked, now: Timestamp) -> bool {
        let is = |wanted: &Option<String>, found: &str| wanted.as_ref().is_none_or(|it| it == found);
        let says = |text: &String| it.cause.as_ref().is_some_and(|cause| cause.contains(text.as_str()));
        (self.positions.is_empty() || self.positions.contains(&it.position.0))
            && is(&self.handler, &it.handler)
            && is(&self.category, it.stream.category())
            && is(&self.stream, &it.stream.to_string())
            && self.process.is_none_or(|process| it.process == process)
            && self.cause_contains.as_ref().is_none_or(says)
            && self.older_than.is_none_or(|age| now.duration_since(it.at).unsigned_abs() >= age)
    }

    fn names_what_is_parked(&self, all: &[Parked]) -> Result<(), CliError> {
        let is_parked = |position: &u64| all.iter().any(|it| it.position.0 == *position);
        let not: Vec<String> =
            self.positions.iter().filter(|it| !is_parked(it)).map(ToString::to_string).collect();
        if not.is_empty() {
            return Ok(());
        }
        let are = if not.len() == 1 { "is" } else { "are" };
        Err(CliError::usage(format!("{} {are} not parked", not.join(", "))).hint(format!(
            "nothing was changed; `procession parked list` shows what is parked: {}",
            look::count(all.len(), "message")
        )))
    }

    /// Only what has failed is tried again; the others follow something else.
    pub(super) fn names_what_has_failed(&self, fitting: &Fitting) -> Result<(), CliError> {
        let has_failed = |it: &&Parked| it.reason == ParkedReason::Failed;
        let of = |position: u64| fitting.rows.iter().filter(move |it| it.position.0 == position);
        let named = self.positions.iter().filter(|it| !of(**it).any(|it| has_failed(&it)));
        let none_has = fitting.rows.first().filter(|_| !fitting.rows.iter().any(|it| has_failed(&it)));
        match named.filter_map(|it| of(*it).next()).next().or(none_has) {
            Some(row) => Err(fitting.follows(row)),
            None => Ok(()),
        }
    }

    async fn names_what_is_there(&self, store: &dyn Store) -> Result<(), CliError> {
        if let Some(process) = self.process {
            missing::must_exist(store, process).await?;
        }
        let Some(handler) = &self.handler else { return Ok(()) };
        let Some(note) = store.note(Description::NOTE.into()).await? else { return Ok(()) };
        let description = Description::read(&note).map_err(CliError::store)?;
        // As the runtime writes them: the kind, where that is not a category.
        let kinds = ["saga ", "module ", "route to ", "effect "];
        let name = kinds.iter().find_map(|it| handler.strip_prefix(it)).unwrap_or(handler);
        if description.handlers().any(|it| it.name == name) {
            return Ok(());
        }
        Err(CliError::usage(format!("the application has no handler `{handler}`"))
            .hint("`procession parked list` names the handlers as they are written here"))
    }
}

impl Fitting {
    /// That nothing fits, which is no all-clear as long as something is parked.
    pub(super) fn nothing(&self) -> String {
        match self.all.len() {
            0 => "Nothing is parked.".into(),
            1 => "Nothing fits; 1 message is parked.".into(),
            all => format!("Nothing fits; {all} messages are parked."),
        }
    }

    /// What a message that has not failed itself will follow.
    fn follows(&self, row: &Parked) -> CliError {
        let (position, process) = (row.position, row.process);
        let is_same = |it: &&Parked| it.handler == row.handler && it.stream == row.stream;
        match self.all.iter().filter(is_same).find(|it| it.reason == ParkedReason::Failed) {
            Some(first) if row.reason == ParkedReason::Behind => {
                let first = first.position;
                CliError::usage(format!("{position} stands behind {first}, and follows it by itself"))
                    .hint(format!("retry {first}: procession parked retry {first} --why 'the reason'"))
            }
            _ if row.reason == ParkedReason::Suspended => {
                CliError::usage(format!("{position} waits because process {process} is suspended"))
                    .hint(format!("let it go on: procession resume {process} --why 'the reason'"))
            }
            _ => CliError::usage(format!("{position} has not failed, and goes on when its turn comes"))
                .hint("nothing was changed; `procession parked list` shows what has failed"),
        }
    }
}
