//! Parked messages get their turn again: after a pause, because an operator asks for it, or because what was before them is
//! gone.
//!
//! All of it is derived from the rows of parked messages, so that a start after a crash goes on where it was: the first row
//! of a handler and stream says what the others wait for.

use std::{borrow::Cow, collections::BTreeMap, sync::Arc};

use procession_core::{
    Failure, Handlers, Stream, Version,
    log::{Encoded, Entry, Kind, Position, Recorded},
};
use serde::Serialize;

use super::{
    Processor,
    batching::{Batching, Cause, Emitted},
    fold::Decision,
    holds::Held,
};
use crate::{
    Operation, Requested,
    fault_points::FaultPoint,
    store::{Expected, Parked, ParkedOf, ParkedReason, StoreError},
};

/// What the log says of a failed attempt.
#[derive(Serialize)]
struct HandlerFailed<'a> {
    handler: &'a str,
    attempt: u32,
    cause: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_at: Option<jiff::Timestamp>,
}

/// What the log keeps of a cause, in bytes. The parked message keeps all of it.
const LONGEST_CAUSE: usize = 4096;

/// Parked messages with the entries that they are.
struct Waiting {
    rows: Vec<Parked>,
    entries: BTreeMap<Position, Recorded>,
    /// Whether there are no others.
    is_all: bool,
}

impl Processor {
    /// Whether parked messages, or operations on them, are to be looked at now. They are read from the store, so nothing may
    /// be in flight then.
    pub(super) fn looks_at_parked(&self) -> bool {
        self.backlog.operation_is_next() || self.releases(None)
    }

    /// Whether parked messages get their turn, now or at another time.
    pub(super) fn releases(&self, now: Option<jiff::Timestamp>) -> bool {
        self.holds.resuming().is_some()
            || self.blocked.next_due().is_some_and(|due| due <= now.unwrap_or_else(|| self.now()))
    }

    /// Gives parked messages their turn, up to a share of the batch, so that others are not held up by them.
    pub(super) async fn release(&mut self, batching: &mut Batching) -> Result<(), StoreError> {
        let mut budget = (self.limits.batch_messages / 2).max(1);
        for (handler, stream) in self.blocked.due(batching.now, budget) {
            if budget == 0 || batching.state_was_lost || batching.is_full(&self.limits) {
                return Ok(());
            }
            self.release_stream(handler, stream, &mut budget, batching).await?;
        }
        if let Some(process) = self.holds.resuming().filter(|_| budget > 0 && !batching.state_was_lost) {
            self.resume(process, budget, batching).await?;
        }
        Ok(())
    }

    async fn release_stream(
        &mut self,
        handler: Cow<'static, str>,
        stream: Stream,
        budget: &mut usize,
        batching: &mut Batching,
    ) -> Result<(), StoreError> {
        let of = ParkedOf::Stream { handler: handler.to_string(), stream: stream.clone() };
        let waiting = self.waiting(of, *budget, |it| it.reason != ParkedReason::Suspended).await?;
        if let Some(room) = &mut batching.room {
            room.look_up(waiting.rows.iter().map(|it| it.process), &*self.store).await?;
        }
        for row in waiting.rows {
            if row.reason == ParkedReason::Failed && row.retry_at.is_none_or(|it| it > batching.now) {
                self.blocked.add(handler, stream, row.retry_at);
                return Ok(());
            }
            if batching.state_was_lost || batching.is_full(&self.limits) {
                return Ok(());
            }
            *budget -= 1;
            if !self.handle_again(row, &waiting.entries, batching)? {
                return Ok(());
            }
        }
        if waiting.is_all {
            self.blocked.remove(&handler, &stream);
        }
        Ok(())
    }

