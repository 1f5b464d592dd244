mod file;
mod pieces;
mod read_back;
mod steps;

use std::{
    io::Write,
    path::{Path, PathBuf},
    time::Duration,
};

use clap::Args;
use jiff::Timestamp;
use procession::{
    Store,
    inspect::{Inspector, archived},
    store::{Archived, ProcessExtent},
};
use serde::Serialize;

use self::{file::ArchiveFile, read_back::read_back};
use crate::{
    age::{absolute, duration},
    error::CliError,
    look,
    program::{Done, Found, Shared},
};

/// Move what has ended out of the log into a file, while the application works.
///
/// Events and public events stay: states and read models are folded from them. The rest of a process that has ended is written to
/// a file, as JSON lines, read back, and then taken out of the log, in small steps.
#[derive(Args)]
#[command(after_help = "\
Examples:
  procession archive --ended-before 90d --to archives --dry-run
  procession archive --ended-before 90d --to archives
  procession archive --verify archives/archive-20261130T160000Z.jsonl")]
pub(crate) struct Archive {
    /// Only processes whose newest entry is older: 90d.
    #[arg(long, value_name = "TIME", value_parser = duration, required_unless_present = "verify")]
    ended_before: Option<Duration>,
    /// A new file, or a folder in which one is made that is named by the time.
    #[arg(long, value_name = "FOLDER-OR-FILE", required_unless_present = "verify")]
    to: Option<PathBuf>,
    /// How many processes go, at most; the oldest go first.
    #[arg(long, value_name = "NUMBER", default_value_t = 100_000)]
    limit: usize,
    /// Only say what would go.
    #[arg(long)]
    dry_run: bool,
    /// Only check that a file still holds what was archived into it.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["ended_before", "to", "dry_run"])]
    verify: Option<PathBuf>,
}

/// As JSON: these names are stable.
#[derive(Serialize)]
struct Outcome {
    result: Came,
    processes: u64,
    entries: u64,
    /// None if there is none.
    file: Option<String>,
    /// What was written, and stays in the log: why.
    left: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Came {
    DryRun,
    Nothing,
    Done,
}

impl Archive {
    pub(crate) async fn run(self, shared: &Shared) -> Done {
        match (&self.verify, &self.to, self.ended_before) {
            (Some(file), _, _) => verify(file, shared).await,
            (None, Some(to), Some(age)) => self.archive(to, age, shared).await,
            // The command line asks for one of the two.
            _ => {
                Err(CliError::usage("it was not said what to archive")
                    .hint("add --ended-before 90d --to FOLDER"))
            }
        }
    }

