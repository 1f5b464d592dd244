//! What a replay must know of failures, and of what operators did about them.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{
    Ignored, Reason, Stream,
    log::{Entry, Kind, Position, ProcessId, Recorded},
};

/// Who may have been late, and who has seen something else than what stands in the log.
#[derive(Default)]
pub(crate) struct Repairs {
    failed: BTreeSet<(String, Stream)>,
    suspended: BTreeSet<ProcessId>,
    edited: BTreeMap<(Position, String), Box<str>>,
}

#[derive(Deserialize)]
struct HandlerFailed {
    handler: String,
}

#[derive(Deserialize)]
struct EditParked {
    message: Position,
    handler: String,
    payload: Box<RawValue>,
}

/// Whether handlers have decided it, rather than that they failed, that an operator has intervened, or that the world has
/// answered.
pub(crate) fn is_decided(entry: &Entry) -> bool {
    match entry.kind {
        Kind::Failure | Kind::Operation | Kind::EffectResult => false,
        Kind::Ignored => {
            let ignored = serde_json::from_str::<Ignored>(&entry.payload);
            ignored.map_or(true, |it| it.reason != Reason::Cancelled)
        }
        _ => true,
    }
}

impl Repairs {
    pub(crate) fn note(&mut self, it: &Recorded) {
        match (it.entry.kind, &*it.entry.name) {
            (Kind::Failure, _) => {
                if let Ok(HandlerFailed { handler }) = serde_json::from_str(&it.entry.payload) {
                    self.failed.insert((handler, it.entry.stream.clone()));
                }
            }
            (Kind::Operation, "SuspendProcess" | "CancelProcess") => _ = self.suspended.insert(it.process),
            (Kind::Operation, "EditParked") => {
                if let Ok(EditParked { message, handler, payload }) = serde_json::from_str(&it.entry.payload)
                {
                    self.edited.insert((message, handler), payload.get().into());
                }
            }
            _ => {}
        }
    }

    /// Whether a handler may have handled a message later than its turn, or not at all.
    pub(crate) fn may_wait(&self, handler: &str, message: &Recorded) -> bool {
        let has_failed = || self.failed.contains(&(handler.to_owned(), message.entry.stream.clone()));
        self.suspended.contains(&message.process) || (!self.failed.is_empty() && has_failed())
    }

    /// A message with the payload that its handler was given.
    pub(crate) fn as_seen_by(&self, handler: &str, message: &Recorded) -> Arc<Entry> {
        if self.edited.is_empty() {
            return Arc::clone(&message.entry);
        }
        match self.edited.get(&(message.position, handler.to_owned())) {
            Some(payload) => Arc::new(Entry { payload: payload.clone(), ..Entry::clone(&message.entry) }),
            None => Arc::clone(&message.entry),
        }
    }
}
