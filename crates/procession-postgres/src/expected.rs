//! What a batch expects of the streams that its events belong to.

use std::collections::HashMap;

use foldhash::fast::RandomState;
use procession_core::{Stream, Version, log::Kind};
use procession_runtime::store::{Batch, Conflict, Expected, NewEntry};

use crate::{known::Rows, names::Names, rows::bound};

/// The events of a batch, and the streams that they belong to.
#[derive(Default)]
pub(crate) struct Events<'a> {
    /// Of each entry that is an event, which of the streams it has, counted from 1.
    pub(crate) places: Vec<Option<i32>>,
    /// How many events of its stream come before it in the batch.
    pub(crate) offsets: Vec<Option<i32>>,
    /// Which version it takes its stream to have before the batch.
    pub(crate) claims: Vec<Option<i64>>,
    /// The streams, by their places among the names of the batch.
    pub(crate) streams: Vec<i32>,
    /// The versions that they have if nobody was faster; none where that is looked up.
    pub(crate) bases: Vec<Option<i64>>,
    expected: Vec<ExpectedStream<'a>>,
}

struct ExpectedStream<'a> {
    stream: &'a Stream,
    /// The version that the batch takes it to have.
    claim: Option<i64>,
    /// All events of it take it to have the same one.
    is_one_claim: bool,
    /// It has at least this version.
    known: Version,
    events: i32,
}

impl<'a> Events<'a> {
    pub(crate) fn of(batch: &'a Batch, names: &Names<'_>) -> Self {
        let mut it = Self::default();
        let mut places: HashMap<i32, usize, RandomState> = HashMap::default();
        for (new, place) in batch.entries.iter().zip(names.of_entries().map(|it| it.stream)) {
            if new.entry.kind != Kind::Event {
                it.add(None, None, None);
                continue;
            }
            let index = *places.entry(place).or_insert_with(|| {
                it.streams.push(place);
                it.expected.push(ExpectedStream::of(&new.entry.stream, names.version(place)));
                it.expected.len() - 1
            });
            let Some(stream) = it.expected.get_mut(index) else { continue };
            let (offset, claim) = (stream.events, stream.add(new.expected));
            it.add(i32::try_from(index + 1).ok(), Some(offset), claim);
        }
        it.bases = it.expected.iter().map(ExpectedStream::base).collect();
        it
    }

    fn add(&mut self, place: Option<i32>, offset: Option<i32>, claim: Option<i64>) {
        self.places.push(place);
        self.offsets.push(offset);
        self.claims.push(claim);
    }

    /// The streams whose versions were expected.
    pub(crate) fn streams(&self) -> impl Iterator<Item = &'a Stream> {
        self.expected.iter().map(|it| it.stream)
    }

    /// What the versions of the streams are after the batch, where it has claimed what they were before: that was so, or the
    /// batch would not be there.
    pub(crate) fn learn(&self, known: &mut Rows) {
        for it in &self.expected {
            let version = it.claim.and_then(|claim| u64::try_from(claim + i64::from(it.events)).ok());
            if let Some(version) = version {
                known.grew(it.stream, Version(version));
            }
        }
    }

    /// The first event that does not fit to the versions that the streams have, given in the order of [`Self::streams`].
    pub(crate) fn first_misfit(&self, batch: &Batch, versions: &[i64]) -> Option<Conflict> {
        let events = self.places.iter().zip(&self.offsets).zip(&self.claims);
        let mut misfits = batch.entries.iter().zip(events).filter_map(|(new, ((place, offset), claim))| {
            let version = versions.get(usize::try_from((*place)? - 1).ok()?)?;
            ((*claim)? != *version).then_some((new, version + i64::from((*offset)?)))
        });
        let (new, actual) = misfits.next()?;
        version_conflict(new, actual)
    }
}

impl<'a> ExpectedStream<'a> {
    fn of(stream: &'a Stream, known: Version) -> Self {
        Self { stream, claim: None, is_one_claim: true, known, events: 0 }
    }

    /// One more event. Tells which version it takes the stream to have before the batch.
    fn add(&mut self, expected: Expected) -> Option<i64> {
        let claim = match expected {
            Expected::Version(version) => Some(bound(version.0) - i64::from(self.events)),
            Expected::Any => None,
        };
        self.is_one_claim &= claim.is_none() || self.claim.is_none() || self.claim == claim;
        self.claim = self.claim.or(claim);
        self.events += 1;
        claim
    }

    /// The version that the stream has if nobody was faster. If somebody was, the events do not fit into the index of
    /// versions, so it need not be looked up; but only if the stream has that many events for sure.
    fn base(&self) -> Option<i64> {
        self.claim.filter(|it| self.is_one_claim && (0..=bound(self.known.0)).contains(it))
    }
}

/// That a stream has another version than an event expects.
pub(crate) fn version_conflict(new: &NewEntry, actual: i64) -> Option<Conflict> {
    let Expected::Version(expected) = new.expected else { return None };
    let (stream, actual) = (new.entry.stream.clone(), Version(actual.try_into().ok()?));
    Some(Conflict::Version { stream, expected, actual })
}
