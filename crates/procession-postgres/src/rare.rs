//! What is seldom in a batch, or has few rows: it goes to the database as one text.

use std::collections::BTreeMap;

use procession_core::Cancellation;
use procession_runtime::{
    StoreError,
    store::{Archived, Batch, Delivery, EffectCall, Parked},
};
use serde_json::{Map, Value, json};

use crate::{
    encode::{limit, partition, reference},
    escape::escape,
    names::Names,
    rare_read_models::read_models,
    rows::{bound, hold_number, reason_number},
};

/// Which payloads are over the limit, as the database is asked for them: whether a timer that fires has held them.
pub(crate) fn large(batch: &Batch, limit: usize) -> Result<Vec<Value>, StoreError> {
    let entries = batch.entries.iter().enumerate();
    let entries =
        entries.map(|(index, it)| (json!({ "entry": index + 1 }), &it.entry.name, &it.entry.payload));
    let timers = batch.timers.iter().enumerate();
    let timers = timers.map(|(index, it)| (json!({ "timer": index }), &it.message.name, &it.message.payload));
    let mut large = Vec::new();
    for (which, name, payload) in entries.chain(timers).filter(|(_, _, payload)| payload.len() > limit) {
        if batch.fired.is_empty() {
            return Err(StoreError::TooLarge { name: name.to_string(), bytes: payload.len(), limit });
        }
        large.push(which);
    }
    Ok(large)
}

/// None if there is nothing of the kind.
pub(crate) fn rare(batch: &Batch, names: &Names<'_>, large: Vec<Value>, partitions: u16) -> Option<String> {
    let mut all = Map::new();
    let mut add = |name: &str, values: Vec<Value>| {
        if !values.is_empty() {
            all.insert(name.into(), values.into());
        }
    };
    add("large", large);
    add("released", batch.released.iter().map(delivery).collect());
    add("closed", batch.closed_calls.iter().map(delivery).collect());
    // What is there twice counts as it is there last.
    let last: BTreeMap<_, _> = batch.parked.iter().map(|it| (it.delivery(), it)).collect();
    add("parked", last.values().map(|it| parked(it, names)).collect());
    let last: BTreeMap<_, _> = batch.calls.iter().map(|it| (&it.delivery, it)).collect();
    add("calls", last.values().map(|it| call(it, names)).collect());
    add("fired", batch.fired.iter().map(|it| bound(it.0).into()).collect());
    add("cancelled", batch.cancelled.iter().map(|it| cancellation(it, names)).collect());
    let last: BTreeMap<_, _> = batch.moved.iter().copied().collect();
    add(
        "moved",
        last.iter().map(|(id, due)| json!({ "id": bound(id.0), "due": due.as_microsecond() })).collect(),
    );
    add("timers", timers(batch, names, partitions));
    add("holds", holds(batch));
    let last: BTreeMap<_, _> = batch.notes.iter().map(|(name, text)| (name, text)).collect();
    let note = |(name, text): (_, &Option<String>)| json!({ "name": escape(name), "text": text.as_deref().map(escape) });
    add("notes", last.into_iter().map(|(name, text)| note((name.as_ref(), text))).collect());
    add("archived", batch.archived.iter().map(archived).collect());
    all.extend(read_models(&batch.read_models, names).map(|it| ("read_models".to_owned(), it)));
    if all.is_empty() {
        return None;
    }
    if let Some(most) = limit(batch.process_limits.timers) {
        all.insert("most_timers".into(), most.into());
    }
    Some(Value::Object(all).to_string())
}

fn archived(it: &Archived) -> Value {
    json!({
        "process": bound(it.process.0),
        "first": bound(it.first.0),
        "last": bound(it.last.0),
        "entries": bound(it.entries),
        "digest": escape(&it.digest),
        "file": escape(&it.file),
        "at": it.at.as_microsecond(),
    })
}

fn delivery(it: &Delivery) -> Value {
    json!({ "position": bound(it.position.0), "handler": escape(&it.handler) })
}

fn parked(it: &Parked, names: &Names<'_>) -> Value {
    json!({
        "position": bound(it.position.0),
        "handler": escape(&it.handler),
        "stream": names.place(&it.stream),
        "process": bound(it.process.0),
        "cause": it.cause.as_deref().map(escape),
        "at": it.at.as_microsecond(),
        "reason": reason_number(it.reason),
        "attempts": it.attempts,
        "retry_at": it.retry_at.map(|it| it.as_microsecond()),
        "edited": it.edited.map(|it| bound(it.0)),
    })
}

fn call(it: &EffectCall, names: &Names<'_>) -> Value {
    json!({
        "position": bound(it.delivery.position.0),
        "handler": escape(&it.delivery.handler),
        "stream": names.place(&it.stream),
        "process": bound(it.process.0),
        "attempts": it.attempts,
        "due": it.due.as_microsecond(),
        "cause": it.cause.as_deref().map(escape),
        "at": it.at.as_microsecond(),
    })
}

fn cancellation(it: &Cancellation, names: &Names<'_>) -> Value {
    match it {
        Cancellation::Command { to, name } => json!({ "stream": names.place(to), "name": escape(name) }),
        Cancellation::TimeoutsOf(instance) => json!({ "stream": names.place(instance) }),
    }
}

fn timers(batch: &Batch, names: &Names<'_>, partitions: u16) -> Vec<Value> {
    let timer = |it: &procession_runtime::store::NewTimer| {
        json!({
            "due": it.due.as_microsecond(),
            "stream": names.place(&it.to),
            "sender": it.sender.as_ref().map(|it| names.place(it)),
            "type": names.type_place(&it.message.name, it.message.schema_version),
            "payload": escape(&it.message.payload),
            "process": reference(it.process),
            "causation": reference(it.causation),
            "partition": partition(&it.to, partitions),
        })
    };
    batch.timers.iter().map(timer).collect()
}

fn holds(batch: &Batch) -> Vec<Value> {
    let last: BTreeMap<_, _> = batch.holds.iter().copied().collect();
    let hold =
        |(process, hold): (&procession_core::log::ProcessId, &Option<procession_runtime::store::Hold>)| {
            json!({
                "process": bound(process.0),
                "kind": hold.map(|it| hold_number(it.kind)),
                "operation": hold.map(|it| bound(it.operation.0)),
            })
        };
    last.iter().map(hold).collect()
}
