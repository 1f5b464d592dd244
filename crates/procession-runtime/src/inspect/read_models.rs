use jiff::Timestamp;
use procession_core::{
    Stream,
    log::{Position, ProcessId},
};
use serde::{Serialize, Serializer};

use super::Inspector;
use crate::store::{GenerationState, ParkedStream, ProjectionStanding, StoreError};

/// How one generation of a read model stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReadModelOverview {
    /// The projection.
    pub projection: String,
    /// Which generation; a rebuild fills another one.
    pub generation: u64,
    /// What it is there for.
    pub state: GenerationState,
    /// The version of the functions that fill it.
    pub version: u32,
    /// Up to where its rows hold what is in the log.
    pub stands_at: Position,
    /// How many entries of the log are behind that.
    pub lag: u64,
    /// How many streams are left out, because one of their events could not be folded.
    pub parked: u64,
    /// The first of them.
    pub left_out: Vec<LeftOut>,
}

/// A stream that a read model leaves out, from an event on that could not be folded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LeftOut {
    /// The stream.
    #[serde(serialize_with = "written")]
    pub stream: Stream,
    /// The event.
    pub position: Position,
    /// Its name.
    pub event: String,
    /// Its process.
    pub process: ProcessId,
    /// Why it could not be folded.
    pub cause: String,
    /// When that was found.
    pub at: Timestamp,
}

/// More streams than these are counted only.
const STREAMS_SHOWN: usize = 100;

impl Inspector {
    /// How the read models stand, ordered by projection and generation.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn read_models(&self) -> Result<Vec<ReadModelOverview>, StoreError> {
        let standings = self.store.projections().await?.generations;
        let head = self.store.progress().await?.head;
        let mut overviews = Vec::with_capacity(standings.len());
        for it in standings {
            overviews.push(self.read_model(it, head).await?);
        }
        Ok(overviews)
    }

    async fn read_model(
        &self,
        standing: ProjectionStanding,
        head: Position,
    ) -> Result<ReadModelOverview, StoreError> {
        let ProjectionStanding { generation, version, state, checkpoint, parked } = standing;
        let stands_at = if state == GenerationState::Inline { head } else { checkpoint };
        let mut left_out = Vec::new();
        if parked > 0 {
            let streams = self.store.parked_streams(generation.clone(), STREAMS_SHOWN).await?;
            left_out = self.left_out(streams).await?;
        }
        Ok(ReadModelOverview {
            projection: generation.projection.to_string(),
            generation: generation.number,
            state,
            version,
            stands_at,
            lag: head.0.saturating_sub(stands_at.0),
            parked,
            left_out,
        })
    }

    async fn left_out(&self, streams: Vec<ParkedStream>) -> Result<Vec<LeftOut>, StoreError> {
        let mut left_out = Vec::with_capacity(streams.len());
        for ParkedStream { stream, position, cause, at, .. } in streams {
            let event = self.store.read_entries(vec![position]).await?;
            let event = event.first();
            left_out.push(LeftOut {
                stream,
                position,
                event: event.map(|it| it.entry.name.to_string()).unwrap_or_default(),
                process: event.map_or(position.into(), |it| it.process),
                cause,
                at,
            });
        }
        Ok(left_out)
    }
}

fn written<S: Serializer>(stream: &Stream, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(stream)
}
