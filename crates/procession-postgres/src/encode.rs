//! One batch becomes the parameters of one call.

use std::{borrow::Cow, collections::HashMap};

use foldhash::fast::RandomState;
use procession_core::{Stream, Version};
use procession_runtime::{
    StoreError,
    store::{Batch, Reference},
};
use tokio_postgres::types::ToSql;

use crate::{
    escape::escape,
    expected::Events,
    known::Rows,
    names::Names,
    rare,
    rows::{bound, kind_number},
};

/// The call that commits a batch.
pub(crate) const COMMIT: &str = "SELECT * FROM commit_batch($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14,
    $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36,
    $37, $38)";

/// What holds for all batches of a store.
#[derive(Clone, Copy)]
pub(crate) struct Shape {
    pub(crate) partitions: u16,
    pub(crate) max_payload_bytes: usize,
}

/// What [`COMMIT`] is called with, but for the writer.
pub(crate) struct Parameters<'a> {
    pub(crate) names: Names<'a>,
    expected_head: Option<i64>,
    new_categories: Option<Vec<String>>,
    new_keys: Option<Vec<String>>,
    new_names: Option<Vec<String>>,
    new_schema_versions: Option<Vec<i32>>,
    entries: Entries<'a>,
    pub(crate) events: Events<'a>,
    spans: Spans,
    keys: Keys<'a>,
    moves: Moves,
    stood_on_streams: Option<Vec<i32>>,
    stood_on_versions: Vec<i64>,
    rare: Option<String>,
}

impl<'a> Parameters<'a> {
    pub(crate) fn of(batch: &'a Batch, names: Names<'a>, shape: Shape) -> Result<Self, StoreError> {
        let large = rare::large(batch, shape.max_payload_bytes)?;
        Ok(Self {
            expected_head: batch.after.map(|it| bound(it.0)),
            new_categories: some(names.new_categories()),
            new_keys: some(names.new_keys()),
            new_names: some(names.new_types.iter().map(|(name, _)| escape(name).into_owned()).collect()),
            new_schema_versions: some(names.new_types.iter().map(|(_, it)| i32::from(*it)).collect()),
            spans: Spans::of(batch),
            keys: Keys::of(batch),
            moves: Moves::of(batch),
            stood_on_streams: some(batch.stood_on.iter().map(|(it, _)| names.place(it)).collect()),
            stood_on_versions: batch.stood_on.iter().map(|(_, it)| bound(it.0)).collect(),
            rare: rare::rare(batch, &names, large, shape.partitions),
            events: Events::of(batch, &names),
            entries: Entries::of(batch, &names, shape.partitions),
            names,
        })
    }

    /// In the order of the function's.
    pub(crate) fn values<'b>(&'b self, writer: &'b i64, sequence: &'b i64) -> [&'b (dyn ToSql + Sync); 38] {
        let Self { names, entries, events, spans, keys, moves, .. } = self;
        [
            writer,
            sequence,
            &self.expected_head,
            &names.known_streams,
            &self.new_categories,
            &self.new_keys,
            &names.known_types,
            &self.new_names,
            &self.new_schema_versions,
            &entries.kinds,
            &entries.streams,
            &entries.types,
            &entries.partitions,
            &entries.payloads,
            &entries.processes,
            &entries.causations,
            &entries.ats,
            &entries.senders,
            &entries.traces,
            &events.places,
            &events.offsets,
            &events.claims,
            &events.streams,
            &events.bases,
            &spans.processes,
            &spans.firsts,
            &spans.lasts,
            &spans.messages,
            &spans.limit,
            &keys.entries,
            &keys.keys,
            &moves.partitions,
            &moves.tokens,
            &moves.froms,
            &moves.tos,
            &self.stood_on_streams,
            &self.stood_on_versions,
            &self.rare,
        ]
    }
}

impl Parameters<'_> {
    /// What a committed batch has taught.
    pub(crate) fn learn(&self, stream_ids: &[i64], type_ids: &[i32], known: &mut Rows) {
        for (stream, id) in self.names.new_streams.iter().zip(stream_ids) {
            known.saw(stream, *id, Version::NONE);
        }
        for ((name, schema_version), id) in self.names.new_types.iter().zip(type_ids) {
            known.saw_message_type(name, *schema_version, *id);
        }
        self.events.learn(known);
    }
}

/// Nothing, in place of an array without elements.
fn some<T>(values: Vec<T>) -> Option<Vec<T>> {
    if values.is_empty() { None } else { Some(values) }
}

/// A position, or, negative, an entry of the batch, counted from -1.
pub(crate) fn reference(reference: Reference) -> i64 {
    match reference {
        Reference::Position(position) => bound(position.0),
        Reference::Entry(index) => -1 - bound(index),
    }
}