    /// Handles what has waited while a process was suspended.
    async fn resume(
        &mut self,
        process: procession_core::log::ProcessId,
        budget: usize,
        batching: &mut Batching,
    ) -> Result<(), StoreError> {
        let owned: Vec<_> = self.share.owned().iter().map(|it| it.partition).collect();
        let partitions = self.store.partitions();
        let is_meant = |it: &Parked| {
            it.reason == ParkedReason::Suspended && owned.contains(&it.stream.partition(partitions))
        };
        let waiting = self.waiting(ParkedOf::Process(process), budget, is_meant).await?;
        if let Some(room) = &mut batching.room {
            room.look_up([process].into_iter(), &*self.store).await?;
        }
        for row in waiting.rows {
            if batching.state_was_lost || batching.is_full(&self.limits) {
                return Ok(());
            }
            if self.blocked.contains(&row.handler, &row.stream) {
                self.blocked.look_at(&row.handler, &row.stream);
                batching.batch.parked.push(Parked { reason: ParkedReason::Behind, ..row });
                continue;
            }
            self.handle_again(row, &waiting.entries, batching)?;
        }
        if waiting.is_all && !batching.state_was_lost {
            self.holds.let_go(process);
        }
        Ok(())
    }

    /// The first parked messages that are meant, up to `limit`, with what the log holds of them, and their states.
    async fn waiting(
        &mut self,
        of: ParkedOf,
        limit: usize,
        is_meant: impl Fn(&Parked) -> bool,
    ) -> Result<Waiting, StoreError> {
        FaultPoint::ParkedReading.pass();
        let mut read = limit;
        let (mut rows, is_all) = loop {
            let rows = self.store.parked(of.clone(), read).await?;
            let is_all = rows.len() < read;
            let rows: Vec<Parked> = rows.into_iter().filter(&is_meant).collect();
            if is_all || !rows.is_empty() {
                break (rows, is_all);
            }
            read = read.saturating_mul(2);
        };
        let is_all = is_all && rows.len() <= limit;
        rows.truncate(limit);
        let positions = rows.iter().flat_map(|it| [Some(it.position), it.edited]).flatten();
        let entries = self.store.read_entries(positions.collect()).await?;
        let of_instances = entries.iter().filter(|it| matches!(it.entry.kind, Kind::Command | Kind::Input));
        self.states.load(of_instances.map(|it| &it.entry.stream), &self.engine, &*self.store).await?;
        let entries = entries.into_iter().map(|it| (it.position, it)).collect();
        FaultPoint::ParkedRead.pass();
        Ok(Waiting { rows, entries, is_all })
    }

    /// Hands a parked message to its handler. Returns whether those behind it may follow.
    fn handle_again(
        &mut self,
        row: Parked,
        entries: &BTreeMap<Position, Recorded>,
        batching: &mut Batching,
    ) -> Result<bool, StoreError> {
        let message = Cause { position: row.position, process: row.process };
        let entry = entry_of(&row, entries, &self.store.name())?;
        match self.holds.of_process(row.process) {
            Some(Held::Suspended) => {
                batching.batch.parked.push(Parked { reason: ParkedReason::Suspended, ..row });
                return Ok(true);
            }
            Some(Held::Cancelled) => {
                self.take_out(&row, batching);
                self.ignore_cancelled(message, &entry, batching);
                return Ok(true);
            }
            Some(Held::Resuming) | None => {}
        }
        if row.reason == ParkedReason::Failed {
            batching.tally.retried(&row.handler);
        }
        match self.run_again(&row, message, &entry, batching) {
            Ok(()) => {
                tracing::info!(
                    message = %entry.name, stream = %row.stream, position = row.position.0, process = row.process.0,
                    handler = %row.handler, failures = row.attempts, "a parked message is handled"
                );
                self.take_out(&row, batching);
                Ok(true)
            }
            Err(failure) => {
                self.park_again(row, &entry, &failure, batching);
                Ok(false)
            }
        }
    }

