//! Read models in a store: their rows, and how far they follow the log.

use std::sync::Arc;

use jiff::Timestamp;
use procession_core::{Stream, log::Position};
use serde::Serialize;

use super::Reference;

/// What a batch changes in read models.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ReadModelChanges {
    /// Commit only if this is still the [epoch](Projections::epoch): with it, who writes rows inline has seen all that it must know.
    pub epoch: Option<u64>,
    /// Generations that begin, go on to another state, or are forgotten. They are changed first.
    pub generations: Vec<GenerationChange>,
    /// How far generations follow the log now.
    pub moves: Vec<ProjectionMove>,
    /// Rows that are written or taken out.
    pub rows: Vec<RowChange>,
    /// Streams whose events are left out no longer. Taken out before those of this batch are added.
    pub released: Vec<(Generation, Stream)>,
    /// Streams whose events are left out from now on. One that is there already is replaced.
    pub parked: Vec<NewParkedStream>,
}

impl ReadModelChanges {
    /// Whether nothing changes. What is only asked for changes nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let Self { epoch: _, generations, moves, rows, released, parked } = self;
        generations.is_empty()
            && moves.is_empty()
            && rows.is_empty()
            && released.is_empty()
            && parked.is_empty()
    }

    /// Whether those who write inline must look again: it raises the epoch.
    #[must_use]
    pub fn raises_epoch(&self) -> bool {
        !self.generations.is_empty() || !self.released.is_empty()
    }
}

/// One filling of a read model, from the first event on. A rebuild fills another one beside it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Generation {
    /// The projection.
    pub projection: Arc<str>,
    /// Which one it is, from 1.
    pub number: u64,
}

/// What a generation is there for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum GenerationState {
    /// It is filled beside the one that is read.
    Building,
    /// It is read, and follows the log.
    Live,
    /// It is read, and its rows are written with their events: it is never behind.
    Inline,
    /// Another one is read in its place; its rows are taken out.
    Retired,
}

impl GenerationState {
    /// Whether it is the one that is read.
    #[must_use]
    pub fn is_read(self) -> bool {
        matches!(self, Self::Live | Self::Inline)
    }
}

/// Who may change the generations of a projection, until somebody else acquires it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProjectionChange<T> {
    /// The owner's fencing token: a commit with an older one is refused.
    pub token: u64,
    /// The generation.
    pub generation: Generation,
    /// What becomes of it.
    pub to: T,
}

/// A generation begins or goes on to another state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Becomes {
    /// A new one, filled by a version of the projection's functions.
    New {
        /// The version.
        version: u32,
        /// Its state.
        state: GenerationState,
    },
    /// It goes on to another state.
    State(GenerationState),
    /// It is gone, with its parked streams and what is left of its rows.
    Gone,
}

/// A generation begins, goes on to another state, or is forgotten.
pub type GenerationChange = ProjectionChange<Becomes>;

/// A generation's checkpoint on its way forward.
pub type ProjectionMove = ProjectionChange<Move>;

/// Where a checkpoint goes, and where its owner believes it to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Move {
    /// Where it is.
    pub from: Position,
    /// Where it goes.
    pub to: Position,
}

/// A row that is written or taken out.
#[derive(Clone, Debug, PartialEq)]
pub struct RowChange {
    /// Whose row it is.
    pub generation: Generation,
    /// Its key.
    pub key: String,
    /// The row as JSON; none takes it out.
    pub value: Option<Arc<str>>,
    /// What the revision is called that this makes.
    pub revision: u64,
    /// Commit only if the row has this revision, or is not there (0); without it, whatever it has.
    pub expected: Option<u64>,
}

/// A row as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The row as JSON.
    pub value: Arc<str>,
    /// Which change of the row it is. Whoever writes it gives it another one.
    pub revision: u64,
}

/// A stream whose events are to be left out of a generation from now on.
#[derive(Clone, Debug, PartialEq)]
pub struct NewParkedStream {
    /// Where they are left out.
    pub generation: Generation,
    /// The stream.
    pub stream: Stream,
    /// The first event that is left out.
    pub first: Reference,
    /// Why that could not be folded.
    pub cause: String,
    /// When that was found.
    pub at: Timestamp,
}

/// A stream whose events are left out of a generation, because one of them could not be folded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParkedStream {
    /// Where they are left out.
    pub generation: Generation,
    /// The stream.
    pub stream: Stream,
    /// The first event that is left out.
    pub position: Position,
    /// Why that could not be folded.
    pub cause: String,
    /// When that was found.
    pub at: Timestamp,
}

/// All read models of a store.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Projections {
    /// Changes whenever generations or parked streams change in a way that those who write inline must know.
    pub epoch: u64,
    /// The generations, by projection and number.
    pub generations: Vec<ProjectionStanding>,
}

/// Where one generation stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProjectionStanding {
    /// The generation.
    pub generation: Generation,
    /// The version of the functions that fill it.
    pub version: u32,
    /// What it is there for.
    pub state: GenerationState,
    /// Up to where it has followed the log. An inline one stands where it became that.
    pub checkpoint: Position,
    /// How many streams are left out.
    pub parked: u64,
}

/// Which rows are meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowsOf {
    /// The projection.
    pub projection: Arc<str>,
    /// Which generation; none is the one that is read.
    pub number: Option<u64>,
}

/// A range of keys, in the order of their bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyRange {
    /// The first key, if it is there.
    pub from: String,
    /// Whether `from` itself is left out.
    pub is_after: bool,
    /// Where it ends; that key is left out. None is the end.
    pub to: Option<String>,
}

impl From<Generation> for RowsOf {
    fn from(generation: Generation) -> Self {
        Self { projection: generation.projection, number: Some(generation.number) }
    }
}

impl KeyRange {
    /// Whether a key is in it.
    #[must_use]
    pub fn contains(&self, key: &str) -> bool {
        let begins = if self.is_after { key > self.from.as_str() } else { key >= self.from.as_str() };
        begins && self.to.as_deref().is_none_or(|to| key < to)
    }
}
