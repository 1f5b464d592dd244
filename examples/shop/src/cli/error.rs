use std::{
    error::Error,
    io::{self, Write},
    process::ExitCode,
};

use procession::{
    AdvanceError, ExecuteError, ReadError, StartError, StoreError, StoreOpenError, WiringErrors,
    sqlite::OpenError,
};
use shop::{
    InvalidName,
    gateway::{CallError, InvalidAddress},
};

use super::look;

/// Why a command did not do what it was asked: a sentence, what to do about it, and an exit code.
#[derive(Debug)]
pub(crate) struct CliError {
    said: String,
    hint: Option<String>,
    exit: Exit,
}

#[derive(Debug, Clone, Copy)]
enum Exit {
    /// Nobody reads the output any more, which is no failure: `shop map | head -1`.
    Unread = 0,
    Failed = 1,
    Usage = 2,
}

impl CliError {
    /// Something did not work.
    pub(crate) fn failed(said: impl ToString) -> Self {
        Self { said: said.to_string(), hint: None, exit: Exit::Failed }
    }

    /// The command line makes no sense.
    pub(crate) fn usage(said: impl ToString) -> Self {
        Self { exit: Exit::Usage, ..Self::failed(said) }
    }

    /// What to do about it.
    pub(crate) fn hint(self, hint: impl ToString) -> Self {
        Self { hint: Some(hint.to_string()), ..self }
    }

    /// Tells it on standard error.
    pub(crate) fn tell(self) -> ExitCode {
        if !matches!(self.exit, Exit::Unread) {
            // When standard error is closed too, only the exit code is left to tell it.
            _ = self.write(&mut anstream::stderr());
        }
        ExitCode::from(self.exit as u8)
    }

    fn write(&self, out: &mut impl Write) -> io::Result<()> {
        writeln!(out, "{0}error:{0:#} {1}", look::BAD.bold(), self.said)?;
        self.hint.iter().try_for_each(|hint| writeln!(out, "{0}hint:{0:#}  {hint}", look::GOOD.bold()))
    }
}

const TRY_LATER: &str = "make sure that the disk has room and can be written, then try again";

impl From<io::Error> for CliError {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Self { exit: Exit::Unread, ..Self::failed("nobody reads the output") };
        }
        Self::failed(format!("the system has refused: {error}"))
            .hint("check what this user may do, and try again")
    }
}

impl From<StoreOpenError> for CliError {
    fn from(error: StoreOpenError) -> Self {
        match error {
            StoreOpenError::Sqlite(error) => error.into(),
            other => Self::failed(other),
        }
    }
}

impl From<OpenError> for CliError {
    fn from(error: OpenError) -> Self {
        let hint = match &error {
            OpenError::Damaged { .. } | OpenError::NotAStore { .. } => {
                "name another file; this one was not changed"
            }
            OpenError::InUse { .. } => "is it `shop serve`? Stop it (Ctrl-C), or name another file",
            OpenError::TooNew { .. } => "update this program; the file was not changed",
            _ => "check that the folder exists, that it may be written, and that the disk has room",
        };
        Self::failed(error).hint(hint)
    }
}

impl From<StartError> for CliError {
    fn from(error: StartError) -> Self {
        Self::failed(&error).hint(match error.error {
            StoreError::Transient(_) => TRY_LATER,
            _ => "the store is damaged or was changed by something else; bring back a copy of it",
        })
    }
}

impl From<StoreError> for CliError {
    fn from(error: StoreError) -> Self {
        Self::failed(format!("the store has failed: {error}")).hint(TRY_LATER)
    }
}

impl<R: Error> From<ExecuteError<R>> for CliError {
    fn from(error: ExecuteError<R>) -> Self {
        Self::failed(format!("the shop said no: {error}"))
            .hint("`shop demo` without --store begins with an empty one")
    }
}

/// What needs no hint, because nobody can do anything about it, or the sentence says it all.
macro_rules! plain {
    ($($error:ty)+) => {$(
        impl From<$error> for CliError {
            fn from(error: $error) -> Self {
                Self::failed(error)
            }
        }
    )+};
}

plain! { AdvanceError CallError InvalidAddress InvalidName ReadError WiringErrors serde_json::Error }
