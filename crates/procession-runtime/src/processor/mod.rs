//! The hot path: read, fold, commit, in batches.
//!
//! A processor owns partitions. It takes their messages in log order, lets the engine handle them, and hands
//! everything that came of it to the store as one [`Batch`](crate::store::Batch). While the store commits one batch,
//! the next one is folded already; both stand on the position that the log will have, so a batch never takes effect
//! without the one before it.

mod backlog;
mod batching;
mod blocked;
mod breaker;
mod call;
mod calls;
mod commit;
mod effects;
mod finished;
mod fold;
mod holds;
mod inline;
mod lane;
mod measured;
mod noted_breakers;
mod operations;
mod others;
mod pause;
mod quiet;
mod read_back;
mod ready;
mod recovery;
mod release;
mod replies;
mod requests;
mod room;
mod share;
mod states;
mod stop;
mod traced;

pub(crate) use fold::waits_for_somebody;
pub(crate) use share::Share;
pub(crate) use states::{load, load_all};

use std::{
    collections::{BTreeSet, VecDeque},
    sync::{Arc, OnceLock, atomic::AtomicBool},
    time::Duration,
};

use jiff::Timestamp;
use procession_core::{Engine, Partition, log::Position};
use tokio::sync::{oneshot, watch};
use tracing::Instrument as _;

use self::{
    backlog::Backlog,
    batching::Batching,
    blocked::Blocked,
    calls::Calls,
    commit::{InFlight, next_answer},
    holds::Holds,
    inline::Inline,
    others::Others,
    pause::Pauses,
    quiet::{QuietReply, QuietWatch},
    recovery::{Backoff, Undone},
    replies::Replies,
    room::CloseLook,
    states::States,
    stop::Stopping,
    traced::{Traces, batch_span, tell_size},
};
use crate::{
    Clock, Limits,
    fault_points::FaultPoint,
    inbox::Inbox,
    lookout::Lookout,
    metrics::Meters,
    request::{Call, Request},
    store::{Store, StoreError},
    vitals::Vitals,
};

/// Owns partitions, and handles their messages.
pub(crate) struct Processor {
    engine: Arc<Engine>,
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    limits: Limits,
    share: Share,
    /// Whether other nodes work on the store too.
    shared: Arc<AtomicBool>,
    lookout: Arc<Lookout>,
    /// What it owns, for those who work beside it.
    owned: watch::Sender<BTreeSet<Partition>>,
    inbox: Inbox,
    committed: watch::Sender<Position>,
    /// Up to where everything is handled, and durable.
    handled: watch::Sender<Position>,
    meters: Meters,
    vitals: Arc<Vitals>,
    traces: Traces,

