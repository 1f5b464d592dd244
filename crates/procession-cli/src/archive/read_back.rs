//! Whether a file holds what was archived into it.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{BufRead, BufReader},
    path::Path,
};

use procession::{
    log::{Position, ProcessId},
    store::Archived,
};
use serde::{Deserialize, Serialize};

use super::pieces::LineDigest;
use crate::error::CliError;

/// What was found in a file.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct ReadBack {
    /// Entries that are as they were archived.
    pub(super) entries: u64,
    /// The processes that they belong to.
    pub(super) processes: u64,
    /// Lines that nothing is archived by: their entries are in the log, or in another file.
    pub(super) others: u64,
    /// What is missing, or was changed.
    pub(super) wrong: Vec<String>,
}

#[derive(Deserialize)]
struct Line {
    position: Position,
    process: ProcessId,
}

/// Reads a file, and compares it with the pieces that are said to be in it.
pub(super) fn read_back(path: &Path, pieces: Vec<Archived>) -> Result<ReadBack, CliError> {
    let cannot = |error| CliError::usage(format!("{} cannot be read: {error}", path.display()));
    let mut expected: BTreeMap<(ProcessId, Position), (Archived, LineDigest)> =
        pieces.into_iter().map(|it| ((it.process, it.first), (it, LineDigest::default()))).collect();
    let mut found = ReadBack::default();
    for (number, line) in (1_u64..).zip(BufReader::new(File::open(path).map_err(cannot)?).lines()) {
        let line = line.map_err(cannot)?;
        let Ok(Line { position, process }) = serde_json::from_str(&line) else {
            found.wrong.push(format!("line {number} is no entry"));
            continue;
        };
        let piece = expected.range_mut(..=(process, position)).next_back();
        match piece.filter(|(_, (it, _))| it.covers(process, position)) {
            Some((_, (_, digest))) => digest.take(&line),
            None => found.others += 1,
        }
    }
    let mut last = None;
    for (piece, digest) in expected.into_values() {
        if digest.lines() != piece.entries {
            let Archived { process, first, last, entries, .. } = piece;
            let lines = digest.lines();
            let wrong =
                format!("{lines} of {entries} entries of process {process} from {first} to {last} are there");
            found.wrong.push(wrong);
        } else if digest.finish() != piece.digest {
            let Archived { process, first, last, .. } = piece;
            found.wrong.push(format!("process {process} was changed between {first} and {last}"));
        } else {
            found.entries += piece.entries;
            found.processes += u64::from(last.replace(piece.process) != Some(piece.process));
        }
    }
    Ok(found)
}
