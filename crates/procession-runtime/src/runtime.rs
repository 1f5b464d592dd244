use std::{
    sync::{
        Arc, Mutex, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use jiff::Timestamp;
use procession_core::{
    Application, Command, Decider, Failure, Partition, Stream,
    log::{Entry, Kind, Position, ProcessId},
};
use tokio::{
    sync::{oneshot, watch},
    task::JoinHandle,
};

use crate::{
    Clock, ExecuteCommand, Limits, Operation, Operator, OperatorError, Quiet, Reader, RequestError,
    SendCommand, Store, StoreError, SystemClock, VirtualClock,
    fault_points::FaultPoint,
    inbox::{self, Closed, Door},
    inspect::Description,
    lookout::Lookout,
    member::{Member, NodeSettings},
    metrics,
    processor::{Processor, Share},
    projections::{Node, ReadModels},
    request::{Call, Request},
    vitals::Vitals,
};

/// Runs the processes of an application on a store. Clones are handles of the same runtime.
///
/// ```
/// use procession_core::{Application, Module, doc::CleanRoom};
/// use procession_runtime::{MemoryStore, Runtime};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let hotel = Application::assemble([Module::named("rooms").handles::<CleanRoom>()])?;
/// let runtime = Runtime::start(&hotel, MemoryStore::new()).await?;
///
/// let executed = runtime.execute(CleanRoom { room: 7 }).await?;
/// runtime.wait(executed.process).await?;
/// runtime.stop().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Runtime {
    shared: Arc<Shared>,
}

struct Shared {
    reader: Reader,
    read_models: ReadModels,
    clock: Arc<dyn Clock>,
    virtual_clock: Option<VirtualClock>,
    door: Door,
    committed: watch::Receiver<Position>,
    handled: watch::Receiver<Position>,
    vitals: Arc<Vitals>,
    processor: Mutex<Option<JoinHandle<Result<(), StoreError>>>>,
    failure: Arc<OnceLock<StoreError>>,
    has_other_nodes: Arc<AtomicBool>,
    lookout: Arc<Lookout>,
}

/// A runtime with other settings than the usual ones.
pub struct RuntimeBuilder {
    clock: Arc<dyn Clock>,
    virtual_clock: Option<VirtualClock>,
    limits: Limits,
    random: fastrand::Rng,
    grace: Duration,
    node: NodeSettings,
}

/// Long enough for a call that goes well, and short enough for those who start programs: they wait for 10 seconds or more before
/// they kill one.
const GRACE: Duration = Duration::from_secs(5);

/// Why a runtime did not start.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the runtime cannot start on {store}: {error}")]
pub struct StartError {
    /// The store.
    pub store: String,
    /// What it said.
    pub error: StoreError,
}

/// Why a process cannot be waited for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WaitError {
    /// No message has begun a process there.
    #[error("there is no process {0}")]
    UnknownProcess(ProcessId),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The runtime has stopped before the process became quiet.
    #[error("the runtime has stopped; the process goes on when it is started again")]
    Stopped,
}

