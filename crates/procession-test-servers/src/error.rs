use std::{fmt, io, sync::Arc};

/// Why there is no server, or why it did not do what a test asked for.
///
/// Tests unwrap it, so its `Debug` form is the sentence too.
#[derive(Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// PostgreSQL is not installed.
    #[error(
        "The tests start a PostgreSQL server of their own, and `{program}` was not found: neither in PATH nor in \
         /usr/lib/postgresql/*/bin of version 15 or newer. Install it, for example with `sudo apt-get install postgresql`."
    )]
    NotInstalled {
        /// The program that is missing.
        program: &'static str,
    },
    /// PostgreSQL does not run as root.
    #[error(
        "The tests run as root, PostgreSQL refuses to, and /etc/passwd has neither a user `postgres` nor `nobody`. \
         Run the tests as another user, or add one of these."
    )]
    NobodyToRunAs,
    /// A server was asked for something and did not do it.
    #[error("The PostgreSQL server of the tests was told `{order}` and did not do it: {said}")]
    Failed {
        /// What it was told.
        order: String,
        /// What it said.
        said: String,
    },
    /// A program could not be started, or talked to.
    #[error("`{program}` cannot be run: {error}")]
    Unrunnable {
        /// The program.
        program: String,
        /// Why.
        error: Arc<io::Error>,
    },
}

impl Error {
    pub(crate) fn unrunnable(program: &str) -> impl FnOnce(io::Error) -> Self {
        move |error| Self::Unrunnable { program: program.to_owned(), error: Arc::new(error) }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