    async fn archive(&self, to: &Path, age: Duration, shared: &Shared) -> Done {
        let store = if self.dry_run { shared.read().await? } else { shared.beside().await? };
        let now = Timestamp::now();
        let before = now.checked_sub(age).map_err(|_| CliError::usage("no entry is as old as that"))?;
        let ended = Inspector::of(store.clone()).await?.ended_before(before, self.limit).await?;
        let file = ArchiveFile::at(to, now)?;
        must_be_new(&file, &*store).await?;
        let outcome = if self.dry_run || ended.is_empty() {
            would_go(&*store, &ended, now).await?
        } else {
            go(&*store, &ended, &file, now).await?
        };
        if shared.json {
            look::json(&outcome)?;
        } else {
            outcome.tell(before)?;
        }
        Ok(Found::wrong_if(!outcome.left.is_empty()))
    }
}

/// What is noted of a file is found by its name, wherever it is moved.
async fn must_be_new(file: &ArchiveFile, store: &dyn Store) -> Result<(), CliError> {
    let name = file.path().file_name().unwrap_or_default().to_string_lossy();
    if archived(store).await?.iter().any(|it| it.file == name) {
        return Err(CliError::usage(format!("`{name}` is the name of an earlier archive of this store"))
            .hint("nothing was archived; name a folder, and the file is named by the time"));
    }
    Ok(())
}

async fn would_go(store: &dyn Store, ended: &[ProcessExtent], now: Timestamp) -> Result<Outcome, CliError> {
    let pieces = file::would_write(store, ended, now).await?;
    let result = if pieces.is_empty() { Came::Nothing } else { Came::DryRun };
    Ok(Outcome::of(result, &pieces, None))
}

async fn go(
    store: &dyn Store,
    ended: &[ProcessExtent],
    file: &ArchiveFile,
    now: Timestamp,
) -> Result<Outcome, CliError> {
    let pieces = file.write(store, ended, now).await?;
    if pieces.is_empty() {
        return Ok(Outcome::of(Came::Nothing, &pieces, None));
    }
    let found = read_back(file.path(), pieces.clone())?;
    if let Some(wrong) = found.wrong.first() {
        let path = file.path().display();
        return Err(CliError::store(format!("{path} does not hold what was written to it: {wrong}"))
            .hint("nothing was archived; write to another disk"));
    }
    let (gone, left) = steps::take_out(store, pieces).await?;
    Ok(Outcome { left, ..Outcome::of(Came::Done, &gone, Some(file.path())) })
}

impl Outcome {
    fn of(result: Came, pieces: &[Archived], file: Option<&Path>) -> Self {
        let mut processes: Vec<_> = pieces.iter().map(|it| it.process).collect();
        processes.dedup();
        Self {
            result,
            processes: processes.len() as u64,
            entries: pieces.iter().map(|it| it.entries).sum(),
            file: file.map(|it| it.display().to_string()),
            left: Vec::new(),
        }
    }

    fn tell(&self, before: Timestamp) -> Result<(), CliError> {
        let mut out = anstream::stdout();
        let count = |many: u64, noun: &str| look::count(usize::try_from(many).unwrap_or(usize::MAX), noun);
        let what = format!("{} of {}", entries(self.entries), count(self.processes, "process"));
        match (self.result, &self.file) {
            (Came::DryRun, _) => writeln!(out, "{what} would go; what else they have recorded stays")?,
            (Came::Done, Some(file)) => writeln!(out, "{0}Archived{0:#} {what} to {file}", look::GOOD)?,
            _ => writeln!(out, "Nothing is to be archived that has ended before {}.", absolute(before))?,
        }
        self.left.iter().try_for_each(|it| writeln!(out, "  left in the log: {it}"))?;
        Ok(())
    }
}

async fn verify(file: &Path, shared: &Shared) -> Done {
    let store = shared.read().await?;
    let name = file.file_name().map(|it| it.to_string_lossy().into_owned()).unwrap_or_default();
    let mut pieces = archived(&*store).await?;
    pieces.retain(|it| it.file == name);
    if pieces.is_empty() {
        let store = store.name();
        return Err(CliError::usage(format!(
            "nothing of {store} was archived into a file of the name `{name}`"
        ))
        .hint("name the store that it is from, and give the file the name that it was written by"));
    }
    let found = read_back(file, pieces)?;
    if shared.json {
        look::json(&found)?;
        return Ok(Found::wrong_if(!found.wrong.is_empty()));
    }
    let (mut out, path) = (anstream::stdout(), file.display());
    let processes = look::count(usize::try_from(found.processes).unwrap_or(usize::MAX), "process");
    let sound = format!("{} of {processes}", entries(found.entries));
    if found.wrong.is_empty() {
        writeln!(out, "{path} is whole: {sound}")?;
    } else {
        writeln!(out, "{0}{path} is damaged{0:#}; as they were archived are {sound}", look::BAD)?;
        found.wrong.iter().try_for_each(|it| writeln!(out, "  {it}"))?;
    }
    if found.others > 0 {
        writeln!(
            out,
            "{} more are not archived by it: they are in the log, or in another file",
            found.others
        )?;
    }
    Ok(Found::wrong_if(!found.wrong.is_empty()))
}

/// `1 entry`, `2 entries`.
fn entries(many: u64) -> String {
    if many == 1 { "1 entry".into() } else { format!("{} entries", look::number(many)) }
}
