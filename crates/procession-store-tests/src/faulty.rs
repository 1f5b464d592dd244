use std::{
    future::pending,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
};

use jiff::Timestamp;
use procession::{
    Partition, Stream, Version,
    log::{Position, ProcessId, Recorded},
};
use procession_runtime::{
    Store, StoreError,
    store::{
        Answer, Archived, Batch, Committed, EffectCall, Generation, Hold, KeyRange, Ownership, Parked,
        ParkedOf, ParkedStream, ProcessExtent, Progress, Projections, Row, RowsOf, Timer, TimersOf,
    },
};
use tokio::sync::watch;

/// A real store behind a wire on which one thing goes wrong, once, at a chosen moment.
///
/// It also counts the commits, knows how much was asked for at once, can hold their answers back, and can refuse commits and reads for a while.
#[derive(Clone)]
pub(crate) struct FaultyStore<S> {
    inner: S,
    plan: Arc<Plan>,
}

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// A commit is refused; nothing of it takes effect.
    CommitRefused,
    /// A read is refused.
    ReadRefused,
    /// The process dies right before a commit takes effect.
    DeathBeforeCommit,
    /// The process dies right after a commit took effect, before it hears of that.
    DeathAfterCommit,
}

struct Plan {
    fault: Option<(Fault, u64)>,
    is_late: bool,
    commits: AtomicU64,
    reads: AtomicU64,
    largest_page: AtomicUsize,
    is_dead: watch::Sender<bool>,
    answers_are_held: watch::Sender<bool>,
    commits_are_refused: AtomicBool,
    reads_are_refused: AtomicBool,
    refusals: watch::Sender<u64>,
}

impl<S: Store + Clone> FaultyStore<S> {
    /// The fault strikes the n-th commit, or the n-th read; the first is 1.
    pub(crate) fn new(inner: S, fault: Fault, nth: u64) -> Self {
        Self::with(inner, Some((fault, nth)), false)
    }

    /// Nothing goes wrong.
    pub(crate) fn sound(inner: S) -> Self {
        Self::with(inner, None, false)
    }

    /// Nothing goes wrong, but a commit takes effect only after the answer to the one before was heard.
    pub(crate) fn late(inner: S) -> Self {
        Self::with(inner, None, true)
    }

    fn with(inner: S, fault: Option<(Fault, u64)>, is_late: bool) -> Self {
        let plan = Plan {
            fault,
            is_late,
            commits: AtomicU64::new(0),
            reads: AtomicU64::new(0),
            largest_page: AtomicUsize::new(0),
            is_dead: watch::Sender::new(false),
            answers_are_held: watch::Sender::new(false),
            commits_are_refused: AtomicBool::new(false),
            reads_are_refused: AtomicBool::new(false),
            refusals: watch::Sender::new(0),
        };
        Self { inner, plan: Arc::new(plan) }
    }

    pub(crate) fn commits(&self) -> u64 {
        self.plan.commits.load(Ordering::SeqCst)
    }

    /// How many parked messages were asked for at once, at most.
    pub(crate) fn largest_page(&self) -> usize {
        self.plan.largest_page.load(Ordering::SeqCst)
    }

    /// Whether the moment of the fault has come.
    pub(crate) fn has_struck(&self) -> bool {
        let calls = |fault| match fault {
            Fault::ReadRefused => &self.plan.reads,
            Fault::CommitRefused | Fault::DeathBeforeCommit | Fault::DeathAfterCommit => &self.plan.commits,
        };
        self.plan.fault.is_some_and(|(fault, nth)| calls(fault).load(Ordering::SeqCst) >= nth)
    }

    /// Ends when the process has died: from then on no call is answered, and nothing reaches the store.
    pub(crate) async fn death(&self) {
        let mut is_dead = self.plan.is_dead.subscribe();
        is_dead.wait_for(|it| *it).await.unwrap();
    }

    /// Commits take effect or are refused, but nobody hears of it until the answers are released.
    pub(crate) fn hold_answers(&self) {
        self.plan.answers_are_held.send_replace(true);
    }

