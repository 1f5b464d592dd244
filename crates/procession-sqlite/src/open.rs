use std::path::{Path, PathBuf};

use rusqlite::{
    Connection, ErrorCode, OpenFlags, OptionalExtension, Result as SqlResult, Transaction, config::DbConfig,
};

use crate::{
    OpenError, SqliteStore,
    fault_points::FaultPoint,
    lock::WriteLock,
    restore::{begun, with},
};

/// `PROC` in ASCII: how SQLite files are told apart.
const APPLICATION_ID: i64 = 0x5052_4F43;
/// 2 came with process managers: commands have a sender. 3 came with effects and operators, 4 with read
/// models, 5 with archives.
const FORMAT: i64 = 5;
/// Releases up to 3.51.2 can corrupt a file in WAL mode when a checkpoint and a write meet.
const OLDEST_SAFE_SQLITE: i32 = 3_051_003;

/// How a store file is created and opened.
#[derive(Clone, Debug)]
pub struct SqliteOptions {
    pub(crate) partitions: Option<u16>,
    pub(crate) max_payload_bytes: usize,
    pub(crate) max_pages: Option<u32>,
}

impl Default for SqliteOptions {
    fn default() -> Self {
        Self { partitions: None, max_payload_bytes: 16 * 1024 * 1024, max_pages: None }
    }
}

const DEFAULT_PARTITIONS: u16 = 16;

impl SqliteOptions {
    /// How many partitions a new store gets (at least 1, without it 16). An existing store keeps its own, and is not
    /// opened if it has another number.
    #[must_use]
    pub fn partitions(mut self, partitions: u16) -> Self {
        self.partitions = Some(partitions.max(1));
        self
    }

    /// The largest payload that is accepted, in bytes; without it 16 MiB.
    #[must_use]
    pub fn max_payload_bytes(mut self, bytes: usize) -> Self {
        self.max_payload_bytes = bytes;
        self
    }

    /// The largest size of the file, in pages of 4 KiB, after which the store answers that the disk is full.
    #[must_use]
    pub fn max_pages(mut self, pages: u32) -> Self {
        self.max_pages = Some(pages);
        self
    }

    /// Opens a store, or creates it.
    ///
    /// # Errors
    /// When the file is not a store, is in use by another process, or cannot be read and written.
    pub fn open(self, path: impl AsRef<Path>) -> Result<SqliteStore, OpenError> {
        let path = path.as_ref();
        check_sqlite()?;
        FaultPoint::OpenBegun.pass();
        look_before_touching(path)?;
        let lock = WriteLock::acquire(path)?;
        // Who had the lock until now may have been killed in the middle of a restoring.
        must_not_be_half_restored(path)?;
        FaultPoint::OpenLocked.pass();
        let mut connection = Connection::open(path).map_err(|error| cannot_open(path, &error))?;
        let partitions = prepare(&mut connection, path, &self)?;
        look_at_the_log(&connection).map_err(|error| cannot_open(path, &error))?;
        let store = SqliteStore::start(path.into(), connection, lock, partitions, &self);
        FaultPoint::OpenDone.pass();
        store
    }

    /// Opens a store for reading only, beside the process that writes it.
    ///
    /// # Errors
    /// When the file does not exist or is not a store.
    pub fn open_read_only(self, path: impl AsRef<Path>) -> Result<SqliteStore, OpenError> {
        let path = path.as_ref();
        let partitions = look_at_another_s(path)?;
        SqliteStore::beside(path.into(), None, partitions, &self)
    }

