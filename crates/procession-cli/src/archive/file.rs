//! The file that entries go to before they leave the log.

use std::{
    fs::{self, File},
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

use jiff::Timestamp;
use procession::{
    Store,
    log::Position,
    store::{Archived, ProcessExtent},
};

use super::pieces::Pieces;
use crate::error::CliError;

const ENTRIES_PER_READ: usize = 2048;

/// A file that is written under another name, until it is whole.
pub(super) struct ArchiveFile {
    path: PathBuf,
    name: String,
}

impl ArchiveFile {
    /// The file that is named, or a new one in the folder that is, named by the time.
    pub(super) fn at(to: &Path, now: Timestamp) -> Result<Self, CliError> {
        let path = if to.is_dir() {
            to.join(now.strftime("archive-%Y%m%dT%H%M%SZ.jsonl").to_string())
        } else {
            to.into()
        };
        if path.exists() {
            return Err(exists(&path));
        }
        let name = path.file_name().and_then(|it| it.to_str()).map(str::to_owned);
        let name = name.ok_or_else(|| {
            CliError::usage(format!("{} cannot be the name of a file", path.display()))
                .hint("name a file, or a folder in which one is made")
        })?;
        Ok(Self { path, name })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Writes what is not kept of some processes, an entry a line, and tells what is in it then. It has its name only when all
    /// of it is on the disk; if that is nothing, there is no file.
    pub(super) async fn write(
        &self,
        store: &dyn Store,
        processes: &[ProcessExtent],
        now: Timestamp,
    ) -> Result<Vec<Archived>, CliError> {
        let unfinished = self.path.with_file_name(format!("{}.unfinished", self.name));
        let written = self.write_to(&unfinished, store, processes, now).await;
        if written.is_err() {
            // What is left of it is in nobody's way.
            _ = fs::remove_file(&unfinished);
        }
        written
    }

    async fn write_to(
        &self,
        unfinished: &Path,
        store: &dyn Store,
        processes: &[ProcessExtent],
        now: Timestamp,
    ) -> Result<Vec<Archived>, CliError> {
        let cannot = |error: io::Error| cannot_write(&self.path, &error);
        let mut out = BufWriter::new(File::create(unfinished).map_err(cannot)?);
        let mut pieces = Pieces::of(self.name.clone(), now);
        for it in processes {
            let mut to_file = |line: &str| writeln!(out, "{line}").map_err(cannot);
            write_process(store, it, &mut pieces, &mut to_file).await?;
        }
        let pieces = pieces.finish();
        if pieces.is_empty() {
            fs::remove_file(unfinished).map_err(cannot)?;
            return Ok(pieces);
        }
        out.into_inner().map_err(|error| cannot(error.into_error()))?.sync_all().map_err(cannot)?;
        // A link, unlike a renaming, does not replace what is there.
        fs::hard_link(unfinished, &self.path).map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => exists(&self.path),
            _ => cannot(error),
        })?;
        fs::remove_file(unfinished).map_err(cannot)?;
        sync_folder_of(&self.path).map_err(cannot)?;
        Ok(pieces)
    }
}

/// What would be written.
pub(super) async fn would_write(
    store: &dyn Store,
    processes: &[ProcessExtent],
    now: Timestamp,
) -> Result<Vec<Archived>, CliError> {
    let mut pieces = Pieces::of(String::new(), now);
    for it in processes {
        write_process(store, it, &mut pieces, &mut |_| Ok(())).await?;
    }
    Ok(pieces.finish())
}

async fn write_process(
    store: &dyn Store,
    it: &ProcessExtent,
    pieces: &mut Pieces,
    write: &mut (dyn FnMut(&str) -> Result<(), CliError> + Send),
) -> Result<(), CliError> {
    let mut after = Position::START;
    loop {
        let entries = store.read_process(it.process, after, ENTRIES_PER_READ).await?;
        let Some(last) = entries.last() else { break };
        after = last.position;
        // What has come since is not known to be at its end.
        let known = entries.iter().take_while(|entry| entry.position <= it.last);
        for entry in known.filter(|entry| !entry.entry.kind.is_kept()) {
            let line = serde_json::to_string(entry)?;
            write(&line)?;
            pieces.take(it.process, entry.position, &line);
        }
    }
    pieces.end_process(it.last);
    Ok(())
}

fn sync_folder_of(file: &Path) -> io::Result<()> {
    match file.parent().map(|it| if it.as_os_str().is_empty() { Path::new(".") } else { it }) {
        Some(folder) => File::open(folder).and_then(|it| it.sync_all()),
        None => Ok(()),
    }
}

fn exists(path: &Path) -> CliError {
    CliError::usage(format!("{} is there already, and is not overwritten; name a new file", path.display()))
        .hint("nothing was changed")
}

fn cannot_write(path: &Path, error: &io::Error) -> CliError {
    CliError::usage(format!("{} cannot be written: {error}", path.display()))
        .hint("nothing was archived; name a file in a folder that can be written, on a disk that has room")
}
