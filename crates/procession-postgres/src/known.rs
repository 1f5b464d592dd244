use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use foldhash::fast::RandomState;
use procession_core::{Stream, Version};
use procession_runtime::Cache;

/// What is known of the rows of streams and message types, and need not be asked again. Everything here is committed, and
/// none of it ever changes, but that streams grow.
#[derive(Clone)]
pub(crate) struct Known(Arc<Mutex<Rows>>);

pub(crate) struct Rows {
    streams: Cache<Stream, StreamRow>,
    message_types: HashMap<Box<str>, Vec<(u16, i32)>, RandomState>,
}

#[derive(Clone, Copy)]
pub(crate) struct StreamRow {
    pub(crate) id: i64,
    /// It has at least this version.
    pub(crate) version: Version,
}

/// The streams whose rows are remembered.
const STREAMS: usize = 100_000;

impl Known {
    pub(crate) fn new() -> Self {
        let rows = Rows { streams: Cache::new(STREAMS), message_types: HashMap::default() };
        Self(Arc::new(Mutex::new(rows)))
    }

    pub(crate) fn rows(&self) -> MutexGuard<'_, Rows> {
        // Each change is one insertion, which leaves nothing half done.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Rows {
    pub(crate) fn stream(&mut self, stream: &Stream) -> Option<StreamRow> {
        self.streams.get_mut(stream).copied()
    }

    /// A stream has this row, and at least this version.
    pub(crate) fn saw(&mut self, stream: &Stream, id: i64, version: Version) {
        match self.streams.get_mut(stream) {
            Some(row) => row.version = row.version.max(version),
            None => self.streams.insert(stream.clone(), StreamRow { id, version }),
        }
    }

    pub(crate) fn message_type(&self, name: &str, schema_version: u16) -> Option<i32> {
        let known = self.message_types.get(name)?;
        known.iter().find(|(version, _)| *version == schema_version).map(|(_, id)| *id)
    }

    pub(crate) fn saw_message_type(&mut self, name: &str, schema_version: u16, id: i32) {
        if self.message_type(name, schema_version).is_none() {
            self.message_types.entry(name.into()).or_default().push((schema_version, id));
        }
    }

    /// For a new connection, behind which another database may be: one that was restored.
    pub(crate) fn forget(&mut self) {
        self.streams.clear();
        self.message_types.clear();
    }
}
