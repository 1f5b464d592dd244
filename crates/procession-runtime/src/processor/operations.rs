//! What operators ask for: operations stand in the log, and are done in its order.

use std::collections::{BTreeMap, BTreeSet};

use procession_core::{
    Handlers, Ignored, Reason,
    log::{Entry, Kind, Position, ProcessId},
};

use super::{
    Processor,
    backlog::Pending,
    batching::{Batching, Cause},
    holds::Held,
};
use crate::{
    Operation, Requested,
    fault_points::FaultPoint,
    store::{
        Delivery, Expected, Hold, HoldKind, Parked, ParkedOf, ParkedReason, Store, StoreError, TimersOf,
    },
};

/// The parked messages that the operations of one batch are about, as the batch leaves them.
#[derive(Default)]
struct Rows {
    rows: BTreeMap<Delivery, Parked>,
    changed: BTreeSet<Delivery>,
}

impl Processor {
    /// Does the operations whose turn has come. Returns whether there were any.
    pub(super) async fn operate(&mut self, batching: &mut Batching) -> Result<bool, StoreError> {
        let operations = self.backlog.take_operations(self.limits.batch_messages);
        if operations.is_empty() {
            return Ok(false);
        }
        batching.handled += operations.len();
        let requested: Vec<_> = operations.iter().filter_map(|it| Some((it, read(it)?))).collect();
        FaultPoint::OperationsReading.pass();
        let mut rows = Rows::of(&requested, &*self.store).await?;
        FaultPoint::OperationsRead.pass();
        for (pending, requested) in requested {
            self.operate_one(pending.position, requested, &mut rows, batching).await?;
        }
        operations.iter().for_each(|it| self.quiet.handled(it.process));
        batching.batch.parked.extend(rows.changed());
        FaultPoint::OperationsFolded.pass();
        Ok(true)
    }

    async fn operate_one(
        &mut self,
        at: Position,
        requested: Requested,
        rows: &mut Rows,
        batching: &mut Batching,
    ) -> Result<(), StoreError> {
        tracing::info!(
            operation = requested.operation.name(),
            position = at.0,
            by = requested.by,
            why = requested.why,
            "an operator's request is done"
        );
        match requested.operation {
            Operation::RetryParked(message) => {
                let is_meant = |it: &Parked| {
                    it.reason == ParkedReason::Failed
                        && requested.after_failures.is_none_or(|failures| failures == it.attempts)
                };
                if let Some(row) = rows.change(&message, is_meant) {
                    row.retry_at = Some(batching.now);
                    self.blocked.look_at(&row.handler, &row.stream);
                }
            }
            Operation::EditParked { message, .. } => {
                if let Some(row) = rows.change(&message, |_| true) {
                    row.edited = Some(at);
                }
            }
            Operation::DiscardParked(message) => {
                if let Some(row) = rows.remove(&message) {
                    self.give_up(&row, batching);
                }
            }
            Operation::CancelTimer(timer) => batching.batch.fired.push(timer),
            Operation::MoveTimer { timer, due } => {
                batching.batch.moved.push((timer, due));
                self.next_due = self.next_due.into_iter().chain([due]).min();
            }
            Operation::SuspendProcess(process) => self.suspend(process, at, batching),
            Operation::ResumeProcess(process) => {
                if self.holds.of_process(process) == Some(Held::Suspended) {
                    self.holds.set(process, Held::Resuming);
                    batching.batch.holds.push((process, None));
                }
            }
            Operation::CancelProcess(process) => self.cancel(process, at, rows, batching).await?,
            // Who keeps the read model up finds it in the log.
            Operation::RebuildProjection(_) | Operation::RetryProjection { .. } => {}
        }
        Ok(())
    }

    fn suspend(&mut self, process: ProcessId, at: Position, batching: &mut Batching) {
        if self.holds.of_process(process).is_none_or(|it| it == Held::Resuming) {
            self.holds.set(process, Held::Suspended);
            let hold = Hold { kind: HoldKind::Suspended, operation: at };
            batching.batch.holds.push((process, Some(hold)));
        }
    }

