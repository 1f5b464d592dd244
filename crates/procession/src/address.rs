//! Stores by their addresses, for programs that are told when they start where to keep their processes.

use std::{fmt, str::FromStr, sync::Arc};

use procession_runtime::Store;

/// Where a store is: `sqlite:FILE`, or with the feature `postgres` also `postgres://USER:PASSWORD@HOST/DATABASE`.
///
/// ```
/// use procession::StoreAddress;
///
/// let address: StoreAddress = "sqlite:shop.db".parse()?;
/// assert_eq!(address.to_string(), "sqlite:shop.db");
/// # Ok::<(), procession::InvalidAddress>(())
/// ```
///
/// As text it never shows a password.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum StoreAddress {
    /// A file, which one process at a time may write.
    #[cfg(feature = "sqlite")]
    Sqlite(std::path::PathBuf),
    /// A database, which several nodes may share.
    #[cfg(feature = "postgres")]
    Postgres(String),
}

/// That a text is no address of a store.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidAddress(String);

/// Why a store could not be opened. Nothing in it was changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreOpenError {
    /// A file.
    #[cfg(feature = "sqlite")]
    #[error(transparent)]
    Sqlite(#[from] procession_sqlite::OpenError),
    /// A database.
    #[cfg(feature = "postgres")]
    #[error(transparent)]
    Postgres(#[from] procession_postgres::ConnectError),
}

impl StoreAddress {
    /// Opens the store as the application that works on it does; it is created if there is none.
    ///
    /// # Errors
    /// When it is no store, cannot be reached or used, or is in use by somebody who does not share it.
    pub async fn open(&self) -> Result<Arc<dyn Store>, StoreOpenError> {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite(path) => Ok(Arc::new(procession_sqlite::SqliteStore::open(path)?)),
            #[cfg(feature = "postgres")]
            Self::Postgres(address) => {
                Ok(Arc::new(procession_postgres::PostgresStore::connect(address).await?))
            }
        }
    }

    /// Opens the store to read it, and to ask the application for something, which may be at work or not.
    ///
    /// # Errors
    /// As [`Self::open`], and when there is no store.
    pub async fn open_beside(&self) -> Result<Arc<dyn Store>, StoreOpenError> {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite(path) => Ok(Arc::new(procession_sqlite::SqliteStore::open_beside(path)?)),
            #[cfg(feature = "postgres")]
            Self::Postgres(address) => {
                Ok(Arc::new(procession_postgres::PostgresStore::connect_beside(address).await?))
            }
        }
    }

    /// Opens the store to read it only.
    ///
    /// # Errors
    /// As [`Self::open_beside`].
    pub async fn open_read_only(&self) -> Result<Arc<dyn Store>, StoreOpenError> {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite(path) => Ok(Arc::new(procession_sqlite::SqliteStore::open_read_only(path)?)),
            #[cfg(feature = "postgres")]
            Self::Postgres(address) => {
                Ok(Arc::new(procession_postgres::PostgresStore::connect_read_only(address).await?))
            }
        }
    }
}

impl FromStr for StoreAddress {
    type Err = InvalidAddress;

    fn from_str(text: &str) -> Result<Self, InvalidAddress> {
        let (scheme, rest) = text.split_once(':').unwrap_or(("", text));
        match scheme {
            #[cfg(feature = "sqlite")]
            // SQLite gives meanings of its own to `:memory:` and `file:`, which are no files.
            "sqlite" if !rest.is_empty() && ![":", "//", "file:"].iter().any(|it| rest.starts_with(it)) => {
                Ok(Self::Sqlite(rest.into()))
            }
            #[cfg(feature = "postgres")]
            "postgres" | "postgresql" if rest.starts_with("//") => Ok(Self::Postgres(text.into())),
            #[cfg(not(feature = "postgres"))]
            "postgres" | "postgresql" => {
                Err(InvalidAddress(format!("PostgreSQL is not in this build; write {}", known())))
            }
            _ => Err(InvalidAddress(format!("write {}", known()))),
        }
    }
}

fn known() -> String {
    let known = [
        cfg!(feature = "sqlite").then_some("sqlite:FILE"),
        cfg!(feature = "postgres").then_some("postgres://USER:PASSWORD@HOST/DATABASE"),
    ];
    known.into_iter().flatten().collect::<Vec<_>>().join(" or ")
}

impl fmt::Display for StoreAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            #[cfg(feature = "postgres")]
            Self::Postgres(address) => {
                let rest = address.split_once("://").map_or("", |(_, rest)| rest);
                let end = rest.find(['/', '?']).unwrap_or(rest.len());
                let (authority, rest) = rest.split_at(end);
                let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
                let database = rest.split('?').next().unwrap_or_default();
                write!(f, "postgres://{host}{database}")
            }
        }
    }
}

/// Without the password too.
impl fmt::Debug for StoreAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(all(test, feature = "sqlite", feature = "postgres"))]
mod tests {
    use super::*;

    #[test]
    fn only_a_file_or_a_database_is_an_address() {
        for text in ["sqlite:hotel.db", "sqlite:/var/lib/hotel.db", "sqlite:../a b.db", "postgres://db/hotel"]
        {
            assert_eq!(text.parse::<StoreAddress>().unwrap().to_string(), text);
        }
        for text in [
            "hotel.db",
            "sqlite:",
            "sqlite::memory:",
            "sqlite:file:x",
            "sqlite://x",
            "mysql:x",
            "postgres:x",
            "",
        ] {
            assert!(text.parse::<StoreAddress>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn an_address_as_text_shows_no_password() {
        let address: StoreAddress =
            "postgres://me:se@cret@db.example:5433/hotel?sslmode=require&password=x".parse().unwrap();

        assert_eq!(address.to_string(), "postgres://db.example:5433/hotel");
        assert_eq!(format!("{address:?}"), "postgres://db.example:5433/hotel");
    }
}
