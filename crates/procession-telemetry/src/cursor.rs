use std::{
    fs, io,
    path::{Path, PathBuf},
};

use procession_core::log::Position;

/// Remembers in a file how far the log was exported.
#[derive(Clone, Debug)]
pub struct CursorFile {
    path: PathBuf,
}

/// Why it is not known how far the log was exported.
#[derive(Debug, thiserror::Error)]
pub enum CursorError {
    /// The file cannot be read or written.
    #[error("the cursor {} cannot be kept: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file holds something else.
    #[error("{} holds {found:?} and no position; delete it to begin anew, or name another file", path.display())]
    NotACursor {
        /// The file.
        path: PathBuf,
        /// What is in it.
        found: String,
    },
}

impl CursorFile {
    /// A file that is there, or will be. Each store and each destination needs one of its own.
    #[must_use]
    pub fn at(path: impl AsRef<Path>) -> Self {
        Self { path: path.as_ref().into() }
    }

    /// Up to where the log was exported; none at the first time.
    pub(crate) fn load(&self) -> Result<Option<Position>, CursorError> {
        let text = match fs::read_to_string(&self.path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(self.failed(source)),
        };
        let not_a_cursor =
            |_| CursorError::NotACursor { path: self.path.clone(), found: text.chars().take(40).collect() };
        text.trim().parse().map(|it| Some(Position(it))).map_err(not_a_cursor)
    }

    /// The file is replaced as a whole, so that it always holds one position or the other.
    pub(crate) fn save(&self, position: Position) -> Result<(), CursorError> {
        let mut next = self.path.clone().into_os_string();
        next.push(".next");
        fs::write(&next, format!("{position}\n"))
            .and_then(|()| fs::rename(&next, &self.path))
            .map_err(|source| self.failed(source))
    }

    fn failed(&self, source: io::Error) -> CursorError {
        CursorError::Io { path: self.path.clone(), source }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_there_again_and_something_else_is_not_taken_for_one() {
        let folder = tempfile::tempdir().unwrap();
        let cursor = CursorFile::at(folder.path().join("cursor"));
        assert_eq!(cursor.load().unwrap(), None);
        cursor.save(Position(7)).unwrap();
        cursor.save(Position(70)).unwrap();
        assert_eq!(cursor.load().unwrap(), Some(Position(70)));
        fs::write(folder.path().join("cursor"), "SQLite format 3").unwrap();
        assert!(matches!(cursor.load(), Err(CursorError::NotACursor { .. })));
    }
}
