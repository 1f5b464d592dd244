use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use crate::{Failure, HandlerError, Payload, ProjectionError, log::Entry};

/// What is known of rows by their keys: the row as JSON, or that there is none. What is not here is not loaded yet.
pub type KnownRows = BTreeMap<String, Option<Arc<str>>>;

/// The rows of a read model, while one event is folded into them.
///
/// A row is any serde type, kept as JSON under a key. Keys are ordered by their bytes, and rows are read one by one, by range
/// or by prefix; so a key like `2026-11-30/double` finds a day. What a function changes takes effect together with the
/// event, or, if it fails, not at all.
///
/// ```
/// # extern crate procession_core as procession;
/// use procession::{Projection, ProjectionError, Rows, doc::RoomCleaned};
///
/// fn count(event: &RoomCleaned, rows: &mut Rows<'_>) -> Result<(), ProjectionError> {
///     let times: u32 = rows.get(event.room)?.unwrap_or_default();
///     rows.put(event.room, &(times + 1));
///     Ok(())
/// }
///
/// let cleanings = Projection::named("cleanings").on(count);
/// ```
pub struct Rows<'a> {
    event: &'a Entry,
    known: &'a KnownRows,
    /// By earlier events of the same fold.
    changed: &'a KnownRows,
    max_row_bytes: usize,
    written: KnownRows,
    missing: BTreeSet<String>,
    failure: Option<Failure>,
}

/// What a function did with the rows.
pub(super) struct Written {
    pub(super) rows: KnownRows,
    pub(super) missing: BTreeSet<String>,
    pub(super) failure: Option<Failure>,
}

impl<'a> Rows<'a> {
    /// The longest key that is accepted, in bytes.
    pub const MAX_KEY_BYTES: usize = 512;

    pub(super) fn of(
        event: &'a Entry,
        known: &'a KnownRows,
        changed: &'a KnownRows,
        max_row_bytes: usize,
    ) -> Self {
        let (written, missing) = (KnownRows::new(), BTreeSet::new());
        Self { event, known, changed, max_row_bytes, written, missing, failure: None }
    }

    /// The row with this key, if there is one.
    ///
    /// # Errors
    /// When the row must be loaded first, or is not a `T`. Pass it on with `?`.
    pub fn get<T: Payload>(&mut self, key: impl ToString) -> Result<Option<T>, ProjectionError> {
        let key = key.to_string();
        let row = self.written.get(&key).or_else(|| self.changed.get(&key)).or_else(|| self.known.get(&key));
        let Some(row) = row else {
            self.missing.insert(key);
            return Err(ProjectionError::unloaded());
        };
        let Some(row) = row else { return Ok(None) };
        let other = |error| ProjectionError::park(format!("the row `{key}` is of another type: {error}"));
        T::from_json(row).map(Some).map_err(other)
    }

    /// Writes a row, over the one that may be there.
    pub fn put<T: Payload>(&mut self, key: impl ToString, row: &T) {
        let key = key.to_string();
        if let Err(reason) = check_key(&key) {
            return self.fails(reason);
        }
        match row.to_json() {
            Ok(json) if json.len() > self.max_row_bytes => {
                let (bytes, limit) = (json.len(), self.max_row_bytes);
                self.fails(format!("the row `{key}` has {bytes} bytes; this store takes at most {limit}"));
            }
            Ok(json) => _ = self.written.insert(key, Some(json.into())),
            Err(error) => self.fails(format!("the row `{key}` cannot be written as JSON: {error}")),
        }
    }

    /// Changes a row, which begins with its default.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub fn update<T: Payload + Default>(
        &mut self,
        key: impl ToString,
        change: impl FnOnce(&mut T),
    ) -> Result<(), ProjectionError> {
        let key = key.to_string();
        let mut row = self.get(&key)?.unwrap_or_default();
        change(&mut row);
        self.put(key, &row);
        Ok(())
    }

    /// Takes a row out, if it is there.
    pub fn remove(&mut self, key: impl ToString) {
        self.written.insert(key.to_string(), None);
    }

    /// The event with its stream and its time.
    #[must_use]
    pub fn event(&self) -> &'a Entry {
        self.event
    }

    /// The first failure is told; a function cannot take it back.
    fn fails(&mut self, reason: String) {
        self.failure.get_or_insert(HandlerError::park(reason).into());
    }

    pub(super) fn written(self) -> Written {
        Written { rows: self.written, missing: self.missing, failure: self.failure }
    }
}

fn check_key(key: &str) -> Result<(), String> {
    match key.len() {
        0 => Err("the key of a row is empty".into()),
        bytes if bytes > Rows::MAX_KEY_BYTES => {
            Err(format!("the key of a row has {bytes} bytes; at most {} are allowed", Rows::MAX_KEY_BYTES))
        }
        _ => Ok(()),
    }
}
