//! What a file holds, in pieces of processes.

use std::fmt::Write as _;

use jiff::Timestamp;
use procession::{
    log::{Position, ProcessId},
    store::Archived,
};
use sha2::{Digest, Sha256};

/// A piece is no longer than that, so that those who work with the store never wait long.
pub(super) const MOST_ENTRIES: u64 = 1000;

/// Entries of processes as they go into the file, cut into pieces.
pub(super) struct Pieces {
    file: String,
    at: Timestamp,
    finished: Vec<Archived>,
    open: Option<Open>,
}

struct Open {
    process: ProcessId,
    first: Position,
    last: Position,
    digest: LineDigest,
}

/// What lines have in common with the very same lines only.
#[derive(Clone, Default)]
pub(super) struct LineDigest {
    lines: u64,
    sha256: Sha256,
}

impl LineDigest {
    pub(super) fn take(&mut self, line: &str) {
        self.lines += 1;
        self.sha256.update(line);
        self.sha256.update("\n");
    }

    pub(super) fn lines(&self) -> u64 {
        self.lines
    }

    pub(super) fn finish(self) -> String {
        let mut text = String::from("sha256:");
        for byte in self.sha256.finalize() {
            // A text takes whatever is written into it.
            _ = write!(text, "{byte:02x}");
        }
        text
    }
}

impl Pieces {
    pub(super) fn of(file: String, at: Timestamp) -> Self {
        // Stores keep microseconds.
        let at = Timestamp::from_microsecond(at.as_microsecond()).unwrap_or(at);
        Self { file, at, finished: Vec::new(), open: None }
    }

    /// Takes the next entry of a process, as it stands in the file.
    pub(super) fn take(&mut self, process: ProcessId, position: Position, line: &str) {
        if self.open.as_ref().is_some_and(|it| it.digest.lines() >= MOST_ENTRIES) {
            self.finish_piece(None);
        }
        let begin = || Open { process, first: position, last: position, digest: LineDigest::default() };
        let open = self.open.get_or_insert_with(begin);
        open.digest.take(line);
        open.last = position;
    }

    /// Ends a process whose newest entry stands there.
    pub(super) fn end_process(&mut self, newest: Position) {
        self.finish_piece(Some(newest));
    }

    fn finish_piece(&mut self, newest: Option<Position>) {
        let Some(Open { process, first, last, digest }) = self.open.take() else { return };
        self.finished.push(Archived {
            process,
            first,
            last: newest.unwrap_or(last),
            entries: digest.lines(),
            digest: digest.finish(),
            file: self.file.clone(),
            at: self.at,
        });
    }

    /// All pieces, in the order of the file.
    pub(super) fn finish(self) -> Vec<Archived> {
        self.finished
    }
}
