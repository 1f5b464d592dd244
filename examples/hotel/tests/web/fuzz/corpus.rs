use std::{fs::OpenOptions, io::Write, path::PathBuf};

use serde::{Deserialize, Serialize};

use super::session::Session;

/// A session that is worth to be asked in every run.
#[derive(Serialize, Deserialize)]
pub(super) struct Case {
    /// Of which kind its last answer was when it was found.
    pub(super) shows: String,
    #[serde(flatten)]
    pub(super) session: Session,
}

/// One session a line.
fn file() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/web/fuzz/corpus.jsonl")
}

pub(super) fn read() -> Vec<Case> {
    let text = std::fs::read_to_string(file()).unwrap();
    text.lines()
        .map(|it| serde_json::from_str(it).unwrap_or_else(|error| panic!("{error} in {it}")))
        .collect()
}

pub(super) fn add(shows: String, session: &Session) {
    let case = serde_json::to_string(&Case { shows, session: session.clone() }).unwrap();
    let mut file = OpenOptions::new().append(true).create(true).open(file()).unwrap();
    writeln!(file, "{case}").unwrap();
}
