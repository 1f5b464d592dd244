use std::collections::HashMap;

use foldhash::fast::RandomState;
use procession_core::{Cancellation, Stream, Version};
use procession_runtime::store::Batch;

use crate::{escape::escape, known::Rows};

/// The streams and message types of a batch, each once: first those whose rows are known, then the others.
pub(crate) struct Names<'a> {
    streams: HashMap<&'a Stream, Place, RandomState>,
    pub(crate) known_streams: Vec<i64>,
    /// The known streams have at least these versions.
    versions: Vec<Version>,
    pub(crate) new_streams: Vec<&'a Stream>,
    types: HashMap<(&'a str, u16), Place, RandomState>,
    pub(crate) known_types: Vec<i32>,
    pub(crate) new_types: Vec<(&'a str, u16)>,
    entries: Vec<NamesOfEntry<Place>>,
}

/// Among those that are known, or among the new ones, counted from 1.
#[derive(Clone, Copy)]
enum Place {
    Known(usize),
    New(usize),
}

/// The streams and the message type of an entry.
pub(crate) struct NamesOfEntry<T> {
    pub(crate) stream: T,
    pub(crate) sender: Option<T>,
    pub(crate) message_type: T,
}

impl<'a> Names<'a> {
    pub(crate) fn of(batch: &'a Batch, known: &mut Rows) -> Self {
        let mut it = Self {
            streams: HashMap::default(),
            known_streams: Vec::new(),
            versions: Vec::new(),
            new_streams: Vec::new(),
            types: HashMap::default(),
            known_types: Vec::new(),
            new_types: Vec::new(),
            entries: Vec::with_capacity(batch.entries.len()),
        };
        for entry in batch.entries.iter().map(|it| &it.entry) {
            let names = NamesOfEntry {
                stream: it.add(&entry.stream, known),
                sender: entry.sender.as_ref().map(|sender| it.add(sender, known)),
                message_type: it.add_type(&entry.name, entry.schema_version, known),
            };
            it.entries.push(names);
        }
        for timer in &batch.timers {
            it.add(&timer.to, known);
            timer.sender.iter().for_each(|sender| _ = it.add(sender, known));
            it.add_type(&timer.message.name, timer.message.schema_version, known);
        }
        batch.stood_on.iter().for_each(|(stream, _)| _ = it.add(stream, known));
        batch.parked.iter().for_each(|parked| _ = it.add(&parked.stream, known));
        batch.calls.iter().for_each(|call| _ = it.add(&call.stream, known));
        batch.read_models.parked.iter().for_each(|parked| _ = it.add(&parked.stream, known));
        batch.read_models.released.iter().for_each(|(_, stream)| _ = it.add(stream, known));
        for cancellation in &batch.cancelled {
            let (Cancellation::Command { to, .. } | Cancellation::TimeoutsOf(to)) = cancellation;
            it.add(to, known);
        }
        it
    }

    fn add(&mut self, stream: &'a Stream, known: &mut Rows) -> Place {
        *self.streams.entry(stream).or_insert_with(|| {
            if let Some(row) = known.stream(stream) {
                self.known_streams.push(row.id);
                self.versions.push(row.version);
                Place::Known(self.known_streams.len())
            } else {
                self.new_streams.push(stream);
                Place::New(self.new_streams.len())
            }
        })
    }

    fn add_type(&mut self, name: &'a str, schema_version: u16, known: &Rows) -> Place {
        *self.types.entry((name, schema_version)).or_insert_with(|| {
            if let Some(id) = known.message_type(name, schema_version) {
                self.known_types.push(id);
                Place::Known(self.known_types.len())
            } else {
                self.new_types.push((name, schema_version));
                Place::New(self.new_types.len())
            }
        })
    }

    /// Where the names of each entry stand among those of the batch, counted from 1.
    pub(crate) fn of_entries(&self) -> impl Iterator<Item = NamesOfEntry<i32>> {
        let (streams, types) = (self.known_streams.len(), self.known_types.len());
        self.entries.iter().map(move |it| NamesOfEntry {
            stream: number(Some(it.stream), streams),
            sender: it.sender.map(|it| number(Some(it), streams)),
            message_type: number(Some(it.message_type), types),
        })
    }

    /// Where a stream stands among those of the batch, counted from 1.
    pub(crate) fn place(&self, stream: &Stream) -> i32 {
        number(self.streams.get(stream).copied(), self.known_streams.len())
    }

    /// Which version the stream at a place has at least.
    pub(crate) fn version(&self, place: i32) -> Version {
        let index = usize::try_from(place - 1).ok();
        index.and_then(|it| self.versions.get(it)).copied().unwrap_or(Version::NONE)
    }

    /// Where a message type stands among those of the batch, counted from 1.
    pub(crate) fn type_place(&self, name: &str, schema_version: u16) -> i32 {
        number(self.types.get(&(name, schema_version)).copied(), self.known_types.len())
    }

    pub(crate) fn new_categories(&self) -> Vec<String> {
        self.new_streams.iter().map(|it| escape(it.category()).into_owned()).collect()
    }

    pub(crate) fn new_keys(&self) -> Vec<String> {
        self.new_streams.iter().map(|it| escape(it.id()).into_owned()).collect()
    }
}

/// What was never added has no place, and the database refuses a row without a stream.
fn number(place: Option<Place>, known: usize) -> i32 {
    let number = match place {
        Some(Place::Known(place)) => place,
        Some(Place::New(place)) => known + place,
        None => 0,
    };
    i32::try_from(number).unwrap_or(0)
}