impl RuntimeBuilder {
    /// Reads the time from another clock than the machine's.
    #[must_use]
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self.virtual_clock = None;
        self
    }

    /// Lets the time stand still at `start`, until [`Runtime::advance`] moves it.
    #[must_use]
    pub fn virtual_time(mut self, start: Timestamp) -> Self {
        let clock = VirtualClock::at(start);
        self.clock = Arc::new(clock.clone());
        self.virtual_clock = Some(clock);
        self
    }

    /// Draws its random numbers, for the pauses before a retry, from a seed: the same seed, the same pauses.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.random = fastrand::Rng::with_seed(seed);
        self
    }

    /// Takes on more or less at once.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// How long [`Runtime::stop`] waits for calls of effects that are under way, so that their results are recorded. Those that
    /// have said nothing by then are cut off, and made again after the next start. Without a choice: 5 seconds. Zero cuts
    /// off at once.
    #[must_use]
    pub fn grace(mut self, grace: Duration) -> Self {
        self.grace = grace;
        self
    }

    /// What people call this node among those that share a store: in lists, and in messages. Without a choice: the number of
    /// its process.
    #[must_use]
    pub fn node_name(mut self, name: impl Into<String>) -> Self {
        self.node.name = Some(name.into());
        self
    }

    /// For how long this node is taken as living without a sign of life, when several share a store. After that, others take
    /// over what it owns. Without a choice: 10 seconds. A short one takes over fast, and takes a pause for a death.
    #[must_use]
    pub fn lease(mut self, lease: Duration) -> Self {
        self.node.lease = lease;
        self
    }

    /// Starts the runtime, and goes on with what is in the log. It takes over all partitions of the store, or, when the store
    /// can be shared by several nodes, its share of them.
    ///
    /// # Errors
    /// When the store cannot be read or taken over.
    pub async fn start(self, application: &Application, store: impl Store) -> Result<Runtime, StartError> {
        let store: Arc<dyn Store> = Arc::new(store);
        let name = store.name();
        self.start_on(application, store).await.map_err(|error| StartError { store: name, error })
    }

    async fn start_on(self, application: &Application, store: Arc<dyn Store>) -> Result<Runtime, StoreError> {
        FaultPoint::StartAcquiring.pass();
        let share = match store.nodes() {
            Some(nodes) => Share::of(Member::join(nodes, self.node).await?, store.partitions()),
            None => {
                let partitions = (0..store.partitions()).map(Partition).collect();
                Share::whole(store.acquire(partitions).await?, store.partitions())
            }
        };
        FaultPoint::StartAcquired.pass();
        describe(application, &*store).await?;
        let read_models =
            ReadModels::take_over(application.engine(), &store, &self.clock, share.owned()).await?;
        let (door, inbox) = inbox::open(self.limits.sane().waiting_requests);
        let (committing, committed) = watch::channel(Position::START);
        let processor = Processor::start(
            Arc::clone(application.engine()),
            Arc::clone(&store),
            Arc::clone(&self.clock),
            self.limits,
            share,
            inbox,
            committing,
        );
        let processor = processor.await?.drawing_from(self.random).with_grace(self.grace);
        FaultPoint::StartSynchronized.pass();
        metrics::describe();
        let (failure, vitals, handled) = (processor.failure(), processor.vitals(), processor.handled());
        let (has_other_nodes, lookout) = (processor.shared(), processor.lookout());
        tokio::spawn(metrics::refresh(
            store.name(),
            Arc::clone(&vitals),
            Arc::clone(&self.clock),
            door.downgraded(),
            committed.clone(),
        ));
        let node = Node {
            log: committed.clone(),
            owned: processor.owned(),
            processor: door.downgraded(),
            is_one_of_many: store.nodes().is_some(),
        };
        let processor = tokio::spawn(processor.run());
        let read_models = read_models.follow(&node);
        let shared = Shared {
            reader: Reader::new(application, store),
            read_models,
            clock: self.clock,
            virtual_clock: self.virtual_clock,
            door,
            committed,
            handled,
            vitals,
            processor: Mutex::new(Some(processor)),
            failure,
            has_other_nodes,
            lookout,
        };
        Ok(Runtime { shared: Arc::new(shared) })
    }
}

impl Runtime {
    /// Starts a runtime with the usual settings.
    ///
    /// # Errors
    /// When the store cannot be read or taken over.
    pub async fn start(application: &Application, store: impl Store) -> Result<Self, StartError> {
        Self::builder().start(application, store).await
    }

    /// A runtime whose settings are still to be chosen.
    #[must_use]
    pub fn builder() -> RuntimeBuilder {
        RuntimeBuilder {
            clock: Arc::new(SystemClock),
            virtual_clock: None,
            limits: Limits::default(),
            random: fastrand::Rng::new(),
            grace: GRACE,
            node: NodeSettings::default(),
        }
    }

    /// Executes a command now, and tells what came of it when that is durable.
    ///
    /// It does not wait for messages that are still on their way to the same instance.
    pub fn execute<C: Command>(&self, command: C) -> ExecuteCommand<C> {
        ExecuteCommand::new(self.clone(), command)
    }

    /// Puts a command into the log, and returns when that is durable. It is handled when its turn comes.
    ///
    /// While more messages wait to be handled than [`Limits::backlog_messages`] allows, it waits too.
    pub fn send<C: Command>(&self, command: C) -> SendCommand<C> {
        SendCommand::new(self.clone(), command)
    }

    /// Waits until a process has no message on the way and no call of an effect open: it has ended, or waits for something from outside.
    ///
    /// # Errors
    /// When there is no such process, or the runtime stops first.
    pub async fn wait(&self, process: ProcessId) -> Result<Quiet, WaitError> {
        loop {
            if self.has_other_nodes() {
                return self.wait_over_nodes(process).await;
            }
            if !self.has_process(process).await? {
                return Err(WaitError::UnknownProcess(process));
            }
            let (reply, quiet) = oneshot::channel();
            self.call(Call::Wait { process, reply }).await.map_err(|_| WaitError::Stopped)?;
            match quiet.await {
                Ok(quiet) => return Ok(quiet),
                // Another node has come meanwhile, and this one does not see everything any more.
                Err(_) if self.has_other_nodes() => {}
                Err(_) => return Err(WaitError::Stopped),
            }
        }
    }

    /// Whether other nodes work on the store too.
    pub(crate) fn has_other_nodes(&self) -> bool {
        self.shared.has_other_nodes.load(Ordering::Acquire)
    }

    pub(crate) async fn has_process(&self, process: ProcessId) -> Result<bool, StoreError> {
        Ok(self.store().process(process).await?.is_some())
    }

    /// Reads states and processes.
    #[must_use]
    pub fn reader(&self) -> &Reader {
        &self.shared.reader
    }

    /// Somebody who repairs what is stuck. It says who asks, and why, before it asks for anything.
    pub fn operator(&self) -> Operator {
        Operator::of_runtime(Arc::clone(self.store()), Arc::clone(&self.shared.clock), self.committed())
    }