    pub(crate) fn release_answers(&self) {
        self.plan.answers_are_held.send_replace(false);
    }

    /// Refuses every commit, until it is told to take them again.
    pub(crate) fn refuse_commits(&self, refuses: bool) {
        self.plan.commits_are_refused.store(refuses, Ordering::SeqCst);
    }

    /// Refuses every read, until it is told to answer them again.
    pub(crate) fn refuse_reads(&self, refuses: bool) {
        self.plan.reads_are_refused.store(refuses, Ordering::SeqCst);
    }

    /// Waits until so many more calls were refused.
    pub(crate) async fn after_refusals(&self, more: u64) {
        let mut refusals = self.plan.refusals.subscribe();
        let enough = *refusals.borrow() + more;
        refusals.wait_for(|it| *it >= enough).await.unwrap();
    }

    fn strikes(&self, fault: Fault, call: u64) -> bool {
        self.plan.fault == Some((fault, call))
    }

    fn is_dead(&self) -> bool {
        *self.plan.is_dead.borrow()
    }

    fn read<T: Send + 'static>(&self, read: impl FnOnce(&S) -> Answer<T>) -> Answer<T> {
        let call = self.plan.reads.fetch_add(1, Ordering::SeqCst) + 1;
        if self.is_dead() {
            return Box::pin(pending());
        }
        if self.strikes(Fault::ReadRefused, call) || self.plan.reads_are_refused.load(Ordering::SeqCst) {
            return self.refused();
        }
        self.until_death(read(&self.inner))
    }

    fn refused<T: Send + 'static>(&self) -> Answer<T> {
        self.plan.refusals.send_modify(|it| *it += 1);
        Box::pin(async { Err(StoreError::Transient("the wire was cut for a moment".into())) })
    }

    fn when_released<T: Send + 'static>(&self, answer: Answer<T>) -> Answer<T> {
        let mut held = self.plan.answers_are_held.subscribe();
        Box::pin(async move {
            let answer = answer.await;
            held.wait_for(|it| !*it).await.unwrap();
            answer
        })
    }

    /// An answer that is under way when the process dies is never heard.
    fn until_death<T: Send + 'static>(&self, answer: Answer<T>) -> Answer<T> {
        let it = self.clone();
        Box::pin(async move {
            let answer = answer.await;
            if it.is_dead() { pending().await } else { answer }
        })
    }
}

impl<S: Store + Clone> Store for FaultyStore<S> {
    fn name(&self) -> String {
        self.inner.name()
    }

    fn partitions(&self) -> u16 {
        self.inner.partitions()
    }

    fn max_payload_bytes(&self) -> usize {
        self.inner.max_payload_bytes()
    }

    fn commit(&self, batch: Batch) -> Answer<Committed> {
        if self.is_dead() {
            return Box::pin(pending());
        }
        let call = self.plan.commits.fetch_add(1, Ordering::SeqCst) + 1;
        if self.strikes(Fault::CommitRefused, call) || self.plan.commits_are_refused.load(Ordering::SeqCst) {
            return self.when_released(self.refused());
        }
        if self.strikes(Fault::DeathBeforeCommit, call) {
            self.plan.is_dead.send_replace(true);
            return Box::pin(pending());
        }
        if self.plan.is_late {
            let inner = self.inner.clone();
            return Box::pin(async move { inner.commit(batch).await });
        }
        let answer = self.inner.commit(batch);
        if self.strikes(Fault::DeathAfterCommit, call) {
            self.plan.is_dead.send_replace(true);
            return Box::pin(pending());
        }
        self.until_death(self.when_released(answer))
    }

    fn acquire(&self, partitions: Vec<Partition>) -> Answer<Vec<Ownership>> {
        self.read(|it| it.acquire(partitions))
    }

    fn progress(&self) -> Answer<Progress> {
        self.read(S::progress)
    }

    fn read_log(&self, after: Position, limit: usize) -> Answer<Vec<Recorded>> {
        self.read(|it| it.read_log(after, limit))
    }

