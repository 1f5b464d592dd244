use std::{
    io::Write,
    path::{Path, PathBuf},
};

use clap::Args;
use jiff::Timestamp;
use procession::{
    StoreAddress,
    inspect::verify::{Report, verify},
    sqlite::{self, SqliteStore},
};
use serde::Serialize;

use crate::{
    backup::not_a_file,
    error::CliError,
    look,
    program::{Done, Found, Shared},
    verify,
};

/// Put a backup in the place of the store, while no application has it open.
///
/// The backup is copied and checked first. Nothing is deleted: the files of the old store are moved aside, under a name with
/// the time, for those who look for the reason.
#[derive(Args)]
#[command(after_help = "\
Examples:
  procession restore shop-backup.db --store sqlite:shop.db --dry-run
  procession restore shop-backup.db --store sqlite:shop.db")]
pub(crate) struct Restore {
    /// The backup. It is only read.
    file: PathBuf,
    /// Only check the backup, and say which files would be moved.
    #[arg(long)]
    dry_run: bool,
}

/// As JSON: these names are stable.
#[derive(Serialize)]
struct Restored {
    #[serde(flatten)]
    report: Report,
    result: Came,
    /// The files of the old store: where they are now, or which would be moved.
    moved: Vec<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Came {
    DryRun,
    Done,
    /// The backup breaks a promise; nothing was changed.
    Refused,
}

impl Restore {
    pub(crate) async fn run(self, shared: &Shared) -> Done {
        let StoreAddress::Sqlite(store) = shared.address()? else {
            return Err(not_a_file("pg_restore"));
        };
        let mut restore = sqlite::Restore::of(store)?;
        if self.dry_run {
            let report = check(&self.file).await?;
            let result = if report.violations.is_empty() { Came::DryRun } else { Came::Refused };
            return self.tell(Restored { report, result, moved: restore.files() }, shared);
        }
        let copy = restore.copy(&self.file).await?;
        let report = check(&copy).await?;
        if !report.violations.is_empty() {
            std::fs::remove_file(&copy)?;
            return self.tell(Restored { report, result: Came::Refused, moved: Vec::new() }, shared);
        }
        let moved = restore.finish(&copy, Timestamp::now())?;
        self.tell(Restored { report, result: Came::Done, moved }, shared)
    }

    fn tell(&self, restored: Restored, shared: &Shared) -> Done {
        let found = Found::wrong_if(restored.result == Came::Refused);
        if shared.json {
            look::json(&restored)?;
            return Ok(found);
        }
        let (mut out, backup) = (anstream::stdout(), self.file.display());
        verify::tell(&restored.report, &format!("sqlite:{backup}"))?;
        let moved = match restored.result {
            Came::Refused => {
                writeln!(out, "Nothing was restored.")?;
                return Ok(found);
            }
            Came::DryRun => "would be moved aside",
            Came::Done => "the old one",
        };
        for file in &restored.moved {
            writeln!(out, "{moved}: {}", file.display())?;
        }
        match restored.result {
            Came::DryRun => writeln!(out, "It would be restored from {backup}")?,
            _ => writeln!(out, "{0}Restored{0:#} from {backup}; start the application", look::GOOD)?,
        }
        Ok(found)
    }
}

async fn check(file: &Path) -> Result<Report, CliError> {
    Ok(verify(&SqliteStore::open_read_only(file)?).await?)
}