    /// Fills a read model anew from the first event on, beside the one that is read, and puts it in its place when it has caught up.
    ///
    /// It returns when that is asked for: an entry of the log says so. An [`operator`](Self::operator) says who asks, and why.
    ///
    /// # Errors
    /// When there is no such projection, or the store fails.
    pub async fn rebuild_projection(&self, projection: &str) -> Result<(), OperatorError> {
        let program = self.operator().by("the program").because("the program asks for it");
        program.request([Operation::RebuildProjection(projection.into())]).await.map(drop)
    }

    /// Follows the log: the newest durable position, whenever it changes.
    #[must_use]
    pub fn committed(&self) -> watch::Receiver<Position> {
        self.shared.committed.clone()
    }

    /// Follows the handling of the log: the newest position up to which every message is handled or parked, and durable,
    /// whenever it moves.
    #[must_use]
    pub fn handled(&self) -> watch::Receiver<Position> {
        self.shared.handled.clone()
    }

    /// Takes nothing more, waits for the calls of effects that are under way ([`RuntimeBuilder::grace`]), makes durable what was
    /// taken and what they have said, and closes the store. What is in the log goes on when a runtime is started again.
    ///
    /// # Errors
    /// When the store has failed, now or before, or another runtime has taken it over. To that one the store is left open.
    pub async fn stop(self) -> Result<(), StoreError> {
        self.shared.vitals.stop();
        // They use the store, which the processor closes.
        self.shared.read_models.stop().await;
        let (reply, stopped) = oneshot::channel();
        if self.call(Call::Stop { reply }).await.is_ok() {
            // Without an answer the processor has ended by itself, and says below why.
            _ = stopped.await;
        }
        let Some(processor) = self.take_processor() else { return Ok(()) };
        processor
            .await
            .unwrap_or_else(|error| Err(StoreError::Permanent(format!("the processor has died: {error}"))))
    }

    /// A function of its own, so that the guard is gone before anything is awaited.
    fn take_processor(&self) -> Option<JoinHandle<Result<(), StoreError>>> {
        self.shared.processor.lock().ok().and_then(|mut it| it.take())
    }

    pub(crate) fn lookout(&self) -> &Lookout {
        &self.shared.lookout
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.shared.clock.now()
    }

    pub(crate) fn read_models(&self) -> &ReadModels {
        &self.shared.read_models
    }

    pub(crate) fn virtual_clock(&self) -> Option<&VirtualClock> {
        self.shared.virtual_clock.as_ref()
    }

    pub(crate) fn vitals(&self) -> &Vitals {
        &self.shared.vitals
    }

    pub(crate) fn processor_has_ended(&self) -> bool {
        let processor = self.shared.processor.lock();
        processor.is_ok_and(|it| it.as_ref().is_none_or(JoinHandle::is_finished))
    }

    /// Why the processor has stopped by itself, if it has.
    pub(crate) fn failure(&self) -> Option<StoreError> {
        self.shared.failure.get().cloned()
    }

    pub(crate) fn store(&self) -> &Arc<dyn Store> {
        self.shared.reader.store()
    }

    pub(crate) async fn call(&self, call: Call) -> Result<(), RequestError> {
        self.shared.door.call(call).await.map_err(|Closed| self.stopped())
    }

    /// Hands over a command that is only to be logged; waits while there is too much to do already.
    pub(crate) async fn hand_over(&self, request: Request) -> Result<(), RequestError> {
        self.shared.door.send(request).await.map_err(|Closed| self.stopped())
    }

    /// What those are told whom the processor cannot answer any more.
    pub(crate) fn stopped(&self) -> RequestError {
        RequestError::Stopped(self.shared.failure.get().map(ToString::to_string).unwrap_or_default())
    }
}

/// Tells operators what runs here. Without it the processes run all the same.
async fn describe(application: &Application, store: &dyn Store) -> Result<(), StoreError> {
    match Description::of(application).keep(store).await {
        Err(StoreError::Transient(reason)) => {
            tracing::warn!(store = store.name(), reason, "the store does not keep what operators are told");
            Ok(())
        }
        kept => kept,
    }
}

/// A command as it is logged, checked before anything is written.
pub(crate) fn encode<C: Command>(runtime: &Runtime, command: &C, kind: Kind) -> Result<Entry, RequestError> {
    let stream = Stream::new(C::To::CATEGORY, command.target()).map_err(RequestError::InvalidId)?;
    if !runtime.shared.reader.engine().handles(C::To::CATEGORY, C::NAME) {
        let failure = Failure::UnknownCommand { name: C::NAME.into() }.into();
        return Err(RequestError::Failed { command: C::NAME.into(), stream, failure });
    }
    let message = command.encode().map_err(RequestError::Encode)?;
    let (bytes, limit) = (message.payload.len(), runtime.store().max_payload_bytes());
    if bytes > limit {
        return Err(RequestError::TooLarge { command: C::NAME.into(), bytes, limit });
    }
    Ok(Entry::new(kind, stream, message, runtime.shared.clock.now()))
}
