use std::{error::Error, fmt};

use procession_runtime::StoreError;
use tokio_postgres::error::{Severity, SqlState};

/// Why a database could not be connected to as a store. Nothing in it was changed.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// The address cannot be read.
    #[error(
        "the address of the database cannot be read: {reason}; it looks like postgres://user:password@host:5432/database"
    )]
    Address {
        /// What is wrong with it.
        reason: String,
    },
    /// What the connection is to be encrypted with cannot be used.
    #[error("{reason}")]
    Certificates {
        /// What is wrong.
        reason: String,
    },
    /// The connection cannot be encrypted as it was asked for.
    #[error(
        "the connection to {server} cannot be encrypted: {reason}; name the certificate to trust by sslrootcert=FILE, or do without by sslmode=disable"
    )]
    Encryption {
        /// The server and the database.
        server: String,
        /// What is wrong.
        reason: String,
    },
    /// Nobody answers.
    #[error("{server} cannot be reached: {reason}; is the server running, and the address right?")]
    Away {
        /// The server and the database.
        server: String,
        /// What the system said.
        reason: String,
    },
    /// The server does not let this user in.
    #[error("{server} does not let this user in: {reason}; look at the name, the password and pg_hba.conf")]
    Denied {
        /// The server and the database.
        server: String,
        /// What the server said.
        reason: String,
    },
    /// There is no such database.
    #[error("there is no database for {server}: {reason}; create it by CREATE DATABASE")]
    NoDatabase {
        /// The server and the database.
        server: String,
        /// What the server said.
        reason: String,
    },
    /// The user may not do what a store needs.
    #[error("this user may not use {server} as a store: {reason}; an owner has to run: {grant}")]
    Forbidden {
        /// The server and the database.
        server: String,
        /// What the server said.
        reason: String,
        /// What gives the right.
        grant: String,
    },
    /// The server's release is too old.
    #[error("{server} is PostgreSQL {found}; a store needs 14 or newer")]
    OldServer {
        /// The server and the database.
        server: String,
        /// Its release.
        found: String,
    },
    /// The server takes no changes.
    #[error("{server} takes no changes: {reason}; connect to the primary, or for reading only")]
    ReadOnlyServer {
        /// The server and the database.
        server: String,
        /// Why not.
        reason: String,
    },
    /// The server may lose what it has acknowledged.
    #[error("{server} does not keep the promises of a store: {reason}")]
    Unsafe {
        /// The server and the database.
        server: String,
        /// What it does not keep.
        reason: String,
    },
    /// There is no store, and none was to be created.
    #[error("there is no store at {server}")]
    Missing {
        /// The server and the database.
        server: String,
    },
    /// The schema holds something else.
    #[error("{server} is not a Procession store: {reason}; choose another schema")]
    NotAStore {
        /// The server and the database.
        server: String,
        /// What it is instead.
        reason: String,
    },
    /// The store was written by a newer release.
    #[error(
        "{server} has the format {found}, and this release knows formats up to {known}; use a newer release"
    )]
    TooNew {
        /// The server and the database.
        server: String,
        /// Its format.
        found: i32,
        /// The newest format that is known.
        known: i32,
    },
    /// The store was written by an older release, and cannot be used before it is upgraded.
    #[error(
        "{server} has the format {found}, and this release uses format {known}; connect to it as a node once, which upgrades it"
    )]
    TooOld {
        /// The server and the database.
        server: String,
        /// Its format.
        found: i32,
        /// The format that this release uses.
        known: i32,
    },
    /// The schema was not made by the steps that this release knows.
    #[error(
        "{server} was brought to format {number} by another step than this release has; use the release that has made it"
    )]
    Changed {
        /// The server and the database.
        server: String,
        /// The step.
        number: i32,
    },
    /// The store was created with other settings.
    #[error(
        "{server} was created with {found} partitions, which cannot change; it was to be used with {asked}"
    )]
    Partitions {
        /// The server and the database.
        server: String,
        /// How many it has.
        found: u16,
        /// How many were asked for.
        asked: u16,
    },
    /// The server said something else.
    #[error("{server} cannot be used: {reason}")]
    Failed {
        /// The server and the database.
        server: String,
        /// What it said.
        reason: String,
    },
}

/// The sentence too: `?` in `main` shows an error by its `Debug`.
impl fmt::Debug for ConnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl ConnectError {
    /// What went wrong while `server` was connected to, or asked the first questions.
    pub(crate) fn of(server: &str, schema: &str, error: &tokio_postgres::Error) -> Self {
        let (server, reason) = (server.to_owned(), said(error));
        let Some(code) = error.code() else {
            return if is_about_encryption(error) {
                Self::Encryption { server, reason }
            } else {
                Self::Away { server, reason }
            };
        };
        match code.code() {
            "28P01" | "28000" => Self::Denied { server, reason },
            "3D000" => Self::NoDatabase { server, reason },
            "42501" => Self::Forbidden { server, reason, grant: grant(schema) },
            "25006" => Self::ReadOnlyServer { server, reason },
            "57P03" | "53300" => Self::Away { server, reason },
            _ => Self::Failed { server, reason },
        }
    }
}

/// What lets a user create the store, or use one that another user has created.
fn grant(schema: &str) -> String {
    format!(
        "GRANT CREATE ON DATABASE ... TO ...; or, for a store that is there, GRANT USAGE ON SCHEMA \"{schema}\" TO ...; \
         GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA \"{schema}\" TO ..."
    )
}

fn is_about_encryption(error: &tokio_postgres::Error) -> bool {
    let mut cause: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(it) = cause {
        let text = it.to_string();
        if text.contains("TLS") || text.contains("certificate") {
            return true;
        }
        cause = it.source();
    }
    false
}

/// What the server said, or else the system.
pub(crate) fn said(error: &tokio_postgres::Error) -> String {
    if let Some(error) = error.as_db_error() {
        return format!("{} ({})", error.message(), error.code().code());
    }
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(it) = cause {
        text = format!("{text}: {it}");
        cause = it.source();
    }
    text
}

/// Whether the connection is gone with this error, so that it is open what became of the statement.
pub(crate) fn is_lost(error: &tokio_postgres::Error) -> bool {
    match error.as_db_error() {
        Some(error) => matches!(error.parsed_severity(), Some(Severity::Fatal | Severity::Panic)),
        None => error.is_closed() || error.source().is_some_and(|it| it.is::<std::io::Error>()),
    }
}

/// One taxonomy for all stores: may it go better later, or not?
pub(crate) fn store_error(server: &str, error: &tokio_postgres::Error) -> StoreError {
    let said = said(error);
    if is_lost(error) {
        return StoreError::Transient(format!("the connection to {server} is lost: {said}"));
    }
    let Some(code) = error.code() else {
        return StoreError::Permanent(format!("{server} was not understood: {said}"));
    };
    if *code == SqlState::DISK_FULL {
        return StoreError::Transient(format!("the disk of {server} is full: {said}"));
    }
    // Classes: connections, transactions that met, what is short, an operator's doing, the system under the server. The last
    // codes are those of a lock that was not to be had in time, and of a server that takes no changes for a while.
    let is_passing = ["08", "40", "53", "57", "58"].iter().any(|class| code.code().starts_with(class))
        || ["55P03", "25006"].contains(&code.code());
    if is_passing {
        StoreError::Transient(format!("{server} could not do it now: {said}"))
    } else {
        StoreError::Permanent(format!("{server} has refused: {said}"))
    }
}