struct Entries<'a> {
    kinds: Option<Vec<i16>>,
    streams: Vec<i32>,
    types: Vec<i32>,
    partitions: Vec<i16>,
    payloads: Vec<Cow<'a, str>>,
    processes: Vec<i64>,
    causations: Vec<Option<i64>>,
    ats: Vec<i64>,
    senders: Option<Vec<Option<i32>>>,
    traces: Option<Vec<Option<String>>>,
}

impl<'a> Entries<'a> {
    fn of(batch: &'a Batch, names: &Names<'_>, partitions: u16) -> Self {
        let entries = || batch.entries.iter().map(|it| &it.entry);
        let process = |(index, process): (usize, Option<Reference>)| {
            reference(process.unwrap_or(Reference::Entry(index)))
        };
        let trace = |it: &Option<Box<str>>| it.as_deref().map(|it| escape(it).into_owned());
        let has_sender = entries().any(|it| it.sender.is_some());
        let has_trace = entries().any(|it| it.trace_context.is_some());
        Self {
            kinds: some(entries().map(|it| kind_number(it.kind)).collect()),
            streams: names.of_entries().map(|it| it.stream).collect(),
            types: names.of_entries().map(|it| it.message_type).collect(),
            partitions: entries().map(|it| partition(&it.stream, partitions)).collect(),
            payloads: entries().map(|it| escape(&it.payload)).collect(),
            processes: batch.entries.iter().map(|it| it.process).enumerate().map(process).collect(),
            causations: batch.entries.iter().map(|it| it.causation.map(reference)).collect(),
            ats: entries().map(|it| it.at.as_microsecond()).collect(),
            senders: has_sender.then(|| names.of_entries().map(|it| it.sender).collect()),
            traces: has_trace.then(|| entries().map(|it| trace(&it.trace_context)).collect()),
        }
    }
}

/// The partition of a stream, as a column holds it. A store has fewer than such a column can tell apart.
pub(crate) fn partition(stream: &Stream, partitions: u16) -> i16 {
    i16::try_from(stream.partition(partitions).0).unwrap_or(i16::MAX)
}

/// The parts of a batch that belong to one process.
#[derive(Default)]
struct Spans {
    processes: Vec<i64>,
    firsts: Vec<i64>,
    lasts: Vec<i64>,
    messages: Vec<i64>,
    limit: Option<i64>,
}

impl Spans {
    fn of(batch: &Batch) -> Self {
        let mut it = Self { limit: limit(batch.process_limits.messages), ..Self::default() };
        let mut places: HashMap<i64, usize, RandomState> = HashMap::default();
        for (index, new) in batch.entries.iter().enumerate() {
            let process = process(batch, new.process.unwrap_or(Reference::Entry(index)));
            let number = bound(index) + 1;
            let place = *places.entry(process).or_insert_with(|| {
                it.processes.push(process);
                it.firsts.push(number);
                it.lasts.push(number);
                it.messages.push(0);
                it.processes.len() - 1
            });
            if let (Some(last), Some(messages)) = (it.lasts.get_mut(place), it.messages.get_mut(place)) {
                *last = number;
                *messages += 1;
            }
        }
        it
    }
}

/// A process by one reference only, whether a batch that knows its place names the beginning by its position or not.
fn process(batch: &Batch, process: Reference) -> i64 {
    match (batch.after, process) {
        (Some(after), Reference::Position(position)) if position > after => {
            bound(after.0) - bound(position.0)
        }
        (_, other) => reference(other),
    }
}

/// A limit, if it is one.
pub(crate) fn limit(limit: u64) -> Option<i64> {
    i64::try_from(limit).ok()
}

/// The keys of messages from outside.
struct Keys<'a> {
    entries: Vec<i64>,
    keys: Option<Vec<Cow<'a, str>>>,
}

impl<'a> Keys<'a> {
    fn of(batch: &'a Batch) -> Self {
        let keyed = || {
            batch.entries.iter().enumerate().filter_map(|(i, it)| Some((i, it.idempotency_key.as_deref()?)))
        };
        let keys = keyed().map(|(_, key)| escape(key)).collect();
        Self { entries: keyed().map(|(index, _)| bound(index) + 1).collect(), keys: some(keys) }
    }
}

/// How far partitions are handled now.
struct Moves {
    partitions: Option<Vec<i32>>,
    tokens: Vec<i64>,
    froms: Vec<i64>,
    tos: Vec<i64>,
}

impl Moves {
    fn of(batch: &Batch) -> Self {
        let moves = || batch.checkpoints.iter();
        Self {
            partitions: some(moves().map(|it| i32::from(it.partition.0)).collect()),
            tokens: moves().map(|it| bound(it.token)).collect(),
            froms: moves().map(|it| bound(it.from.0)).collect(),
            tos: moves().map(|it| bound(it.to.0)).collect(),
        }
    }
}
