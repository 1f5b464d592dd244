//! Fold: what the handlers make of the messages of the backlog.

use std::{borrow::Cow, sync::Arc};

use procession_core::{
    Context, Engine, Failure, Handlers, Output, Retries, Version,
    log::{Entry, Kind, ProcessId, Recorded},
};

use super::{
    Processor,
    backlog::Pending,
    batching::{Batching, Cause, Emitted},
    measured::Ended,
};
use crate::{
    fault_points::FaultPoint,
    store::{Expected, StoreError},
};

/// Entries that are read from the log at once.
const ENTRIES_PER_READ: usize = 4096;

/// What an instance made of a message: the version it decided on, and what it decided.
pub(super) struct Decision {
    pub(super) before: Version,
    pub(super) emitted: Emitted,
}

/// Whether messages of this kind and name are to be handled: by handlers, or by the runtime itself.
pub(crate) fn waits_for_somebody(engine: &Engine, kind: Kind, name: &str) -> bool {
    kind == Kind::Operation || engine.has_handlers(kind, name)
}

impl Processor {
    /// Reads the log: after a start, and when the backlog has outgrown the memory.
    pub(super) async fn read_log(&mut self) -> Result<(), StoreError> {
        if self.share.is_part() {
            return self.read_share().await;
        }
        while self.backlog.is_low() && self.backlog.read_through() < *self.committed.borrow() {
            FaultPoint::LogReading.pass();
            let entries = self.store.read_log(self.backlog.read_through(), ENTRIES_PER_READ).await?;
            FaultPoint::LogRead.pass();
            if entries.is_empty() {
                let (store, end) = (self.store.name(), *self.committed.borrow());
                let lost = format!("the log of {store} ends before position {end}, which was committed");
                return Err(StoreError::Permanent(lost));
            }
            for Recorded { position, process, causation, entry, .. } in entries {
                self.offer(Pending { position, process, causation, entry });
            }
            // A long backlog is begun with before all that the memory holds was read.
            if self.backlog.len() >= self.limits.batch_messages {
                break;
            }
        }
        Ok(())
    }

    /// Offers an entry to the backlog.
    ///
    /// Beside other nodes it is read back, because what they write may lie before it.
    pub(super) fn offer(&mut self, pending: Pending) {
        if self.share.is_part() {
            return;
        }
        let has_handlers = self.has_handlers(&pending.entry);
        let process = pending.process;
        self.traces.offered(&pending);
        if self.backlog.offer(pending, has_handlers) {
            self.quiet.begun(process);
        }
    }

    pub(super) fn has_handlers(&self, entry: &Entry) -> bool {
        waits_for_somebody(&self.engine, entry.kind, &entry.name)
    }

    /// Logs the commands of timers that are due.
    pub(super) async fn fire_timers(&mut self, batching: &mut Batching) -> Result<(), StoreError> {
        // They may have become due a moment ago; then they come with the next batch.
        if !self.timers_are_due() || !self.in_flight.is_empty() {
            return Ok(());
        }
        FaultPoint::TimersReading.pass();
        let timers = self.due_timers(batching.now).await?;
        if let Some(room) = &mut batching.room {
            room.look_up(timers.iter().map(|it| it.process), &*self.store).await?;
        }
        if timers.is_empty() {
            self.read_next_due().await?;
        }
        for timer in timers {
            batching.batch.fired.push(timer.id);
            let cause = Cause { position: timer.causation, process: timer.process };
            let command = Entry::new(Kind::Command, timer.to, timer.message, batching.now);
            let entry = Arc::new(command.sent_by(timer.sender));
            let pending = batching.push(entry, Some(cause), Expected::Any, None);
            self.offer(pending);
        }
        FaultPoint::TimersFired.pass();
        Ok(())
    }

