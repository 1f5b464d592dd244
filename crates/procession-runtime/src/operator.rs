use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use procession_core::{
    EncodeError, InvalidId, Stream,
    log::{Entry, Kind, Position, ProcessId, Recorded},
};
use tokio::sync::watch;

use crate::{
    Clock, Operation, Requested, SystemClock,
    fault_points::FaultPoint,
    store::{
        Batch, Delivery, Expected, HoldKind, NewEntry, Parked, ParkedOf, ParkedReason, Reference, Store,
        StoreError, TimerId, TimersOf,
    },
};

/// Somebody who repairs what is stuck: asks for retries, takes back timers, suspends and cancels processes.
///
/// What is asked for becomes an entry of the log, with who has asked and why, and the runtime that handles the messages of
/// the store does it in the order of the log: at once if it runs, otherwise when it is started the next time.
///
/// ```
/// use procession_core::{Application, Module, doc::CleanRoom};
/// use procession_runtime::{MemoryStore, Operation, Runtime};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let hotel = Application::assemble([Module::named("rooms").handles::<CleanRoom>()])?;
/// # let runtime = Runtime::start(&hotel, MemoryStore::new()).await?;
/// # runtime.send(CleanRoom { room: 7 }).await?;
/// let anna = runtime.operator().by("anna").because("the bug is fixed in 1.4");
/// let parked = runtime.reader().parked().await?;
/// anna.request(parked.iter().map(|it| Operation::RetryParked(it.delivery()))).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
#[must_use = "nothing is asked for until `request` is awaited"]
pub struct Operator {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    by: String,
    why: String,
    /// How far the runtime of this process has noticed what stands in the log.
    noticed: Option<watch::Receiver<Position>>,
}

/// Why an operation was not asked for. Nothing is in the log then, of none of those that were asked for together.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OperatorError {
    /// The log keeps who has asked for something.
    #[error("say who asks for this; the log keeps it")]
    WithoutName,
    /// The log keeps why something was asked for.
    #[error("say why this is to be done; the log keeps it")]
    WithoutReason,
    /// The message is not parked for the handler: it was handled or discarded meanwhile, or never was.
    #[error("the message at position {} is not parked for `{}`; list what is parked", .0.position, .0.handler)]
    NotParked(Delivery),
    /// The message has not failed: it waits for an earlier one of its stream, and follows it by itself.
    #[error(
        "the message at position {} waits for `{}` behind the one at {first}, and follows it by itself; retry that one",
        message.position, message.handler
    )]
    WaitsBehind {
        /// The message.
        message: Delivery,
        /// The first message that is parked for the same handler and stream.
        first: Position,
    },
    /// An effect is called for its event as it stands in the log.
    #[error(
        "the event at position {} waits for `{}`, which is called for it as it is; discard it, and send what is right",
        .0.position, .0.handler
    )]
    CallsAreNotEdited(Delivery),
    /// The process of the message is suspended.
    #[error(
        "the message at position {} waits because process {process} is suspended; resume the process",
        message.position
    )]
    WaitsForProcess {
        /// The message.
        message: Delivery,
        /// The process.
        process: ProcessId,
    },
    /// There is no such timer: it has fired or was taken back meanwhile, or never was.
    #[error("there is no timer {}; list the timers that wait", .0.0)]
    UnknownTimer(TimerId),
    /// No message has begun a process there.
    #[error("there is no process {0}")]
    UnknownProcess(ProcessId),
    /// The process has ended long ago.
    #[error("process {0} has ended, and is archived; there is nothing to suspend, to resume or to cancel")]
    Archived(ProcessId),
    /// The process was cancelled, which is final.
    #[error("process {0} was cancelled; nothing brings it back")]
    Cancelled(ProcessId),
    /// The process is not suspended.
    #[error("process {0} is not suspended, so that there is nothing to resume")]
    NotSuspended(ProcessId),
    /// The store has no such read model.
    #[error("there is no projection `{name}`; {}", known_projections(known))]
    UnknownProjection {
        /// The name that was asked for.
        name: String,
        /// Those that there are.
        known: Vec<String>,
    },
    /// No projection can be named so.
    #[error(transparent)]
    ProjectionName(InvalidId),
    /// It cannot be written.
    #[error(transparent)]
    Encode(#[from] EncodeError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn known_projections(known: &[String]) -> String {
    if known.is_empty() { "the store has none".into() } else { format!("the store has {}", known.join(", ")) }
}

impl Operator {
    /// An operator of a store: of one that a runtime of this process works on, or of one that was opened beside it.
    pub fn on(store: Arc<dyn Store>) -> Self {
        let clock = Arc::new(SystemClock);
        Self { store, clock, by: String::new(), why: String::new(), noticed: None }
    }

    pub(crate) fn of_runtime(
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        noticed: watch::Receiver<Position>,
    ) -> Self {
        Self { clock, noticed: Some(noticed), ..Self::on(store) }
    }

    /// Who asks.
    pub fn by(self, by: impl Into<String>) -> Self {
        Self { by: by.into(), ..self }
    }