    /// Requests that are to be taken next, in order.
    requests: VecDeque<Request>,
    /// How long the calls that are under way are waited for when it stops.
    grace: Duration,
    stopping: Option<Stopping>,
    /// The newest position, counting what is handed to the store but not durable yet.
    head: Position,
    backlog: Backlog,
    states: States,
    blocked: Blocked,
    holds: Holds,
    inline: Inline,
    pauses: Pauses,
    quiet: QuietWatch,
    replies: Replies,
    effects: Calls,
    others: Others,
    random: fastrand::Rng,
    /// What makes the keys of calls unlike those of all other stores.
    store_id: String,
    /// Who waits until nothing is on the way at all.
    settling: Vec<oneshot::Sender<Option<Timestamp>>>,
    in_flight: VecDeque<InFlight>,
    next_due: Option<Timestamp>,
    backoff: Backoff,
    close_look: CloseLook,
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
        share: Share,
        inbox: Inbox,
        committed: watch::Sender<Position>,
    ) -> Result<Self, StoreError> {
        let limits = limits.sane();
        let store_id = store.id().await?;
        let (meters, vitals) = (
            Meters::of(store.name(), &engine),
            Arc::new(Vitals::new(store.partitions(), engine.effects().map(|(_, it)| it.name()))),
        );
        let mut processor = Self {
            effects: Calls::new(&engine),
            random: fastrand::Rng::new(),
            store_id,
            engine,
            store,
            clock,
            limits,
            share,
            shared: Arc::default(),
            lookout: Arc::new(Lookout::new()),
            owned: watch::Sender::default(),
            inbox,
            committed,
            handled: watch::channel(Position::START).0,
            meters,
            vitals,
            traces: Traces::default(),
            requests: VecDeque::new(),
            grace: Duration::ZERO,
            stopping: None,
            head: Position::START,
            backlog: Backlog::new(Vec::new(), &limits),
            states: States::new(limits.cached_states.max(FEWEST_STATES_PER_MESSAGE * limits.batch_messages)),
            blocked: Blocked::default(),
            holds: Holds::default(),
            inline: Inline::default(),
            pauses: Pauses::default(),
            quiet: QuietWatch::default(),
            replies: Replies::default(),
            others: Others::default(),
            settling: Vec::new(),
            in_flight: VecDeque::new(),
            next_due: None,
            backoff: Backoff::default(),
            close_look: CloseLook::default(),
            failure: Arc::default(),
        };
        processor.synchronize().await?;
        processor.read_breakers().await?;
        Ok(processor)
    }

    /// Draws its random numbers from another source.
    pub(crate) fn drawing_from(self, random: fastrand::Rng) -> Self {
        Self { random, ..self }
    }

    /// When it stops, waits so long for the calls that are under way.
    pub(crate) fn with_grace(self, grace: Duration) -> Self {
        Self { grace, ..self }
    }

    /// Why it has stopped, once it has stopped by itself.
    pub(crate) fn failure(&self) -> Arc<OnceLock<StoreError>> {
        Arc::clone(&self.failure)
    }

    /// Whether other nodes work on the store too, from moment to moment.
    pub(crate) fn shared(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.shared)
    }

    /// Where those wait who wait for what other nodes do.
    pub(crate) fn lookout(&self) -> Arc<Lookout> {
        Arc::clone(&self.lookout)
    }

    /// What it owns, whenever it has looked again.
    pub(crate) fn owned(&self) -> watch::Receiver<BTreeSet<Partition>> {
        self.owned.subscribe()
    }

    pub(crate) fn vitals(&self) -> Arc<Vitals> {
        Arc::clone(&self.vitals)
    }

    /// Up to where everything is handled, and durable.
    pub(crate) fn handled(&self) -> watch::Receiver<Position> {
        self.handled.subscribe()
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
        self.keep_share().await?;
        self.pause().await?;
        if self.in_flight.len() < self.commits_in_flight() {
            self.take_calls();
            if !self.pauses.is_empty() {
                return Ok(Turn::Again);
            }
            self.read_log().await?;
            self.begin_calls();
            let must_read = self.timers_are_due() || self.looks_at_parked();
            if must_read && self.stopping.is_none() && !self.in_flight.is_empty() {
                // Timers and parked messages are read from the store, and a batch in flight could hold news of them. Were it not
                // waited for, they would come only when there is nothing else to do.
                self.finish_in_flight().await?;
                return Ok(Turn::Again);
            }
            if self.has_work() {
                self.next_batch().await?;
                // Whoever was told something shares the thread, and a long backlog must not keep it from them.
                tokio::task::yield_now().await;
                return Ok(Turn::Again);
            }
            if self.in_flight.is_empty() && self.stopping.is_some() && self.grace_left().is_zero() {
                return self.stop().await;
            }
        }
        self.wait_for_something().await?;
        Ok(Turn::Again)
    }

    /// Beside other nodes a batch that the last one does not hold back must wait for it: the versions that it stands on could be
    /// there without it, and mean something else. Rows of inline read models may be changed by others, and are read for every
    /// batch when nothing is under way.
    fn commits_in_flight(&self) -> usize {
        let stands_alone = self.inline.has_models() || self.in_flight.back().is_some_and(|it| !it.moves);
        if self.share.is_part() && stands_alone { 1 } else { self.limits.commits_in_flight }
    }

    /// The time as the log keeps it: handlers see no finer one, so that a replay gives them the same.
    fn now(&self) -> Timestamp {
        let now = self.clock.now();
        Timestamp::from_microsecond(now.as_microsecond()).unwrap_or(now)
    }

    fn take_calls(&mut self) {
        while self.requests.len() < self.limits.batch_messages {
            let Some(call) = self.inbox.try_next(self.takes_sends()) else { break };
            self.take_call(call);
        }
    }

    fn take_call(&mut self, call: Call) {
        match call {
            Call::Request(request) => self.requests.push_back(request),
            // They look for themselves when their answers are dropped.
            Call::Wait { .. } | Call::Reply { .. } if self.share.is_part() => {}
            Call::Wait { process, reply } => self.quiet.wait(process, reply),
            Call::Reply { process, awaited, reply, registered } => {
                self.replies.wait(process, awaited, reply);
                self.replies.register(registered, self.in_flight.back().map(|it| it.head));
            }
            Call::Settle { reply } => self.settling.push(reply),
            Call::Pause { paused, resumed } => self.pauses.push(paused, resumed),
            Call::Stop { reply } => {
                self.inbox.close();
                self.begin_to_stop(reply);
            }
        }
    }

    /// Whether the backlog has room for commands that are only sent.
    fn takes_sends(&self) -> bool {
        self.backlog.unhandled(self.head) + (self.requests.len() as u64) < self.limits.backlog_messages
    }

    fn has_work(&mut self) -> bool {
        !self.requests.is_empty()
            || (self.stopping.is_none()
                && (!self.backlog.is_empty() || self.timers_are_due() || self.looks_at_parked()))
            || self.effects.has_finished()
    }

    fn timers_are_due(&self) -> bool {
        self.next_due.is_some_and(|due| due <= self.now())
    }

    async fn wait_for_something(&mut self) -> Result<(), StoreError> {
        self.release_quiet();
        self.rests();
        let until_due = if self.stopping.is_some() { self.grace_left() } else { self.until_next_due() };
        let takes_sends = self.takes_sends();
        let may_hear = self.in_flight.len() < self.commits_in_flight();
        let may_take = may_hear && self.stopping.is_none();
        let watches = may_take && self.in_flight.is_empty() && self.share.hears_of_growth();
        tokio::select! {
            biased;
            answer = next_answer(&mut self.in_flight), if !self.in_flight.is_empty() => {
                self.answered(answer).await.map(drop)
            }
            call = self.inbox.next(takes_sends), if may_take => {
                match call {
                    Some(call) => {
                        self.take_call(call);
                        // Those who ask at the same time come into the same batch.
                        tokio::task::yield_now().await;
                    }
                    // Every handle was dropped. What is in the log goes on when a runtime is started again.
                    None => self.begin_to_stop(oneshot::channel().0),
                }
                Ok(())
            }
            () = self.effects.said(), if may_hear => Ok(()),
            grown = self.others.append_beyond(self.head, &self.store, self.share.is_part()), if watches => {
                self.others = Others::default();
                grown?;
                if self.share.is_part() {
                    self.share.has_grown();
                    return Ok(());
                }
                self.synchronize().await
            }
            () = self.share.news() => {
                self.share.has_grown();
                Ok(())
            }
            () = tokio::time::sleep(until_due), if self.in_flight.is_empty() => Ok(()),
        }
    }

    fn until_next_due(&self) -> Duration {
        const LONGEST: Duration = Duration::from_secs(60);
        let until = self.wake_at().map(|due| due.duration_since(self.clock.now()));
        until.map_or(LONGEST, |it| Duration::try_from(it).unwrap_or(Duration::ZERO).min(LONGEST))
    }

    /// When something becomes due that nobody has to ask for.
    fn wake_at(&self) -> Option<Timestamp> {
        self.next_due.into_iter().chain(self.blocked.next_due()).chain(self.effects.wake_at()).min()
    }

    /// Tells those whose process is quiet already, and durable too.
    fn release_quiet(&mut self) {
        if self.in_flight.is_empty()
            && self.share.is_read()
            && self.nothing_waits_behind(self.head, self.now())
        {
            self.quiet.take_quiet().into_iter().for_each(QuietReply::send);
            let somebody_waits = !self.settling.is_empty();
            if somebody_waits
                && self.backlog.is_empty()
                && self.requests.is_empty()
                && !self.effects.is_busy()
            {
                let wake_at = self.wake_at();
                // Who stopped waiting does not want to know.
                self.settling.drain(..).for_each(|it| _ = it.send(wake_at));
            }
        }
    }

    /// Whether all that is to be handled by now has been offered: the log up to its head, the timers that are due, and what is
    /// parked and gets its turn.
    fn nothing_waits_behind(&self, head: Position, now: Timestamp) -> bool {
        self.backlog.read_through() >= head
            && self.next_due.is_none_or(|due| due > now)
            && !self.releases(Some(now))
    }

    /// Builds a batch and hands it to the store.
    async fn next_batch(&mut self) -> Result<(), StoreError> {
        self.look_for_causes().await?;
        let mut batching = Batching::after(self.head, self.now());
        batching.room = self.close_look.room(self.limits.of_a_process());
        self.traces.listen();
        let span = batch_span(self.head);
        let filled = self.fill(&mut batching).instrument(span.clone()).await;
        tell_size(&span, &batching);
        if let Err(error) = filled {
            let Batching { answered, replies, finished, .. } = batching;
            let undone = Undone { answered, replies, quiet: Vec::new(), finished };
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

    /// Does what operators ask for, or gives parked messages their turn. Returns whether it was the former.
    async fn look_at_parked(&mut self, batching: &mut Batching) -> Result<bool, StoreError> {
        if self.stopping.is_some() || !self.in_flight.is_empty() || !self.looks_at_parked() {
            return Ok(false);
        }
        let operated = self.operate(batching).await?;
        if !operated {
            self.release(batching).await?;
            FaultPoint::ParkedFolded.pass();
        }
        Ok(operated)
    }

    async fn fill(&mut self, batching: &mut Batching) -> Result<(), StoreError> {
        let operated = self.look_at_parked(batching).await?;
        if !operated {
            // Operations may have changed timers, and those are read from the store.
            self.fire_timers(batching).await?;
        }
        self.fold_requests(batching).await?;
        FaultPoint::RequestsFolded.pass();
        self.fold_results(batching).await?;
        if self.stopping.is_none() {
            self.fold_backlog(batching).await?;
            FaultPoint::BacklogFolded.pass();
        }
        self.project_inline(batching).await
    }
}