    /// Handles messages of the backlog, and what follows from them, until the batch is full or nothing is left.
    ///
    /// One round is taken even if requests have filled the batch, or those who never stop asking would starve it.
    pub(super) async fn fold_backlog(&mut self, batching: &mut Batching) -> Result<(), StoreError> {
        while !batching.state_was_lost && (batching.handled == 0 || !batching.is_full(&self.limits)) {
            let round = self.backlog.take(self.limits.batch_messages - batching.handled);
            if round.is_empty() {
                break;
            }
            batching.now = self.now();
            if let Some(room) = &mut batching.room {
                room.look_up(round.iter().map(|it| it.process), &*self.store).await?;
            }
            let for_instances =
                round.iter().filter(|it| matches!(it.entry.kind, Kind::Command | Kind::Input));
            self.states.load(for_instances.map(|it| &it.entry.stream), &self.engine, &*self.store).await?;
            self.load_traces(&round).await?;
            self.vitals.handling();
            let mut round = round.into_iter();
            while let Some(pending) = round.next() {
                batching.tally.handled(pending.entry.kind);
                let _span = self.traces.handling(&pending);
                self.handle(&pending, batching);
                self.quiet.handled(pending.process);
                batching.handled += 1;
                if batching.is_late(&self.limits) {
                    self.backlog.put_back(round);
                    return Ok(());
                }
            }
            self.vitals.handled();
        }
        Ok(())
    }

    /// Handles one message, for each of its handlers.
    fn handle(&mut self, pending: &Pending, batching: &mut Batching) {
        if let Some(held) = self.holds.of_process(pending.process) {
            return self.hold(held, pending, batching);
        }
        let engine = Arc::clone(&self.engine);
        let message = Cause { position: pending.position, process: pending.process };
        match engine.handlers_of(&pending.entry) {
            Handlers::Instance => self.handle_by_instance(message, &pending.entry, batching),
            Handlers::Reactions(reactions) => {
                for (handler, react) in reactions {
                    let reacted = (!self.blocked.contains(handler, &pending.entry.stream))
                        .then(|| engine.react(react, &pending.entry));
                    self.handle_by_reaction(message, handler, &pending.entry, reacted, batching);
                }
            }
            Handlers::Nobody => {}
        }
    }

    fn handle_by_instance(&mut self, message: Cause, entry: &Entry, batching: &mut Batching) {
        let category = entry.stream.category();
        if self.blocked.contains(category, &entry.stream) {
            return self.park(message, category.to_owned(), entry, None, batching);
        }
        match self.decide(entry, Some(message.process), batching) {
            Ok(Decision { before, emitted }) => self.append(emitted, before, message, batching),
            Err(failure) => self.park(message, category.to_owned(), entry, Some(failure), batching),
        }
    }

    /// `reacted` is none when the handler must not see the event, because an earlier one of its stream is parked.
    fn handle_by_reaction(
        &mut self,
        message: Cause,
        handler: &str,
        event: &Entry,
        reacted: Option<Result<Vec<Output>, Failure>>,
        batching: &mut Batching,
    ) {
        let within_limits = |outputs| {
            let outputs = self.within_limits(outputs)?;
            batching.has_room(Some(message.process), &outputs).map(|()| outputs)
        };
        match reacted.map(|it| it.and_then(within_limits)) {
            Some(Ok(outputs)) => {
                let emitted = Emitted::of(outputs, &event.stream, None, batching.now);
                self.append(emitted, Version::NONE, message, batching);
            }
            Some(Err(failure)) => self.park(message, handler.to_owned(), event, Some(failure), batching),
            None => self.park(message, handler.to_owned(), event, None, batching),
        }
    }