    /// Why.
    pub fn because(self, why: impl Into<String>) -> Self {
        Self { why: why.into(), ..self }
    }

    /// Asks for operations, all or none of them, and tells where they stand in the log, in their order.
    ///
    /// When it returns they are durable, and will be done. They are done when the checkpoints of their streams' partitions
    /// have passed them, and what they let go on follows.
    ///
    /// # Errors
    /// When who or why is missing, one of them is about something that is not there, or the store fails.
    pub async fn request(
        &self,
        operations: impl IntoIterator<Item = Operation>,
    ) -> Result<Vec<Position>, OperatorError> {
        if self.by.trim().is_empty() {
            return Err(OperatorError::WithoutName);
        }
        if self.why.trim().is_empty() {
            return Err(OperatorError::WithoutReason);
        }
        let operations: Vec<Operation> = operations.into_iter().collect();
        if operations.is_empty() {
            return Ok(Vec::new());
        }
        FaultPoint::OperatorLooking.pass();
        let subjects = Subjects::look_up(&*self.store, &operations).await?;
        let entries = operations.into_iter().map(|it| self.entry(it, &subjects));
        let batch = Batch { entries: entries.collect::<Result<_, _>>()?, ..Batch::default() };
        let count = batch.entries.len() as u64;
        FaultPoint::OperatorAppending.pass();
        let after = self.store.commit(batch).await?.after;
        FaultPoint::OperatorAppended.pass();
        if let Some(mut noticed) = self.noticed.clone() {
            // A runtime that has stopped does it when it is started again.
            _ = noticed.wait_for(|it| *it >= after.plus(count)).await;
        }
        Ok((1..=count).map(|it| after.plus(it)).collect())
    }

    fn entry(&self, operation: Operation, subjects: &Subjects) -> Result<NewEntry, OperatorError> {
        let Subject { stream, process, cause, after_failures } = subjects.of(&operation)?;
        let requested = Requested { operation, by: self.by.clone(), why: self.why.clone(), after_failures };
        let entry = Entry::new(Kind::Operation, stream, requested.encoded()?, self.clock.now());
        Ok(NewEntry {
            entry: Arc::new(entry),
            process: process.map(|it| Reference::Position(it.began_at())),
            causation: cause.map(Reference::Position),
            expected: Expected::Any,
            idempotency_key: None,
        })
    }
}

/// What operations are about, as the store has it when they are asked for.
#[derive(Default)]
struct Subjects {
    parked: BTreeMap<Delivery, Parked>,
    /// The first message that is parked for a handler and stream.
    first: BTreeMap<(String, Stream), Position>,
    timers: BTreeMap<TimerId, Subject>,
    processes: BTreeMap<ProcessId, Subject>,
    /// Those of which nothing is left in the log.
    archived: BTreeSet<ProcessId>,
    holds: BTreeMap<ProcessId, HoldKind>,
    projections: BTreeSet<Arc<str>>,
}

/// What one operation is about.
#[derive(Clone)]
struct Subject {
    stream: Stream,
    /// None for one of a process of its own.
    process: Option<ProcessId>,
    cause: Option<Position>,
    after_failures: Option<u32>,
}

impl Subjects {
    async fn look_up(store: &dyn Store, operations: &[Operation]) -> Result<Self, OperatorError> {
        let mut subjects = Self::default();
        let (mut messages, mut processes) = (BTreeSet::new(), BTreeSet::new());
        for it in operations {
            match it {
                Operation::RetryParked(message)
                | Operation::DiscardParked(message)
                | Operation::EditParked { message, .. } => _ = messages.insert(message),
                Operation::CancelTimer(timer) | Operation::MoveTimer { timer, .. } => {
                    subjects.look_up_timer(store, *timer).await?;
                }
                Operation::SuspendProcess(process)
                | Operation::ResumeProcess(process)
                | Operation::CancelProcess(process) => _ = processes.insert(*process),
                Operation::RebuildProjection(_) | Operation::RetryProjection { .. } => {
                    let standings = store.projections().await?.generations;
                    subjects.projections = standings.into_iter().map(|it| it.generation.projection).collect();
                }
            }
        }
        subjects.look_up_parked(store, &messages).await?;
        subjects.look_up_processes(store, processes).await?;
        Ok(subjects)
    }

    async fn look_up_parked(
        &mut self,
        store: &dyn Store,
        messages: &BTreeSet<&Delivery>,
    ) -> Result<(), StoreError> {
        let positions: Vec<Position> = messages.iter().map(|it| it.position).collect();
        let entries = store.read_entries(positions).await?;
        let streams: BTreeMap<Position, &Stream> =
            entries.iter().map(|it| (it.position, &it.entry.stream)).collect();
        let places = messages.iter().filter_map(|it| {
            let stream = *streams.get(&it.position)?;
            Some((it.handler.to_string(), stream.clone()))
        });
        for (handler, stream) in places.collect::<BTreeSet<_>>() {
            let of = ParkedOf::Stream { handler: handler.clone(), stream: stream.clone() };
            let rows = store.parked(of, usize::MAX).await?;
            let first = rows.iter().find(|it| it.reason != ParkedReason::Suspended);
            self.first.extend(first.map(|it| ((handler, stream), it.position)));
            let meant =
                rows.into_iter().map(|it| (it.delivery(), it)).filter(|(it, _)| messages.contains(it));
            self.parked.extend(meant);
        }
        Ok(())
    }