    fn read_stream(&self, stream: Stream, after: Version, limit: usize) -> Answer<Vec<Recorded>> {
        self.read(|it| it.read_stream(stream, after, limit))
    }

    fn read_streams(&self, streams: Vec<Stream>, limit: usize) -> Answer<Vec<Vec<Recorded>>> {
        self.read(|it| it.read_streams(streams, limit))
    }

    fn read_process(&self, process: ProcessId, after: Position, limit: usize) -> Answer<Vec<Recorded>> {
        self.read(|it| it.read_process(process, after, limit))
    }

    fn streams(&self, category: String, after: Option<String>, limit: usize) -> Answer<Vec<Stream>> {
        self.read(|it| it.streams(category, after, limit))
    }

    fn find_key(&self, key: Arc<str>) -> Answer<Option<Position>> {
        self.read(|it| it.find_key(key))
    }

    fn archived(&self, after: (ProcessId, Position), limit: usize) -> Answer<Vec<Archived>> {
        self.read(|it| it.archived(after, limit))
    }

    fn id(&self) -> Answer<String> {
        self.read(S::id)
    }

    fn read_entries(&self, positions: Vec<Position>) -> Answer<Vec<Recorded>> {
        self.read(|it| it.read_entries(positions))
    }

    fn grown(&self, beyond: Position) -> Answer<()> {
        self.until_death(self.inner.grown(beyond))
    }

    fn processes(&self, before: Option<ProcessId>, limit: usize) -> Answer<Vec<ProcessExtent>> {
        self.read(|it| it.processes(before, limit))
    }

    fn process(&self, process: ProcessId) -> Answer<Option<ProcessExtent>> {
        self.read(|it| it.process(process))
    }

    fn open_streams(
        &self,
        category: String,
        ends: Vec<String>,
        after: Option<String>,
        limit: usize,
    ) -> Answer<Vec<Recorded>> {
        self.read(|it| it.open_streams(category, ends, after, limit))
    }

    fn parked(&self, of: ParkedOf, limit: usize) -> Answer<Vec<Parked>> {
        self.plan.largest_page.fetch_max(limit, Ordering::SeqCst);
        self.read(|it| it.parked(of, limit))
    }

    fn calls(&self) -> Answer<Vec<EffectCall>> {
        self.read(S::calls)
    }

    fn holds(&self) -> Answer<Vec<(ProcessId, Hold)>> {
        self.read(S::holds)
    }

    fn note(&self, name: String) -> Answer<Option<String>> {
        self.read(|it| it.note(name))
    }

    fn notes(&self, prefix: String) -> Answer<Vec<(String, String)>> {
        self.read(|it| it.notes(prefix))
    }

    fn timers(&self, of: TimersOf, limit: usize) -> Answer<Vec<Timer>> {
        self.read(|it| it.timers(of, limit))
    }

    fn due_timers(&self, now: Timestamp, limit: usize) -> Answer<Vec<Timer>> {
        self.read(|it| it.due_timers(now, limit))
    }

    fn next_due(&self) -> Answer<Option<Timestamp>> {
        self.read(S::next_due)
    }

    fn acquire_projection(&self, projection: Arc<str>) -> Answer<u64> {
        self.read(|it| it.acquire_projection(projection))
    }

    fn projections(&self) -> Answer<Projections> {
        self.read(S::projections)
    }

    fn rows(&self, of: RowsOf, keys: Vec<String>) -> Answer<Vec<Option<Row>>> {
        self.read(|it| it.rows(of, keys))
    }

    fn scan_rows(&self, of: RowsOf, range: KeyRange, limit: usize) -> Answer<Vec<(String, Row)>> {
        self.read(|it| it.scan_rows(of, range, limit))
    }

    fn parked_streams(&self, generation: Generation, limit: usize) -> Answer<Vec<ParkedStream>> {
        self.read(|it| it.parked_streams(generation, limit))
    }

    fn close(&self) -> Answer<()> {
        if self.is_dead() {
            return Box::pin(pending());
        }
        self.inner.close()
    }
}
