//! Looking at the store for all who wait for what other nodes do.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use jiff::Timestamp;
use procession_core::{
    Engine, Partition,
    log::{Kind, Position, ProcessId},
};
use tokio::{
    sync::watch,
    time::{Instant, sleep_until},
};

use crate::{
    processor::waits_for_somebody,
    store::{Newest, ProcessStanding, Progress, Standing, Store, StoreError},
};

/// Processes that somebody waits for, as they were when the store was looked at last. One look does for all of them.
pub(crate) struct Lookout {
    watched: Mutex<BTreeMap<ProcessId, Watched>>,
    turn: tokio::sync::Mutex<Turn>,
    /// When the next look is due.
    due: watch::Sender<Due>,
}

#[derive(Clone, Copy)]
struct Due {
    at: Instant,
    /// It is not looked before, however much there is to see.
    earliest: Instant,
    /// What lies between this look and the next one at least.
    pause: Duration,
}

impl Due {
    fn now() -> Self {
        Self { at: Instant::now(), earliest: Instant::now(), pause: SHORTEST_PAUSE }
    }

    /// It is looked now. Who hurries meanwhile is in time for the next look.
    fn begin_look(&mut self) {
        self.at = Instant::now() + LONGEST_PAUSE;
    }

    fn after(self, took: Duration) -> Self {
        let pause = self.pause.max((PAUSES_PER_LOOK * took).min(LONGEST_PAUSE / 2));
        let earliest = Instant::now() + (took / 2).max(SHORTEST_PAUSE / 2);
        let at = self.at.min(Instant::now() + pause).max(earliest);
        Self { at, earliest, pause: (2 * self.pause).min(LONGEST_PAUSE) }
    }

    /// Returns whether it is sooner then.
    fn hurry(&mut self, at: Instant, pause: Duration) -> bool {
        let at = at.max(self.earliest);
        let is_sooner = at < self.at;
        if is_sooner {
            (self.at, self.pause) = (at, pause);
        }
        is_sooner
    }
}

/// Whoever has it looks.
struct Turn {
    /// When it may look far back again.
    next_far: Instant,
}

/// A process that somebody waits for.
struct Watched {
    waiting: usize,
    /// How many of those wait for one of its events.
    waiting_for_events: usize,
    /// How it stood at the last look.
    standing: Option<ProcessStanding>,
    /// Whether it has not grown since the look before.
    rests: bool,
    /// Up to where its entries are known.
    seen: Position,
    /// The newest message in each partition that has a handler and was not handled.
    unhandled: BTreeMap<Partition, Position>,
    /// The newest event of each name.
    events: BTreeMap<Box<str>, Position>,
    /// When it was quiet last, which is enough for whoever has waited before.
    quiet: Option<QuietAt>,
    /// Tells those who wait that they should look at it.
    news: watch::Sender<()>,
}

/// Nothing of a process was on the way.
#[derive(Clone, Copy, Debug)]
pub(crate) struct QuietAt {
    pub(crate) at: Instant,
    /// How many of its messages were parked.
    pub(crate) parked: u64,
}

/// The pauses between looks double, from this one on when this node has nothing more to do.
const SHORTEST_PAUSE: Duration = Duration::from_millis(2);
/// So soon it is looked for somebody who begins to wait, while this node has more to do.
const PAUSE_OF_A_NEW_ONE: Duration = Duration::from_millis(10);
pub(crate) const LONGEST_PAUSE: Duration = Duration::from_millis(50);
/// Looking takes so small a part of the time, however much there is to see, while this node has more to do.
const PAUSES_PER_LOOK: u32 = 4;
/// One that has grown is looked at only if there is so little to read.
const LITTLE: u64 = 4_096;
/// While much waits to be handled, what a process has on the way may lie far back. That is looked for seldom, and for many at
/// once.
const NEAR: u64 = 32_768;
const SHORTEST_PAUSE_OF_FAR: Duration = Duration::from_millis(100);
const PAUSES_PER_FAR_LOOK: u32 = 16;

impl Lookout {
    pub(crate) fn new() -> Self {
        Self {
            watched: Mutex::default(),
            turn: tokio::sync::Mutex::new(Turn { next_far: Instant::now() }),
            due: watch::channel(Due::now()).0,
        }
    }