    async fn look_up_timer(&mut self, store: &dyn Store, id: TimerId) -> Result<(), StoreError> {
        let found = store.timers(TimersOf::Id(id), 1).await?.into_iter().next();
        self.timers.extend(found.map(|it| {
            let subject = Subject::new(it.to, it.process, it.causation);
            (id, subject)
        }));
        Ok(())
    }

    async fn look_up_processes(
        &mut self,
        store: &dyn Store,
        processes: BTreeSet<ProcessId>,
    ) -> Result<(), StoreError> {
        if processes.is_empty() {
            return Ok(());
        }
        for process in processes {
            // Its beginning, or what is left of it.
            let first = store.read_process(process, Position::START, 1).await?;
            if let Some(Recorded { position, entry, .. }) = first.into_iter().next() {
                let stream = entry.stream.clone();
                let subject = Subject::new(stream, process, position);
                self.processes.insert(process, subject);
            } else if store.process(process).await?.is_some() {
                self.archived.insert(process);
            }
        }
        let holds = store.holds().await?.into_iter().map(|(process, hold)| (process, hold.kind));
        self.holds.extend(holds);
        Ok(())
    }

    fn of(&self, operation: &Operation) -> Result<Subject, OperatorError> {
        match operation {
            Operation::RetryParked(message) => {
                let parked = self.parked_at(message)?;
                self.has_failed(parked)?;
                let after_failures = Some(parked.attempts);
                Ok(Subject { after_failures, ..Subject::of(parked) })
            }
            Operation::EditParked { message, .. } if message.handler.starts_with("effect ") => {
                Err(OperatorError::CallsAreNotEdited(message.clone()))
            }
            Operation::DiscardParked(message) | Operation::EditParked { message, .. } => {
                self.parked_at(message).map(Subject::of)
            }
            Operation::CancelTimer(timer) | Operation::MoveTimer { timer, .. } => {
                self.timers.get(timer).cloned().ok_or(OperatorError::UnknownTimer(*timer))
            }
            Operation::SuspendProcess(process) => {
                let subject = self.process(*process)?;
                match self.holds.get(process) {
                    Some(HoldKind::Cancelled) => Err(OperatorError::Cancelled(*process)),
                    _ => Ok(subject),
                }
            }
            Operation::ResumeProcess(process) => {
                let subject = self.process(*process)?;
                match self.holds.get(process) {
                    Some(HoldKind::Suspended) => Ok(subject),
                    Some(HoldKind::Cancelled) => Err(OperatorError::Cancelled(*process)),
                    None => Err(OperatorError::NotSuspended(*process)),
                }
            }
            Operation::CancelProcess(process) => self.process(*process),
            Operation::RebuildProjection(projection) | Operation::RetryProjection { projection, .. } => {
                self.projection(projection)
            }
        }
    }

    fn parked_at(&self, message: &Delivery) -> Result<&Parked, OperatorError> {
        self.parked.get(message).ok_or_else(|| OperatorError::NotParked(message.clone()))
    }

    fn has_failed(&self, parked: &Parked) -> Result<(), OperatorError> {
        let message = parked.delivery();
        match parked.reason {
            ParkedReason::Failed => Ok(()),
            ParkedReason::Suspended => {
                Err(OperatorError::WaitsForProcess { message, process: parked.process })
            }
            ParkedReason::Behind => {
                let place = (parked.handler.to_string(), parked.stream.clone());
                let first = self.first.get(&place).copied().unwrap_or(parked.position);
                Err(OperatorError::WaitsBehind { message, first })
            }
        }
    }

    fn projection(&self, name: &str) -> Result<Subject, OperatorError> {
        if !self.projections.contains(name) {
            let known = self.projections.iter().map(ToString::to_string).collect();
            return Err(OperatorError::UnknownProjection { name: name.into(), known });
        }
        let stream = Stream::new("projection", name).map_err(OperatorError::ProjectionName)?;
        Ok(Subject { stream, process: None, cause: None, after_failures: None })
    }

    fn process(&self, process: ProcessId) -> Result<Subject, OperatorError> {
        match self.processes.get(&process) {
            Some(subject) => Ok(subject.clone()),
            None if self.archived.contains(&process) => Err(OperatorError::Archived(process)),
            None => Err(OperatorError::UnknownProcess(process)),
        }
    }
}

impl Subject {
    fn new(stream: Stream, process: ProcessId, cause: Position) -> Self {
        Self { stream, process: Some(process), cause: Some(cause), after_failures: None }
    }

    fn of(parked: &Parked) -> Self {
        let Parked { stream, process, position, .. } = parked;
        Self::new(stream.clone(), *process, *position)
    }
}