    /// Lets an instance handle a message of a process, and folds what it recorded into its state. Without a process, the
    /// message would begin one.
    pub(super) fn decide(
        &mut self,
        message: &Entry,
        process: Option<ProcessId>,
        batching: &mut Batching,
    ) -> Result<Decision, Failure> {
        let stream = &message.stream;
        let state = self.states.get(stream)?;
        let before = state.version();
        let outputs = self.engine.decide(state, message, &Context::at(batching.now))?;
        let mut outputs = self.within_limits(outputs)?;
        batching.has_room(process, &outputs)?;
        let state = self.states.get(stream)?;
        let sender = state.is_process().then_some(stream);
        let folded = self.engine.fold(state, stream, &mut outputs);
        let ended = Ended::after(state, before, batching.now);
        let folded = folded.and_then(|()| {
            batching.has_room(process, &outputs)?;
            self.within_limits(outputs)
        });
        match folded {
            Ok(outputs) => {
                batching.tally.ended(stream, ended);
                if self.share.is_part() {
                    let records = outputs.iter().any(|it| matches!(it, Output::Record(_)));
                    batching.stands_on(stream, before, records);
                }
                Ok(Decision { before, emitted: Emitted::of(outputs, stream, sender, batching.now) })
            }
            Err(failure) => {
                // The state has seen a part of what will not be written.
                self.states.remove(stream);
                batching.state_was_lost = true;
                Err(failure)
            }
        }
    }

    /// Adds what a handler emitted to the batch, and offers it to the handlers that follow.
    pub(super) fn append(
        &mut self,
        mut emitted: Emitted,
        before: Version,
        cause: Cause,
        batching: &mut Batching,
    ) {
        let first = batching.batch.entries.len();
        let mut version = before;
        for entry in std::mem::take(&mut emitted.entries) {
            let mut expected = Expected::Any;
            if entry.kind == Kind::Event {
                expected = Expected::Version(version);
                version = version.next();
            }
            let pending = batching.push(entry, Some(cause), expected, None);
            self.offer(pending);
        }
        self.change_calls(std::mem::take(&mut emitted.calls), cause, batching);
        batching.change_timers(emitted, cause);
        if !self.replies.is_empty() && self.replies.waits_for(cause.process) {
            let recorded = batching.recorded_since(first, cause);
            batching.replies.extend(self.replies.take(&recorded));
        }
    }

    /// Parks a message: with the failure, or without one because an earlier message of its stream is parked.
    pub(super) fn park(
        &mut self,
        message: Cause,
        handler: impl Into<Cow<'static, str>>,
        entry: &Entry,
        failure: Option<Failure>,
        batching: &mut Batching,
    ) {
        let handler = handler.into();
        if failure.is_none() {
            tracing::warn!(
                message = %entry.name, stream = %entry.stream, position = message.position.0, process = message.process.0,
                %handler, "the message is parked behind an earlier one of its stream"
            );
        }
        if let Some(failure) = &failure {
            tracing::warn!(
                message = %entry.name, stream = %entry.stream, position = message.position.0, process = message.process.0,
                %handler, %failure, "the message is parked"
            );
        }
        self.quiet.parked(message.process);
        let Some(failure) = failure else {
            return batching.park(message, handler, &entry.stream, None, None);
        };
        let cause = failure.to_string();
        let retries = self.retries_after(&failure, &handler);
        let retry_at = retries.next(1, batching.now, batching.now, self.random.f64());
        self.blocked.add(handler.clone(), entry.stream.clone(), retry_at);
        self.note_failure(message, &handler, &entry.stream, 1, &cause, retry_at, batching);
        batching.park(message, handler, &entry.stream, Some(cause), retry_at);
    }

    /// How often a handler is tried again that has failed so.
    pub(super) fn retries_after(&self, failure: &Failure, handler: &str) -> Retries {
        if failure.is_final() { Retries::never() } else { self.engine.retries_of(handler) }
    }

    pub(super) fn within_limits(&self, outputs: Vec<Output>) -> Result<Vec<Output>, Failure> {
        let (size, limit) = (outputs.len(), self.limits.emitted_messages);
        if size > limit {
            return Err(Failure::TooManyEmitted { size, limit });
        }
        let limit = self.store.max_payload_bytes();
        for it in outputs.iter().filter_map(Output::message) {
            if it.payload.len() > limit {
                let what = format!("the payload of `{}`, in bytes,", it.name);
                return Err(Failure::TooLarge { what, size: it.payload.len(), limit });
            }
        }
        Ok(outputs)
    }
}
