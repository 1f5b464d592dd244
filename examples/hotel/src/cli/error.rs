use std::{
    error::Error,
    io::{self, Write},
    process::ExitCode,
};

use procession::{
    ExecuteError, ReadError, ReadModelError, RequestError, StartError, StoreError, StoreOpenError, WaitError,
    WiringErrors, sqlite::OpenError,
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
    /// Nobody reads the output any more, which is no failure: `hotel history 1 | head -1`.
    Unread = 0,
    Failed = 1,
    Usage = 2,
    SaidNo = 3,
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

    /// The hotel's rules forbid it.
    pub(crate) fn said_no(said: impl ToString) -> Self {
        Self { exit: Exit::SaidNo, ..Self::failed(said) }
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

const TRY_LATER: &str =
    "make sure that the disk has room and can be written, then try again; nothing was changed";

impl From<io::Error> for CliError {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Self { exit: Exit::Unread, ..Self::failed("nobody reads the output") };
        }
        Self::failed(format!("the output cannot be written: {error}"))
            .hint("what the command was to do is done; look at it with `hotel stays` or `hotel history`")
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
            OpenError::Missing { .. } => "create it with `hotel serve` or `hotel check-in`, or name another",
            OpenError::Damaged { .. } => "name another file meanwhile; this one was not changed",
            OpenError::NotAStore { .. } => "name another file; this one was not changed",
            OpenError::InUse { .. } => {
                "is it `hotel serve`? Then use its page or its API, or stop it (Ctrl-C) and try again"
            }
            OpenError::TooNew { .. } => "update this program; the file was not changed",
            OpenError::TooOld { .. } => "`hotel serve` on this store opens it for writing",
            _ => "check that the folder exists, that it may be written, and that the disk has room",
        };
        let said = match &error {
            OpenError::InUse { path, pid } => {
                let pid = pid.map(|it| format!(" with pid {it}")).unwrap_or_default();
                let path = path.display();
                format!("the store {path} is in use by another process{pid}, and only one may write")
            }
            other => other.to_string(),
        };
        Self::failed(said).hint(hint)
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
        let it = Self::failed(format!("the store has failed: {error}"));
        if matches!(error, StoreError::Transient(_)) { it.hint(TRY_LATER) } else { it }
    }
}

impl From<ReadError> for CliError {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Store(error) => error.into(),
            other => Self::failed(other),
        }
    }
}

impl From<ReadModelError> for CliError {
    fn from(error: ReadModelError) -> Self {
        match error {
            ReadModelError::Store(error) => error.into(),
            other => Self::failed(other),
        }
    }
}

impl From<WaitError> for CliError {
    fn from(error: WaitError) -> Self {
        match error {
            WaitError::Store(error) => error.into(),
            other => Self::failed(other),
        }
    }
}

impl From<RequestError> for CliError {
    fn from(error: RequestError) -> Self {
        let said = Self::failed(&error);
        match error {
            RequestError::Unavailable(_) => said.hint(TRY_LATER),
            RequestError::Conflict { .. } => said.hint("somebody else was faster; try again"),
            _ => said,
        }
    }
}

impl<R: Error> From<ExecuteError<R>> for CliError {
    fn from(error: ExecuteError<R>) -> Self {
        match error {
            ExecuteError::Rejected(rejection) => {
                Self::said_no(rejection).hint("`hotel stays` shows who is in the house, and what is open")
            }
            ExecuteError::NotTaken(error) => error.into(),
        }
    }
}

impl From<WiringErrors> for CliError {
    fn from(error: WiringErrors) -> Self {
        Self::failed(error)
    }
}

impl From<serde_json::Error> for CliError {
    fn from(error: serde_json::Error) -> Self {
        match error.io_error_kind() {
            Some(kind) => io::Error::from(kind).into(),
            None => Self::failed(format!("this cannot be written as JSON: {error}")),
        }
    }
}
