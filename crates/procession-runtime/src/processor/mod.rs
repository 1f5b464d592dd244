//! The hot path: read, fold, commit, in batches.
//!
//! A processor owns partitions. It takes their messages in log order, lets the engine handle them, and hands
//! everything that came of it to the store as one [`Batch`](crate::store::Batch). While the store commits one batch,
//! the next one is folded already; both stand on the position that the log will have, so a batch never takes effect
//! without the one before it.

mod backlog;
mod batching;
mod blocked;
mod commit;
mod fold;
mod quiet;
mod recovery;
mod replies;
mod requests;
mod states;

pub(crate) use states::{load, load_all};

use std::{
    collections::VecDeque,
    sync::{Arc, OnceLock},
    time::Duration,
};

use jiff::Timestamp;
use procession_core::{Engine, log::Position};
use tokio::sync::{mpsc, oneshot, watch};

use self::{
    backlog::Backlog,
    batching::Batching,
    blocked::Blocked,
    commit::{InFlight, next_answer},
    quiet::{QuietReply, QuietWatch},
    recovery::{Backoff, Undone},
    replies::Replies,
    states::States,
};
use crate::{
    Clock, Limits,
    request::{Call, Request},
    store::{Ownership, Store, StoreError},
};

/// Owns partitions, and handles their messages.
pub(crate) struct Processor {
    engine: Arc<Engine>,
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    limits: Limits,
    owned: Vec<Ownership>,
    calls: mpsc::Receiver<Call>,
    committed: watch::Sender<Position>,

    /// Requests that are to be taken next, in order.
    requests: VecDeque<Request>,
    stopping: Option<oneshot::Sender<()>>,
    /// The newest position, counting what is handed to the store but not durable yet.
    head: Position,
    backlog: Backlog,
    states: States,
    blocked: Blocked,
    quiet: QuietWatch,
    replies: Replies,
    /// Who waits until nothing is on the way at all.
    settling: Vec<oneshot::Sender<()>>,
    in_flight: VecDeque<InFlight>,
    next_due: Option<Timestamp>,
    backoff: Backoff,
    failure: Arc<OnceLock<StoreError>>,
}

/// A state must not be forgotten while a batch that changed it is in flight, because it could not be loaded then.
const FEWEST_STATES_PER_MESSAGE: usize = 8;

/// Whether the processor goes on.
enum Turn {
    Again,
    Stopped,
}

impl Processor {
    pub(crate) async fn start(
        engine: Arc<Engine>,
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        limits: Limits,
        owned: Vec<Ownership>,
        calls: mpsc::Receiver<Call>,
        committed: watch::Sender<Position>,
    ) -> Result<Self, StoreError> {
        let limits = limits.sane();
        let mut processor = Self {
            engine,
            store,
            clock,
            limits,
            owned,
            calls,
            committed,
            requests: VecDeque::new(),
            stopping: None,
            head: Position::START,
            backlog: Backlog::new(Vec::new(), 0),
            states: States::new(limits.cached_states.max(FEWEST_STATES_PER_MESSAGE * limits.batch_messages)),
            blocked: Blocked::default(),
            quiet: QuietWatch::default(),
            replies: Replies::default(),
            settling: Vec::new(),
            in_flight: VecDeque::new(),
            next_due: None,
            backoff: Backoff::default(),
            failure: Arc::default(),
        };
        processor.synchronize().await?;
        Ok(processor)
    }

    /// Why it has stopped, once it has stopped by itself.
    pub(crate) fn failure(&self) -> Arc<OnceLock<StoreError>> {
        Arc::clone(&self.failure)
    }

    /// Runs until it is stopped, or the store fails for good.
    pub(crate) async fn run(mut self) -> Result<(), StoreError> {
        let result = self.work().await;
        if let Err(error) = &result {
            tracing::error!(store = self.store.name(), %error, "the processor has stopped");
            // Whoever finds the door closed from now on is told why.
            _ = self.failure.set(error.clone());
            self.refuse_all(error);
        }
        result
    }

    async fn work(&mut self) -> Result<(), StoreError> {
        loop {
            match self.turn().await {
                Ok(Turn::Again) => {}
                Ok(Turn::Stopped) => return Ok(()),
                Err(error) => self.recover(Undone::default(), error).await?,
            }
        }
    }

    async fn turn(&mut self) -> Result<Turn, StoreError> {
        if self.in_flight.len() < self.limits.commits_in_flight {
            self.take_calls();
            self.read_log().await?;
            if self.timers_are_due() && self.stopping.is_none() && !self.in_flight.is_empty() {
                // Timers are read from the store, and a batch in flight could hold the news that they have fired. Were it
                // not waited for, they would come only when there is nothing else to do.
                self.finish_in_flight().await?;
                return Ok(Turn::Again);
            }
            if self.has_work() {
                self.next_batch().await?;
                // Whoever was told something shares the thread, and a long backlog must not keep it from them.
                tokio::task::yield_now().await;
                return Ok(Turn::Again);
            }
            if self.in_flight.is_empty() && self.stopping.is_some() {
                self.stop().await?;
                return Ok(Turn::Stopped);
            }
        }
        self.wait_for_something().await?;
        Ok(Turn::Again)
    }

