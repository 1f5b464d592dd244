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
    streams_by_id: Cache<i64, Stream>,
    message_types: HashMap<Arc<str>, Vec<(u16, i32)>, RandomState>,
    message_types_by_id: HashMap<i32, (Arc<str>, u16), RandomState>,
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
        let rows = Rows {
            streams: Cache::new(STREAMS),
            streams_by_id: Cache::new(STREAMS),
            message_types: HashMap::default(),
            message_types_by_id: HashMap::default(),
        };
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
            None => {
                self.streams.insert(stream.clone(), StreamRow { id, version });
                self.streams_by_id.insert(id, stream.clone());
            }
        }
    }

    /// A stream whose row may be known has at least this version.
    pub(crate) fn grew(&mut self, stream: &Stream, version: Version) {
        if let Some(row) = self.streams.get_mut(stream) {
            row.version = row.version.max(version);
        }
    }

    /// The stream of a row.
    pub(crate) fn stream_of(&mut self, id: i64) -> Option<Stream> {
        self.streams_by_id.get_mut(&id).cloned()
    }

    pub(crate) fn message_type(&self, name: &str, schema_version: u16) -> Option<i32> {
        let known = self.message_types.get(name)?;
        known.iter().find(|(version, _)| *version == schema_version).map(|(_, id)| *id)
    }

    pub(crate) fn saw_message_type(&mut self, name: &str, schema_version: u16, id: i32) {
        if self.message_type(name, schema_version).is_none() {
            let name: Arc<str> = name.into();
            self.message_types_by_id.insert(id, (Arc::clone(&name), schema_version));
            self.message_types.entry(name).or_default().push((schema_version, id));
        }
    }

    /// Name and schema version of a row.
    pub(crate) fn message_type_of(&self, id: i32) -> Option<(&str, u16)> {
        self.message_types_by_id.get(&id).map(|(name, schema_version)| (&**name, *schema_version))
    }

    /// For a new connection, behind which another database may be: one that was restored.
    pub(crate) fn forget(&mut self) {
        self.streams.clear();
        self.streams_by_id.clear();
        self.message_types.clear();
        self.message_types_by_id.clear();
    }
}