    /// Opens a store to read it, and to append to its log what the process that handles its messages is to do: for
    /// operators, and for programs that only send. That process may run or not; the file is not taken from it.
    ///
    /// # Errors
    /// When the file does not exist, is not a store, or was written by an older release.
    pub fn open_beside(self, path: impl AsRef<Path>) -> Result<SqliteStore, OpenError> {
        let path = path.as_ref();
        let partitions = look_at_another_s(path)?;
        FaultPoint::BesideBegun.pass();
        let connection = Connection::open(path).and_then(|connection| {
            make_durable(&connection)?;
            Ok((check_durable(&connection)?, connection))
        });
        let (durable, connection) = connection.map_err(|error| cannot_open(path, &error))?;
        durable.map_err(OpenError::Unsafe)?;
        // SQLite opens what may not be written too, and fails only at the first write.
        if connection.is_readonly(rusqlite::MAIN_DB).map_err(|error| cannot_open(path, &error))? {
            let reason = "this user may not write it".into();
            return Err(OpenError::Io { path: path.into(), reason });
        }
        let store = SqliteStore::beside(path.into(), Some(connection), partitions, &self);
        FaultPoint::BesideDone.pass();
        store
    }
}

/// How many partitions a store has, if the file is one of this release.
fn look_at_another_s(path: &Path) -> Result<u16, OpenError> {
    check_sqlite()?;
    must_not_be_half_restored(path)?;
    if !path.exists() {
        return Err(OpenError::Missing { path: path.into() });
    }
    must_be_a_file(path)?;
    // SQLite creates it.
    let has_wal = std::fs::metadata(with(path, "-wal")).is_ok_and(|it| it.len() > 0);
    let connection = open_reader(path).map_err(|error| cannot_open(path, &error))?;
    if !identify(&connection, path)? {
        let is_begun = std::fs::metadata(path).is_ok_and(|it| it.len() > 0);
        let reason = if is_begun && !has_wal {
            "it is empty, as a store is whose `-wal` file is missing: bring that back beside it"
        } else {
            "it is empty"
        };
        return Err(OpenError::NotAStore { path: path.into(), reason: reason.into() });
    }
    let found = connection.pragma_query_value(None, "user_version", |row| row.get(0));
    let found: i64 = found.map_err(|error| cannot_open(path, &error))?;
    if found < FORMAT {
        return Err(OpenError::TooOld { path: path.into(), found, known: FORMAT });
    }
    stored_partitions(&connection).map_err(|error| cannot_open(path, &error))
}

fn check_sqlite() -> Result<(), OpenError> {
    if rusqlite::version_number() < OLDEST_SAFE_SQLITE {
        let version = rusqlite::version();
        return Err(OpenError::Unsafe(format!("version {version} can corrupt files in WAL mode")));
    }
    Ok(())
}

/// A file of somebody else's must not even get a lock file beside it.
fn look_before_touching(path: &Path) -> Result<(), OpenError> {
    must_not_be_half_restored(path)?;
    must_be_a_file(path)?;
    if std::fs::metadata(path).is_ok_and(|it| it.len() > 0) {
        let connection = open_reader(path).map_err(|error| cannot_open(path, &error))?;
        identify(&connection, path)?;
    }
    Ok(())
}

fn must_not_be_half_restored(path: &Path) -> Result<(), OpenError> {
    if begun(path).exists() { Err(OpenError::HalfRestored { path: path.into() }) } else { Ok(()) }
}

/// A pipe, for example, would be waited for, and not read.
fn must_be_a_file(path: &Path) -> Result<(), OpenError> {
    let reason = match std::fs::metadata(path) {
        Ok(found) if found.is_dir() => "it is a folder",
        Ok(found) if !found.is_file() => "it is no regular file",
        // One that is not there will be created, and one that cannot be looked at says why when it is opened.
        _ => return Ok(()),
    };
    Err(OpenError::NotAStore { path: path.into(), reason: reason.into() })
}

pub(crate) fn open_reader(path: &Path) -> SqlResult<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    configure(&connection)?;
    Ok(connection)
}

/// What all connections have in common.
fn configure(connection: &Connection) -> SqlResult<()> {
    connection.busy_timeout(std::time::Duration::from_secs(5))?;
    connection.set_prepared_statement_cache_capacity(64);
    // Otherwise a prepared statement is prepared again whenever it gets other values.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(())
}