    /// The time as the log keeps it: handlers see no finer one, so that a replay gives them the same.
    fn now(&self) -> Timestamp {
        let now = self.clock.now();
        Timestamp::from_microsecond(now.as_microsecond()).unwrap_or(now)
    }

    fn take_calls(&mut self) {
        while self.requests.len() < self.limits.batch_messages {
            let Ok(call) = self.calls.try_recv() else { break };
            self.take_call(call);
        }
    }

    fn take_call(&mut self, call: Call) {
        match call {
            Call::Request(request) => self.requests.push_back(request),
            Call::Wait { process, reply } => self.quiet.wait(process, reply),
            Call::Reply { process, awaited, reply, registered } => {
                self.replies.wait(process, awaited, reply);
                self.replies.register(registered, self.in_flight.back().map(|it| it.head));
            }
            Call::Settle { reply } => self.settling.push(reply),
            Call::Stop { reply } => {
                self.calls.close();
                self.stopping = Some(reply);
            }
        }
    }

    fn has_work(&self) -> bool {
        !self.requests.is_empty()
            || (self.stopping.is_none() && (!self.backlog.is_empty() || self.timers_are_due()))
    }

    fn timers_are_due(&self) -> bool {
        self.next_due.is_some_and(|due| due <= self.now())
    }

    async fn wait_for_something(&mut self) -> Result<(), StoreError> {
        self.release_quiet();
        let until_due = self.until_next_due();
        let may_take = self.in_flight.len() < self.limits.commits_in_flight && self.stopping.is_none();
        tokio::select! {
            biased;
            answer = next_answer(&mut self.in_flight), if !self.in_flight.is_empty() => {
                self.answered(answer).await
            }
            call = self.calls.recv(), if may_take => {
                match call {
                    Some(call) => self.take_call(call),
                    // Every handle was dropped. What is in the log goes on when a runtime is started again.
                    None => self.stopping = Some(oneshot::channel().0),
                }
                Ok(())
            }
            () = tokio::time::sleep(until_due), if self.in_flight.is_empty() => Ok(()),
        }
    }

    fn until_next_due(&self) -> Duration {
        const LONGEST: Duration = Duration::from_secs(60);
        let until = self.next_due.map(|due| due.duration_since(self.clock.now()));
        until.map_or(LONGEST, |it| Duration::try_from(it).unwrap_or(Duration::ZERO).min(LONGEST))
    }

    /// Tells those whose process is quiet already, and durable too.
    fn release_quiet(&mut self) {
        if self.in_flight.is_empty() && self.nothing_waits_behind(self.head, self.now()) {
            self.quiet.take_quiet().into_iter().for_each(QuietReply::send);
            if self.backlog.is_empty() && self.requests.is_empty() {
                // Who stopped waiting does not want to know.
                self.settling.drain(..).for_each(|it| _ = it.send(()));
            }
        }
    }

    /// Whether all that is to be handled by now has been offered: the log up to its head, and the timers that are due.
    fn nothing_waits_behind(&self, head: Position, now: Timestamp) -> bool {
        self.backlog.read_through() == head && self.next_due.is_none_or(|due| due > now)
    }

    /// Builds a batch and hands it to the store.
    async fn next_batch(&mut self) -> Result<(), StoreError> {
        let mut batching = Batching::after(self.head, self.now());
        if let Err(error) = self.fill(&mut batching).await {
            let undone = Undone { answered: batching.answered, replies: batching.replies, quiet: Vec::new() };
            return self.recover(undone, error).await;
        }
        let state_was_lost = batching.state_was_lost;
        self.submit(batching, false);
        if state_was_lost {
            // It is read again from the store, so everything that it had seen must be there first.
            self.finish_in_flight().await?;
        }
        Ok(())
    }

    async fn fill(&mut self, batching: &mut Batching) -> Result<(), StoreError> {
        self.fire_timers(batching).await?;
        self.fold_requests(batching).await?;
        if self.stopping.is_none() {
            self.fold_backlog(batching).await?;
        }
        Ok(())
    }

    /// Everything is durable; only the checkpoints of idle partitions may lag.
    async fn stop(&mut self) -> Result<(), StoreError> {
        let batching = Batching::after(self.head, self.now());
        self.submit(batching, true);
        self.finish_in_flight().await?;
        self.store.close().await?;
        if let Some(reply) = self.stopping.take() {
            _ = reply.send(());
        }
        Ok(())
    }
}
