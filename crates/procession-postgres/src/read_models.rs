//! Read models, as they are read.

use std::sync::Arc;

use procession_runtime::store::{
    Generation, GenerationState, ParkedStream, ProjectionStanding, Projections, Row as ModelRow,
};
use tokio_postgres::Row;

use crate::rows::{self, Read, get, position, text};

/// The epoch comes with each of them, and without any.
pub(crate) const PROJECTIONS: &str =
    "SELECT setting.value, generation.projection, generation.number, generation.version,
        generation.state, generation.checkpoint,
        (SELECT count(*) FROM parked_stream WHERE parked_stream.generation = generation.id)
    FROM setting LEFT JOIN generation ON true
    WHERE setting.name = 'read_model_epoch' ORDER BY generation.projection, generation.number";

macro_rules! generation {
    () => {
        "(SELECT id FROM generation
          WHERE projection = $1 AND CASE WHEN $2::bigint IS NULL THEN state IN (2, 3) ELSE number = $2 END)"
    };
}

/// In the order in which the keys are given.
pub(crate) const ROWS: &str = concat!(
    "SELECT found.value, found.revision FROM unnest($3::text[]) WITH ORDINALITY AS asked (key, ordinal)
    LEFT JOIN read_model_row AS found ON found.key = asked.key AND found.generation = ",
    generation!(),
    " ORDER BY asked.ordinal"
);

pub(crate) const SCAN: &str = concat!(
    "SELECT value, revision, key FROM read_model_row
    WHERE key >= $3 AND (NOT $4 OR key > $3) AND ($5::text IS NULL OR key < $5) AND generation = ",
    generation!(),
    " ORDER BY key LIMIT $6"
);

pub(crate) const PARKED_STREAMS: &str =
    "SELECT stream.category, stream.key, parked_stream.position, parked_stream.cause, parked_stream.at
    FROM generation
    JOIN parked_stream ON parked_stream.generation = generation.id
    JOIN stream ON stream.id = parked_stream.stream
    WHERE generation.projection = $1 AND generation.number = $2
    ORDER BY stream.category, stream.key LIMIT $3";

pub(crate) fn projections(rows: &[Row]) -> Read<Projections> {
    let mut all = Projections::default();
    for row in rows {
        all.epoch = number(row, 0)?;
        if get::<Option<i64>>(row, 2)?.is_some() {
            all.generations.push(standing(row)?);
        }
    }
    Ok(all)
}

fn standing(row: &Row) -> Read<ProjectionStanding> {
    Ok(ProjectionStanding {
        generation: Generation { projection: text(row, 1)?.into(), number: number(row, 2)? },
        version: u32::try_from(get::<i64>(row, 3)?).unwrap_or_default(),
        state: state_of(get(row, 4)?)?,
        checkpoint: position(get(row, 5)?),
        parked: number(row, 6)?,
    })
}

fn number(row: &Row, column: usize) -> Read<u64> {
    get::<i64>(row, column).map(|it| u64::try_from(it).unwrap_or_default())
}

/// None where there is no such row.
pub(crate) fn row(row: &Row) -> Read<Option<ModelRow>> {
    let Some(value) = get::<Option<&str>>(row, 0)? else { return Ok(None) };
    Ok(Some(ModelRow { value: Arc::from(value), revision: number(row, 1)? }))
}

pub(crate) fn scanned(row: &Row) -> Read<(String, ModelRow)> {
    let value = Arc::from(get::<&str>(row, 0)?);
    Ok((text(row, 2)?, ModelRow { value, revision: number(row, 1)? }))
}

pub(crate) fn parked_stream(row: &Row, generation: &Generation) -> Read<ParkedStream> {
    Ok(ParkedStream {
        generation: generation.clone(),
        stream: rows::stream(row, 0)?,
        position: position(get(row, 2)?),
        cause: text(row, 3)?,
        at: rows::timestamp(row, 4)?,
    })
}

fn state_of(number: i16) -> Read<GenerationState> {
    match number {
        1 => Ok(GenerationState::Building),
        2 => Ok(GenerationState::Live),
        3 => Ok(GenerationState::Inline),
        4 => Ok(GenerationState::Retired),
        other => Err(format!("{other} is no state of a read model")),
    }
}