    /// Watches a process whose entries up to a position are known: these are its messages that were not handled.
    pub(crate) fn watch(
        &self,
        process: ProcessId,
        waits_for: WaitsFor,
        seen: Position,
        unhandled: BTreeMap<Partition, Position>,
    ) -> Watch<'_> {
        let mut watched = self.watched();
        let it = watched.entry(process).or_insert_with(|| Watched::from(seen, unhandled));
        it.waiting += 1;
        it.waiting_for_events += usize::from(waits_for == WaitsFor::Events);
        let news = it.news.subscribe();
        drop(watched);
        self.due.send_if_modified(|due| due.hurry(Instant::now() + PAUSE_OF_A_NEW_ONE, PAUSE_OF_A_NEW_ONE));
        Watch { lookout: self, process, waits_for, news, due: self.due.subscribe() }
    }

    /// This node has nothing more to do, and perhaps the others have not either.
    pub(crate) fn hurry(&self) {
        if !self.watched().is_empty() {
            self.due.send_if_modified(|due| due.hurry(Instant::now(), SHORTEST_PAUSE));
        }
    }

    fn watched(&self) -> MutexGuard<'_, BTreeMap<ProcessId, Watched>> {
        // Every change is whole when the lock is let go.
        self.watched.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn look(
        &self,
        turn: &mut Turn,
        engine: &Engine,
        store: &dyn Store,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let began = Instant::now();
        self.due.send_modify(Due::begin_look);
        let looked = self.look_at(turn, engine, store, now).await;
        self.due.send_modify(|due| *due = due.after(began.elapsed()));
        match looked {
            // The store is away for a while.
            Err(StoreError::Transient(_)) => Ok(()),
            looked => looked,
        }
    }

    /// A process is quiet when nothing is beside it and all that it had at that moment is handled.
    async fn look_at(
        &self,
        turn: &mut Turn,
        engine: &Engine,
        store: &dyn Store,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let began = Instant::now();
        let Some(nodes) = store.nodes() else { return Ok(()) };
        let asked: Vec<ProcessId> = self.watched().keys().copied().collect();
        let Standing { progress, processes } = nodes.standing(asked.clone(), now).await?;
        let looks_far = turn.next_far <= began;
        let looked_at = self.to_look_at(asked.into_iter().zip(processes), &progress, engine, looks_far);
        let Looked { processes, after } = &looked_at;
        if processes.is_empty() {
            return Ok(());
        }
        let newest = nodes.newest(processes.iter().copied().collect(), *after, progress.head).await?;
        self.take_in(newest, &looked_at, &progress, engine);
        if progress.head.0.saturating_sub(after.0) > NEAR {
            let pause = (PAUSES_PER_FAR_LOOK * began.elapsed()).max(SHORTEST_PAUSE_OF_FAR);
            turn.next_far = Instant::now() + pause;
        }
        let mut watched = self.watched();
        for process in &looked_at.processes {
            if let Some(watched) = watched.get_mut(process) {
                watched.tell_if_quiet(began);
            }
        }
        Ok(())
    }

    /// The entries of a process are looked at when it seems to rest: that costs more, and while it grows it is not quiet. Those
    /// who wait for an event see all that it has grown by.
    fn to_look_at(
        &self,
        standings: impl Iterator<Item = (ProcessId, ProcessStanding)>,
        progress: &Progress,
        engine: &Engine,
        looks_far: bool,
    ) -> Looked {
        // What comes before all checkpoints is handled.
        let handled = progress.checkpoints.iter().min().copied().unwrap_or_default();
        let mut looked = Looked { processes: BTreeSet::new(), after: progress.head };
        let mut watched = self.watched();
        for (process, standing) in standings {
            let Some(watched) = watched.get_mut(&process) else { continue };
            let last = standing.last;
            let may_be_quiet = may_be_quiet(&standing, engine);
            watched.rests = watched.standing.replace(standing).is_some_and(|before| before.last == last);
            if last == Position::START {
                watched.news.send_replace(());
                continue;
            }
            if watched.waiting_for_events == 0 {
                watched.seen = watched.seen.max(handled);
                let to_read = progress.head.0.saturating_sub(watched.seen.0);
                let is_worth_it = to_read <= LITTLE || (watched.rests && (to_read <= NEAR || looks_far));
                if !may_be_quiet || !is_worth_it {
                    continue;
                }
            }
            looked.after = looked.after.min(watched.seen);
            looked.processes.insert(process);
        }
        looked
    }

    fn take_in(&self, newest: Vec<Newest>, looked_at: &Looked, progress: &Progress, engine: &Engine) {
        let mut watched = self.watched();
        for it in newest {
            if let Some(watched) = watched.get_mut(&it.process).filter(|watched| watched.seen < it.position) {
                watched.take_in(it, engine);
            }
        }
        for process in &looked_at.processes {
            // One that was let go and is watched again may be known less far.
            let Some(watched) = watched.get_mut(process).filter(|it| it.seen >= looked_at.after) else {
                continue;
            };
            watched.seen = watched.seen.max(progress.head);
            watched.unhandled.retain(|partition, position| !is_handled(progress, *partition, *position));
        }
    }
}