/// Refuses what is not a store, before anything is changed. Tells whether it is one; an empty file may become one.
fn identify(connection: &Connection, path: &Path) -> Result<bool, OpenError> {
    let pragma = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let failed = |error: rusqlite::Error| cannot_open(path, &error);
    let other = |reason: &str| OpenError::NotAStore { path: path.into(), reason: reason.into() };
    let tables: i64 =
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0)).map_err(failed)?;
    let application = pragma("application_id").map_err(failed)?;
    if application != APPLICATION_ID {
        let is_new = application == 0 && tables == 0 && pragma("user_version").map_err(failed)? == 0;
        return if is_new { Ok(false) } else { Err(other("it is an SQLite file of another application")) };
    }
    let found = pragma("user_version").map_err(failed)?;
    if found > FORMAT {
        return Err(OpenError::TooNew { path: path.into(), found, known: FORMAT });
    }
    Ok(true)
}

/// Makes a connection the writer: creates the schema if there is none, and makes sure that commits are durable.
pub(crate) fn prepare(
    connection: &mut Connection,
    path: &Path,
    options: &SqliteOptions,
) -> Result<u16, OpenError> {
    let failed = |error: rusqlite::Error| cannot_open(path, &error);
    identify(connection, path)?;
    make_durable(connection).map_err(failed)?;
    check_durable(connection).map_err(failed)?.map_err(OpenError::Unsafe)?;
    FaultPoint::OpenDurable.pass();
    create(connection, options.partitions.unwrap_or(DEFAULT_PARTITIONS)).map_err(failed)?;
    if let Some(pages) = options.max_pages {
        connection.pragma_update(None, "max_page_count", pages).map_err(failed)?;
    }
    let found = stored_partitions(connection).map_err(failed)?;
    match options.partitions {
        Some(asked) if asked != found => Err(OpenError::Partitions { path: path.into(), found, asked }),
        _ => Ok(found),
    }
}

fn make_durable(connection: &Connection) -> SqlResult<()> {
    configure(connection)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    // Kibibytes, hence negative: room for the indexes of some ten million entries' newest part.
    connection.pragma_update(None, "cache_size", -32_768)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    connection.pragma_update(None, "wal_autocheckpoint", WAL_PAGES)
}

/// 32 MiB of changes are copied back into the file at once: seldom enough to be cheap, and a start reads them fast.
const WAL_PAGES: i64 = 8192;

/// SQLite ignores values that it does not know, so what was set is read back.
fn check_durable(connection: &Connection) -> SqlResult<Result<(), String>> {
    let journal: String = connection.pragma_query_value(None, "journal_mode", |row| row.get(0))?;
    let synchronous: i64 = connection.pragma_query_value(None, "synchronous", |row| row.get(0))?;
    Ok(match (journal.as_str(), synchronous) {
        ("wal", 2) => Ok(()),
        ("wal", other) => Err(format!("synchronous is {other}, not 2 (FULL)")),
        (other, _) => Err(format!("the journal mode is {other}, not wal; is the file on a network drive?")),
    })
}

fn create(connection: &mut Connection, partitions: u16) -> SqlResult<()> {
    let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    let found: i64 = transaction.pragma_query_value(None, "application_id", |row| row.get(0))?;
    if found == APPLICATION_ID {
        return upgrade(transaction);
    }
    transaction.execute_batch(include_str!("schema.sql"))?;
    transaction.execute_batch(include_str!("message_view.sql"))?;
    FaultPoint::CreateHalf.pass();
    transaction.execute("INSERT INTO setting (name, value) VALUES ('partitions', ?1)", [partitions])?;
    for partition in 0..partitions {
        transaction
            .execute("INSERT INTO partition (id, token, checkpoint) VALUES (?1, 0, 0)", [partition])?;
    }
    give_an_id(&transaction)?;
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", FORMAT)?;
    FaultPoint::CreateCommitting.pass();
    transaction.commit()?;
    FaultPoint::CreateCommitted.pass();
    Ok(())
}