    fn run_again(
        &mut self,
        row: &Parked,
        message: Cause,
        entry: &Entry,
        batching: &mut Batching,
    ) -> Result<(), Failure> {
        let engine = Arc::clone(&self.engine);
        let (emitted, before) = match engine.handlers_of(entry) {
            Handlers::Instance => {
                let Decision { before, emitted } = self.decide(entry, Some(message.process), batching)?;
                (emitted, before)
            }
            Handlers::Reactions(reactions) if reactions.iter().any(|(name, _)| *name == row.handler) => {
                let react = reactions.iter().filter(|(name, _)| *name == row.handler);
                let outputs =
                    react.map(|(_, react)| engine.react(react, entry)).collect::<Result<Vec<_>, _>>()?;
                let outputs = self.within_limits(outputs.into_iter().flatten().collect())?;
                batching.has_room(Some(message.process), &outputs)?;
                (Emitted::of(outputs, &entry.stream, None, batching.now), Version::NONE)
            }
            _ => return Err(Failure::UnknownHandler { handler: row.handler.to_string() }),
        };
        self.append(emitted, before, message, batching);
        Ok(())
    }

    fn park_again(&mut self, row: Parked, entry: &Entry, failure: &Failure, batching: &mut Batching) {
        let (attempts, cause) = (row.attempts.saturating_add(1), failure.to_string());
        let retries = self.retries_after(failure, &row.handler);
        let retry_at = retries.next(attempts, row.at, batching.now, self.random.f64());
        tracing::warn!(
            message = %entry.name, stream = %row.stream, position = row.position.0, process = row.process.0,
            handler = %row.handler, %failure, attempts, ?retry_at, "the message has failed again, and stays parked"
        );
        self.blocked.add(row.handler.clone(), row.stream.clone(), retry_at);
        let message = Cause { position: row.position, process: row.process };
        self.note_failure(message, &row.handler, &row.stream, attempts, &cause, retry_at, batching);
        let reason = ParkedReason::Failed;
        batching.batch.parked.push(Parked { reason, attempts, cause: Some(cause), retry_at, ..row });
    }

    /// Records that a handler has failed, so that the story of the process shows it for ever.
    #[expect(clippy::too_many_arguments, reason = "it is what the log says, written in one place")]
    pub(super) fn note_failure(
        &mut self,
        message: Cause,
        handler: &str,
        stream: &Stream,
        attempt: u32,
        cause: &str,
        retry_at: Option<jiff::Timestamp>,
        batching: &mut Batching,
    ) {
        let said = serde_json::to_string(&HandlerFailed { handler, attempt, cause: cut(cause), retry_at });
        // Texts and numbers can always be written; a store for tiny payloads only cannot keep it.
        let Some(payload) = said.ok().filter(|it| it.len() <= self.store.max_payload_bytes()) else { return };
        let said = Encoded { name: "HandlerFailed".into(), schema_version: 1, payload: payload.into() };
        let entry = Arc::new(Entry::new(Kind::Failure, stream.clone(), said, batching.now));
        let pending = batching.push(entry, Some(message), Expected::Any, None);
        self.offer(pending);
    }

    /// Takes a parked message out.
    fn take_out(&mut self, row: &Parked, batching: &mut Batching) {
        self.quiet.released(row.process);
        batching.batch.released.push(row.delivery());
    }
}

/// A cause as the log keeps it.
pub(super) fn cut(cause: &str) -> &str {
    cause.get(..cause.floor_char_boundary(LONGEST_CAUSE)).unwrap_or_default()
}

/// The message as its handler sees it: as it stands in the log, or with the payload that an operator gave it.
fn entry_of(
    row: &Parked,
    entries: &BTreeMap<Position, Recorded>,
    store: &str,
) -> Result<Arc<Entry>, StoreError> {
    let lost = |position: Position| {
        StoreError::Permanent(format!("the log of {store} has lost the message at position {position}"))
    };
    let recorded = entries.get(&row.position).ok_or_else(|| lost(row.position))?;
    let Some(edited) = row.edited else { return Ok(Arc::clone(&recorded.entry)) };
    let operation = entries.get(&edited).ok_or_else(|| lost(edited))?;
    match Requested::read(&operation.entry) {
        Ok(Some(Requested { operation: Operation::EditParked { payload, .. }, .. })) => {
            Ok(Arc::new(Entry { payload, ..Entry::clone(&recorded.entry) }))
        }
        _ => Err(StoreError::Permanent(format!("the operation at position {edited} cannot be read"))),
    }
}
