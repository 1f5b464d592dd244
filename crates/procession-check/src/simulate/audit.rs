//! What must hold in the end of every simulation, whatever it is about.

use std::collections::{BTreeMap, BTreeSet};

use procession_core::{
    Application,
    log::{Kind, Position},
    replay::Replay,
};
use procession_runtime::{Store, inspect::verify::verify};

use super::{End, Outside, client::Written};

/// The first promise that is broken.
pub(crate) async fn audit(
    application: &Application,
    store: &dyn Store,
    end: &End,
    outside: &Outside,
) -> Result<(), String> {
    let report = verify(store).await.map_err(|it| it.to_string())?;
    if let Some(violation) = report.violations.first() {
        return Err(format!("the store breaks a promise: {violation:?}"));
    }
    is_decided_the_same_again(application, end)?;
    results_are_recorded_once(end)?;
    answers_are_true(end, outside)
}

fn is_decided_the_same_again(application: &Application, end: &End) -> Result<(), String> {
    let replay = Replay::new(application.engine());
    let parked = end.parked().iter();
    let mut replay = parked.fold(replay, |replay, it| replay.without(it.position, &it.handler));
    let replayed = end.log().iter().try_for_each(|it| replay.next(it.clone()));
    replayed
        .and_then(|()| replay.finish())
        .map(drop)
        .map_err(|it| format!("a replay decides otherwise: {it}"))
}

fn results_are_recorded_once(end: &End) -> Result<(), String> {
    let mut seen = BTreeSet::new();
    let results = end.log().iter().filter(|it| it.entry.kind == Kind::EffectResult);
    for it in results {
        let payload: serde_json::Value = serde_json::from_str(&it.entry.payload).unwrap_or_default();
        let effect = payload.get("effect").map(ToString::to_string);
        if !seen.insert((it.causation, effect)) {
            return Err(format!("the result of a call is recorded twice: {}", super::end::line(it)));
        }
    }
    Ok(())
}

/// What clients were told is in the log, and what they asked for with a key is there once.
fn answers_are_true(end: &End, outside: &Outside) -> Result<(), String> {
    let mut logged: BTreeMap<Written, Vec<Position>> = BTreeMap::new();
    for it in end.log().iter().filter(|it| it.causation.is_none() && it.entry.kind.is_command()) {
        let (stream, name) = (it.entry.stream.to_string(), it.entry.name.to_string());
        let written = Written { stream, name, payload: it.entry.payload.to_string() };
        logged.entry(written).or_default().push(it.position);
    }
    let (mut asked, mut without_key) = (BTreeMap::<Written, usize>::new(), BTreeSet::new());
    for (request, answer) in outside.answers() {
        let written = request.written;
        let positions = logged.get(&written).map(Vec::as_slice).unwrap_or_default();
        if answer.position.is_some_and(|it| !positions.contains(&it)) {
            return Err(format!("{written:?} was acknowledged, and is lost: {answer:?}"));
        }
        if !request.has_key {
            without_key.insert(written.clone());
        }
        *asked.entry(written).or_default() += 1;
    }
    for (written, count) in asked {
        let found = logged.get(&written).map_or(0, Vec::len);
        if found < count || (found > count && !without_key.contains(&written)) {
            return Err(format!("{written:?} was asked for {count} times, and is in the log {found} times"));
        }
    }
    Ok(())
}