/// The processes whose entries after a position are looked at.
struct Looked {
    processes: BTreeSet<ProcessId>,
    after: Position,
}

/// As far as can be said without reading its entries before the newest one.
fn may_be_quiet(standing: &ProcessStanding, engine: &Engine) -> bool {
    let waits = |(kind, name): &(Kind, Box<str>)| waits_for_somebody(engine, *kind, name);
    !has_something_beside(standing) && !standing.unhandled.as_ref().is_some_and(waits)
}

/// Whether something will become a message of it without anybody's doing.
fn has_something_beside(standing: &ProcessStanding) -> bool {
    standing.has_open_call || standing.has_due_timer
}

/// Whether a partition is handled up to there.
pub(crate) fn is_handled(progress: &Progress, partition: Partition, position: Position) -> bool {
    progress.checkpoints.get(partition.index()).is_some_and(|checkpoint| position <= *checkpoint)
}

impl Watched {
    fn from(seen: Position, unhandled: BTreeMap<Partition, Position>) -> Self {
        Self {
            waiting: 0,
            waiting_for_events: 0,
            standing: None,
            rests: false,
            seen,
            unhandled,
            events: BTreeMap::new(),
            quiet: None,
            news: watch::Sender::default(),
        }
    }

    fn take_in(&mut self, newest: Newest, engine: &Engine) {
        let Newest { kind, name, partition, position, .. } = newest;
        if waits_for_somebody(engine, kind, &name) {
            let unhandled = self.unhandled.entry(partition).or_default();
            *unhandled = position.max(*unhandled);
        }
        if matches!(kind, Kind::Event | Kind::PublicEvent) {
            let event = self.events.entry(name).or_default();
            *event = position.max(*event);
            self.news.send_replace(());
        }
    }

    fn tell_if_quiet(&mut self, at: Instant) {
        let Some(standing) = &self.standing else { return };
        if !has_something_beside(standing) && self.unhandled.is_empty() && self.seen >= standing.last {
            self.quiet = Some(QuietAt { at, parked: standing.parked });
            self.news.send_replace(());
        }
    }
}

/// What somebody waits for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum WaitsFor {
    /// That nothing of a process is on the way.
    Quiet,
    /// One of its events.
    Events,
}

/// A process is watched as long as this lives.
pub(crate) struct Watch<'a> {
    lookout: &'a Lookout,
    process: ProcessId,
    waits_for: WaitsFor,
    news: watch::Receiver<()>,
    due: watch::Receiver<Due>,
}

impl Watch<'_> {
    /// Whether the store has no such process.
    pub(crate) fn is_unknown(&self) -> bool {
        let watched = self.lookout.watched();
        let standing = watched.get(&self.process).and_then(|it| it.standing.as_ref());
        standing.is_some_and(|it| it.last == Position::START)
    }

    /// When the process was quiet, if it is.
    pub(crate) fn quiet(&self) -> Option<QuietAt> {
        self.lookout.watched().get(&self.process)?.quiet
    }

    /// Whether one of these events was recorded after a position.
    pub(crate) fn has_event_after(&self, position: Position, names: &[&str]) -> bool {
        let watched = self.lookout.watched();
        let events = watched.get(&self.process).map(|it| &it.events);
        events.is_some_and(|it| names.iter().any(|name| it.get(*name).is_some_and(|at| *at > position)))
    }

    /// Returns when there is news of the process. Whoever has the turn looks for all, and then it is the next one's turn.
    pub(crate) async fn next_look(
        &mut self,
        engine: &Engine,
        store: &dyn Store,
        now: impl Fn() -> Timestamp,
    ) -> Result<(), StoreError> {
        let mut turn = tokio::select! {
            biased;
            _ = self.news.changed() => return Ok(()),
            turn = self.lookout.turn.lock() => turn,
        };
        let due = self.due.borrow_and_update().at;
        tokio::select! {
            biased;
            _ = self.due.changed() => Ok(()),
            () = sleep_until(due) => self.lookout.look(&mut turn, engine, store, now()).await,
        }
    }
}

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        let mut watched = self.lookout.watched();
        if let Some(it) = watched.get_mut(&self.process) {
            it.waiting -= 1;
            it.waiting_for_events -= usize::from(self.waits_for == WaitsFor::Events);
            if it.waiting == 0 {
                watched.remove(&self.process);
            }
        }
    }
}
