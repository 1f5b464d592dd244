use std::collections::HashMap;

use foldhash::fast::RandomState;
use procession_core::{Cancellation, Stream};
use procession_runtime::store::Batch;

use crate::{
    escape::escape,
    known::{Rows, StreamRow},
};

/// The streams and message types of a batch, each once: first those whose rows are known, then the others.
pub(crate) struct Names<'a> {
    streams: HashMap<&'a Stream, Place<StreamRow>, RandomState>,
    pub(crate) known_streams: Vec<i64>,
    pub(crate) new_streams: Vec<&'a Stream>,
    types: HashMap<(&'a str, u16), Place<()>, RandomState>,
    pub(crate) known_types: Vec<i32>,
    pub(crate) new_types: Vec<(&'a str, u16)>,
}

enum Place<T> {
    Known(usize, T),
    New(usize),
}

impl<'a> Names<'a> {
    pub(crate) fn of(batch: &'a Batch, known: &mut Rows) -> Self {
        let mut it = Self {
            streams: HashMap::default(),
            known_streams: Vec::new(),
            new_streams: Vec::new(),
            types: HashMap::default(),
            known_types: Vec::new(),
            new_types: Vec::new(),
        };
        for entry in batch.entries.iter().map(|it| &it.entry) {
            it.add(&entry.stream, known);
            entry.sender.iter().for_each(|sender| it.add(sender, known));
            it.add_type(&entry.name, entry.schema_version, known);
        }
        for timer in &batch.timers {
            it.add(&timer.to, known);
            timer.sender.iter().for_each(|sender| it.add(sender, known));
            it.add_type(&timer.message.name, timer.message.schema_version, known);
        }
        batch.stood_on.iter().for_each(|(stream, _)| it.add(stream, known));
        batch.parked.iter().for_each(|parked| it.add(&parked.stream, known));
        batch.calls.iter().for_each(|call| it.add(&call.stream, known));
        batch.read_models.parked.iter().for_each(|parked| it.add(&parked.stream, known));
        batch.read_models.released.iter().for_each(|(_, stream)| it.add(stream, known));
        for cancellation in &batch.cancelled {
            let (Cancellation::Command { to, .. } | Cancellation::TimeoutsOf(to)) = cancellation;
            it.add(to, known);
        }
        it
    }

    fn add(&mut self, stream: &'a Stream, known: &mut Rows) {
        if self.streams.contains_key(stream) {
            return;
        }
        let place = if let Some(row) = known.stream(stream) {
            self.known_streams.push(row.id);
            Place::Known(self.known_streams.len(), row)
        } else {
            self.new_streams.push(stream);
            Place::New(self.new_streams.len())
        };
        self.streams.insert(stream, place);
    }

    fn add_type(&mut self, name: &'a str, schema_version: u16, known: &Rows) {
        if self.types.contains_key(&(name, schema_version)) {
            return;
        }
        let place = if let Some(id) = known.message_type(name, schema_version) {
            self.known_types.push(id);
            Place::Known(self.known_types.len(), ())
        } else {
            self.new_types.push((name, schema_version));
            Place::New(self.new_types.len())
        };
        self.types.insert((name, schema_version), place);
    }

    /// Where a stream stands among those of the batch, counted from 1.
    pub(crate) fn place(&self, stream: &Stream) -> i32 {
        number(self.streams.get(stream), self.known_streams.len())
    }

    /// The row of a stream, as far as it is known.
    pub(crate) fn row(&self, stream: &Stream) -> Option<StreamRow> {
        match self.streams.get(stream) {
            Some(Place::Known(_, row)) => Some(*row),
            _ => None,
        }
    }

    /// Where a message type stands among those of the batch, counted from 1.
    pub(crate) fn type_place(&self, name: &str, schema_version: u16) -> i32 {
        number(self.types.get(&(name, schema_version)), self.known_types.len())
    }

    pub(crate) fn new_categories(&self) -> Vec<String> {
        self.new_streams.iter().map(|it| escape(it.category()).into_owned()).collect()
    }

    pub(crate) fn new_keys(&self) -> Vec<String> {
        self.new_streams.iter().map(|it| escape(it.id()).into_owned()).collect()
    }
}

/// What was never added has no place, and the database refuses a row without a stream.
fn number<T>(place: Option<&Place<T>>, known: usize) -> i32 {
    let number = match place {
        Some(Place::Known(place, _)) => *place,
        Some(Place::New(place)) => known + place,
        None => 0,
    };
    i32::try_from(number).unwrap_or(0)
}