/// A store of an older release becomes one of this release.
fn upgrade(transaction: Transaction<'_>) -> SqlResult<()> {
    let found: i64 = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if found < 2 {
        transaction.execute_batch(include_str!("upgrade_to_2.sql"))?;
        FaultPoint::UpgradeHalf.pass();
    }
    if found < 3 {
        transaction.execute_batch(include_str!("upgrade_to_3.sql"))?;
        give_an_id(&transaction)?;
    }
    if found < 4 {
        transaction.execute_batch(include_str!("upgrade_to_4.sql"))?;
    }
    if found < 5 {
        transaction.execute_batch(include_str!("upgrade_to_5.sql"))?;
    }
    if found < FORMAT {
        transaction.execute_batch(include_str!("message_view.sql"))?;
        transaction.pragma_update(None, "user_version", FORMAT)?;
    }
    FaultPoint::UpgradeCommitting.pass();
    transaction.commit()?;
    FaultPoint::UpgradeCommitted.pass();
    Ok(())
}

/// What tells the store from all others, for ever.
fn give_an_id(transaction: &Connection) -> SqlResult<()> {
    let insert = "INSERT INTO note (name, text) VALUES ('store_id', lower(hex(randomblob(16))))";
    transaction.execute(insert, []).map(drop)
}

/// The end of the log is where writing goes on, so it must be readable from the start.
fn look_at_the_log(connection: &Connection) -> SqlResult<()> {
    connection.query_row("SELECT max(position) FROM log", [], |_| Ok(()))
}

fn stored_partitions(connection: &Connection) -> SqlResult<u16> {
    let query = "SELECT value FROM setting WHERE name = 'partitions'";
    let found = connection.query_row(query, [], |row| row.get(0)).optional()?;
    found.ok_or(rusqlite::Error::QueryReturnedNoRows)
}

fn cannot_open(path: &Path, error: &rusqlite::Error) -> OpenError {
    let path: PathBuf = path.into();
    match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => OpenError::NotAStore { path, reason: "it is no SQLite file".into() },
        Some(ErrorCode::DatabaseCorrupt) => OpenError::Damaged { path, reason: error.to_string() },
        _ => OpenError::Io { path, reason: error.to_string() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commits_are_durable_by_what_sqlite_says_itself() {
        let folder = tempfile::tempdir().unwrap();
        let mut connection = Connection::open(folder.path().join("test.db")).unwrap();
        prepare(&mut connection, folder.path(), &SqliteOptions::default()).unwrap();
        let pragma =
            |name| connection.pragma_query_value(None, name, |row| row.get::<_, rusqlite::types::Value>(0));
        assert_eq!(pragma("journal_mode").unwrap(), "wal".to_string().into());
        assert_eq!(pragma("synchronous").unwrap(), 2.into(), "2 is FULL: every commit is synced");
    }

    #[test]
    fn a_setting_that_sqlite_would_ignore_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let connection = Connection::open(folder.path().join("test.db")).unwrap();
        make_durable(&connection).unwrap();
        connection.pragma_update(None, "synchronous", "WAL").unwrap();
        let complaint = check_durable(&connection).unwrap().unwrap_err();
        assert!(complaint.contains("synchronous is"), "{complaint}");
    }

    /// The columns in the order of their names, because columns that are added stand last.
    fn shape(connection: &Connection) -> Vec<String> {
        let query = "SELECT s.type || ' ' || s.name || ' ' || coalesce(c.name || ' ' || c.type || ' ' || c.\"notnull\", '')
            FROM sqlite_schema AS s LEFT JOIN pragma_table_info(s.name) AS c
            WHERE s.name NOT LIKE 'sqlite_%' ORDER BY 1";
        let mut query = connection.prepare(query).unwrap();
        query.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    }

    #[test]
    fn an_upgraded_store_has_the_shape_of_a_new_one() {
        let folder = tempfile::tempdir().unwrap();
        let mut new = Connection::open(folder.path().join("new.db")).unwrap();
        prepare(&mut new, folder.path(), &SqliteOptions::default()).unwrap();
        let mut old = Connection::open(folder.path().join("old.db")).unwrap();
        old.execute_batch(include_str!("../tests/it/format_1.sql")).unwrap();

        prepare(&mut old, folder.path(), &SqliteOptions::default()).unwrap();

        assert_eq!(shape(&old), shape(&new));
    }
}
