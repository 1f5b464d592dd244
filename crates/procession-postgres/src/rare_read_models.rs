//! What a batch changes in read models, as the database is told.

use procession_runtime::store::{
    Becomes, Generation, GenerationChange, GenerationState, NewParkedStream, ProjectionMove,
    ReadModelChanges, RowChange,
};
use serde_json::{Map, Value, json};

use crate::{encode::reference, escape::escape, names::Names, rows::bound};

/// None if there is nothing of the kind.
pub(crate) fn read_models(changes: &ReadModelChanges, names: &Names<'_>) -> Option<Value> {
    let mut all = Map::new();
    if let Some(epoch) = changes.epoch {
        all.insert("epoch".into(), bound(epoch).into());
    }
    let mut add = |name: &str, values: Vec<Value>| {
        if !values.is_empty() {
            all.insert(name.into(), values.into());
        }
    };
    add("generations", changes.generations.iter().map(generation).collect());
    add("moves", changes.moves.iter().map(moved).collect());
    add("rows", changes.rows.iter().map(row).collect());
    let released = changes.released.iter().map(|(generation, stream)| {
        json!({
            "projection": escape(&generation.projection),
            "number": bound(generation.number),
            "stream": names.place(stream),
        })
    });
    add("released", released.collect());
    add("parked", parked(&changes.parked, names));
    (!all.is_empty()).then(|| all.into())
}

fn generation(it: &GenerationChange) -> Value {
    let (becomes, version, state) = match it.to {
        Becomes::New { version, state } => ("new", Some(version), Some(state)),
        Becomes::State(state) => ("state", None, Some(state)),
        Becomes::Gone => ("gone", None, None),
    };
    json!({
        "projection": escape(&it.generation.projection),
        "number": bound(it.generation.number),
        "token": bound(it.token),
        "becomes": becomes,
        "version": version,
        "state": state.map(state_number),
    })
}

fn moved(it: &ProjectionMove) -> Value {
    json!({
        "projection": escape(&it.generation.projection),
        "number": bound(it.generation.number),
        "token": bound(it.token),
        "source": bound(it.to.from.0),
        "target": bound(it.to.to.0),
    })
}

fn row(it: &RowChange) -> Value {
    let Generation { projection, number } = &it.generation;
    json!({
        "projection": escape(projection),
        "number": bound(*number),
        "key": escape(&it.key),
        "value": it.value.as_deref(),
        "revision": bound(it.revision),
        "expected": it.expected.map(bound),
    })
}

/// What is there twice counts as it is there last.
fn parked(parked: &[NewParkedStream], names: &Names<'_>) -> Vec<Value> {
    let is_last = |(index, it): &(usize, &NewParkedStream)| {
        !parked[index + 1..]
            .iter()
            .any(|later| (&later.generation, &later.stream) == (&it.generation, &it.stream))
    };
    let last = parked.iter().enumerate().filter(is_last);
    let value = |it: &NewParkedStream| {
        json!({
            "projection": escape(&it.generation.projection),
            "number": bound(it.generation.number),
            "stream": names.place(&it.stream),
            "first": reference(it.first),
            "cause": escape(&it.cause),
            "at": it.at.as_microsecond(),
        })
    };
    last.map(|(_, it)| value(it)).collect()
}

pub(crate) fn state_number(state: GenerationState) -> i16 {
    match state {
        GenerationState::Building => 1,
        GenerationState::Live => 2,
        GenerationState::Inline => 3,
        GenerationState::Retired => 4,
    }
}
