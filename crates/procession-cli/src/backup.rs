use std::{io::Write, path::PathBuf};

use clap::Args;
use procession::{StoreAddress, sqlite::SqliteStore};

use crate::{
    error::CliError,
    look,
    program::{Done, Found, Shared},
    verify::verified,
};

/// Copy the store into a new file while it is in use, and check the copy.
///
/// `procession restore` brings it back.
#[derive(Args)]
#[command(after_help = "Example:\n  procession backup shop-backup.db --store sqlite:shop.db")]
pub(crate) struct Backup {
    /// The new file. One that is there is not overwritten.
    file: PathBuf,
}

impl Backup {
    pub(crate) async fn run(self, shared: &Shared) -> Done {
        let StoreAddress::Sqlite(path) = shared.address()? else {
            return Err(not_a_file("pg_dump"));
        };
        SqliteStore::open_read_only(path)?.back_up(&self.file).await?;
        let found = verified(&SqliteStore::open_read_only(&self.file)?, shared.json).await?;
        if found == Found::Fine && !shared.json {
            writeln!(anstream::stdout(), "{0}Backed up{0:#} to {1}", look::GOOD, self.file.display())?;
        }
        Ok(found)
    }
}

/// What to use for a store that is a database.
pub(crate) fn not_a_file(tool: &str) -> CliError {
    CliError::usage("this command is for stores that are files")
        .hint(format!("use `{tool}`, or what your database is backed up with; docs/deploy.md tells how"))
}
