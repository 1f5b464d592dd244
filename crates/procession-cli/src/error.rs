use std::{
    io::{self, Write},
    process::ExitCode,
};

use procession::{
    OperatorError, StoreError, StoreOpenError,
    inspect::InspectError,
    postgres::ConnectError,
    sqlite::{BackupError, OpenError, RestoreError},
};

use crate::look;

/// Why a command did not do what it was asked: a sentence, what to do about it, and an exit code.
#[derive(Debug)]
pub(crate) struct CliError {
    said: String,
    hint: Option<String>,
    exit: Exit,
}

#[derive(Debug, Clone, Copy)]
enum Exit {
    /// Nobody reads the output any more, which is no failure: `procession export | head -1`.
    Unread = 0,
    Usage = 2,
    Store = 3,
}

impl CliError {
    /// The command line is wrong, or names what is not there.
    pub(crate) fn usage(said: impl ToString) -> Self {
        Self { said: said.to_string(), hint: None, exit: Exit::Usage }
    }

    /// The store, or the system, does not do its part.
    pub(crate) fn store(said: impl ToString) -> Self {
        Self { exit: Exit::Store, ..Self::usage(said) }
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

impl From<io::Error> for CliError {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Self { exit: Exit::Unread, ..Self::store("nobody reads the output") };
        }
        Self::store(format!("the output cannot be written: {error}")).hint("check that the disk has room")
    }
}

impl From<serde_json::Error> for CliError {
    fn from(error: serde_json::Error) -> Self {
        match error.io_error_kind() {
            Some(kind) => io::Error::from(kind).into(),
            None => Self::store(format!("this cannot be written as JSON: {error}")),
        }
    }
}

impl From<StoreError> for CliError {
    fn from(error: StoreError) -> Self {
        let hint = match &error {
            StoreError::Transient(_) => "make sure that the disk has room and can be written, then try again",
            _ => "`procession verify` checks the store; `procession restore` brings back a backup",
        };
        Self::store(format!("the store has failed: {error}")).hint(hint)
    }
}

impl From<OpenError> for CliError {
    fn from(error: OpenError) -> Self {
        let hint = match &error {
            OpenError::Missing { .. } => {
                "name the file that the application was started with: --store sqlite:FILE"
            }
            OpenError::Damaged { .. } => {
                "bring back a backup with `procession restore`; this file was not changed"
            }
            OpenError::HalfRestored { .. } => "run `procession restore` with the backup once more",
            OpenError::InUse { .. } => "stop the application that has it open, then try again",
            OpenError::NotAStore { .. } => "name another file; this one was not changed",
            OpenError::TooNew { .. } => "use the `procession` of the application's release",
            OpenError::TooOld { .. } => "start the application once with this release",
            _ => {
                "make sure that this user may read and write the file and its folder, and that the disk has room"
            }
        };
        Self::store(error).hint(hint)
    }
}

impl From<StoreOpenError> for CliError {
    fn from(error: StoreOpenError) -> Self {
        match error {
            StoreOpenError::Sqlite(error) => error.into(),
            StoreOpenError::Postgres(error @ ConnectError::Missing { .. }) => Self::store(error).hint(
                "start the application on it once, which creates it; or look at `?schema=` in the address",
            ),
            other => Self::store(other),
        }
    }
}

impl From<InspectError> for CliError {
    fn from(error: InspectError) -> Self {
        match error {
            InspectError::Store(error) => error.into(),
            InspectError::Description(error) => Self::store(error),
            error @ (InspectError::Note { .. } | InspectError::Undescribed) => Self::store(error),
        }
    }
}

impl From<OperatorError> for CliError {
    fn from(error: OperatorError) -> Self {
        match error {
            OperatorError::Store(error) => error.into(),
            OperatorError::WithoutReason => Self::usage("it was not said why").hint("add --why 'the reason'"),
            OperatorError::WithoutName => Self::usage("it is not known who asks").hint("add --by NAME"),
            other => Self::usage(other).hint(
                "nothing was changed; `procession parked list`, `timers list` and \
                `processes` show what there is",
            ),
        }
    }
}

impl From<BackupError> for CliError {
    fn from(error: BackupError) -> Self {
        match error {
            BackupError::Exists { .. } => Self::usage(error).hint("nothing was changed"),
            BackupError::Store(error) => {
                let error = Self::from(error);
                Self { said: format!("the store cannot be copied: {}", error.said), ..error }
            }
            other => {
                Self::store(other).hint("check that the folder can be written, and that the disk has room")
            }
        }
    }
}

impl From<RestoreError> for CliError {
    fn from(error: RestoreError) -> Self {
        match error {
            RestoreError::Open(error) => error.into(),
            RestoreError::Copy(error) => error.into(),
            RestoreError::Itself(_) => Self::usage(error).hint("nothing was changed"),
            RestoreError::InUse(_) => Self::store(error).hint("nothing was changed"),
            other => Self::store(other).hint(
                "make sure that the folder and its files may be changed by this user, and run it again; until \
                then nobody opens the store",
            ),
        }
    }
}