    /// Takes out all that a process would still do by itself.
    async fn cancel(
        &mut self,
        process: ProcessId,
        at: Position,
        rows: &mut Rows,
        batching: &mut Batching,
    ) -> Result<(), StoreError> {
        if self.holds.of_process(process) == Some(Held::Cancelled) {
            return Ok(());
        }
        self.holds.set(process, Held::Cancelled);
        let hold = Hold { kind: HoldKind::Cancelled, operation: at };
        batching.batch.holds.push((process, Some(hold)));
        rows.remove_all_of(process).iter().for_each(|it| self.give_up(it, batching));
        FaultPoint::CancelHalf.pass();
        let timers = self.store.timers(TimersOf::Process(process), usize::MAX).await?;
        batching.batch.fired.extend(timers.iter().map(|it| it.id));
        self.effects.of_process(process).iter().for_each(|it| self.close_call(it, batching));
        Ok(())
    }

    /// Takes out a parked message; what was behind it goes on.
    fn give_up(&mut self, row: &Parked, batching: &mut Batching) {
        self.quiet.released(row.process);
        self.blocked.look_at(&row.handler, &row.stream);
        batching.batch.released.push(row.delivery());
    }

    /// What becomes of a message whose process is held.
    pub(super) fn hold(&mut self, held: Held, pending: &Pending, batching: &mut Batching) {
        let message = Cause { position: pending.position, process: pending.process };
        if held == Held::Cancelled {
            return self.ignore_cancelled(message, &pending.entry, batching);
        }
        let stream = &pending.entry.stream;
        let engine = std::sync::Arc::clone(&self.engine);
        match engine.handlers_of(&pending.entry) {
            Handlers::Instance => {
                self.quiet.parked(message.process);
                batching.hold(message, stream.category().to_owned(), stream);
            }
            Handlers::Reactions(reactions) => {
                for (handler, _) in reactions {
                    self.quiet.parked(message.process);
                    batching.hold(message, handler.clone(), stream);
                }
            }
            Handlers::Nobody => {}
        }
    }

    /// Records that a message has no effect, because its process was cancelled.
    pub(super) fn ignore_cancelled(&mut self, message: Cause, entry: &Entry, batching: &mut Batching) {
        // A sentence can always be written.
        let Ok(ignored) = Ignored::encoded(&entry.name, Reason::Cancelled) else { return };
        let ignored = Entry::new(Kind::Ignored, entry.stream.clone(), ignored, batching.now);
        let pending = batching.push(ignored.into(), Some(message), Expected::Any, None);
        self.offer(pending);
    }
}

fn read(pending: &Pending) -> Option<Requested> {
    Requested::read(&pending.entry).unwrap_or_else(|error| {
        tracing::warn!(position = pending.position.0, %error, "an operator's request cannot be read; it has no effect");
        None
    })
}

impl Rows {
    async fn of(requested: &[(&Pending, Requested)], store: &dyn Store) -> Result<Self, StoreError> {
        let mut places = BTreeSet::new();
        let mut rows = Self::default();
        for (pending, requested) in requested {
            match &requested.operation {
                Operation::RetryParked(message)
                | Operation::DiscardParked(message)
                | Operation::EditParked { message, .. } => {
                    places.insert((message.handler.to_string(), pending.entry.stream.clone()));
                }
                Operation::CancelProcess(process) => {
                    rows.add(store.parked(ParkedOf::Process(*process), usize::MAX).await?);
                }
                _ => {}
            }
        }
        for (handler, stream) in places {
            rows.add(store.parked(ParkedOf::Stream { handler, stream }, usize::MAX).await?);
        }
        Ok(rows)
    }

    fn add(&mut self, rows: Vec<Parked>) {
        self.rows.extend(rows.into_iter().map(|it| (it.delivery(), it)));
    }

    fn change(&mut self, message: &Delivery, is_meant: impl Fn(&Parked) -> bool) -> Option<&mut Parked> {
        let row = self.rows.get_mut(message).filter(|it| is_meant(it))?;
        self.changed.insert(message.clone());
        Some(row)
    }

    fn remove(&mut self, message: &Delivery) -> Option<Parked> {
        self.changed.remove(message);
        self.rows.remove(message)
    }

    fn remove_all_of(&mut self, process: ProcessId) -> Vec<Parked> {
        let of_process = self.rows.values().filter(|it| it.process == process).map(Parked::delivery);
        let of_process: Vec<_> = of_process.collect();
        of_process.iter().filter_map(|it| self.remove(it)).collect()
    }

    fn changed(mut self) -> impl Iterator<Item = Parked> {
        let changed = std::mem::take(&mut self.changed);
        changed.into_iter().filter_map(move |it| self.rows.remove(&it))
    }
}
