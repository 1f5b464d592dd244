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
    store::{Last, Newest, ParkedOf, Progress, Standing, Store, StoreError, TimersOf},
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

    fn after(self, took: Duration) -> Self {
        let pause = self.pause.max((PAUSES_PER_LOOK * took).min(LONGEST_PAUSE / 2));
        let (at, earliest) = (Instant::now() + pause, Instant::now() + took.max(SHORTEST_PAUSE));
        Self { at, earliest, pause: (2 * self.pause).min(LONGEST_PAUSE) }
    }

    /// Returns whether it is sooner then.
    fn hurry(&mut self, at: Instant) -> bool {
        let at = at.max(self.earliest);
        let is_sooner = at < self.at;
        if is_sooner {
            (self.at, self.pause) = (at, SHORTEST_PAUSE);
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
    /// Its newest entry at the last look.
    last: Option<Position>,
    /// How many looks it has not grown for.
    rests: u32,
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
    /// Whether anything was parked at all, of whatever process.
    pub(crate) are_any_parked: bool,
}

/// What keeps processes busy beside their messages.
struct Beside {
    busy: BTreeSet<ProcessId>,
    are_any_parked: bool,
}

/// The pauses between looks double, until this node has nothing more to do.
const SHORTEST_PAUSE: Duration = Duration::from_millis(2);
/// So soon it is looked for somebody who begins to wait.
const PAUSE_OF_A_NEW_ONE: Duration = Duration::from_millis(10);
pub(crate) const LONGEST_PAUSE: Duration = Duration::from_millis(50);
/// Looking takes so small a part of the time, however much there is to see.
const PAUSES_PER_LOOK: u32 = 4;
/// A process whose newest entry is not handled is on its way most likely. It may also have no handler, in a partition where
/// nothing else happens: then its checkpoint comes late.
const RESTS_OF_UNHANDLED: u32 = 4;
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
        self.due.send_if_modified(|due| due.hurry(Instant::now() + PAUSE_OF_A_NEW_ONE));
        Watch { lookout: self, process, waits_for, news, due: self.due.subscribe() }
    }

    /// This node has nothing more to do, and perhaps the others have not either.
    pub(crate) fn hurry(&self) {
        if !self.watched().is_empty() {
            self.due.send_if_modified(|due| due.hurry(Instant::now()));
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
        let looked = self.look_at(turn, engine, store, now).await;
        self.due.send_modify(|due| *due = due.after(began.elapsed()));
        match looked {
            // The store is away for a while.
            Err(StoreError::Transient(_)) => Ok(()),
            looked => looked,
        }
    }

    /// A process is quiet when all of it is handled, then nothing is beside it, and then it has not grown. In any other order
    /// the message that the end of a call becomes could be missed.
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
        let Standing { progress, lasts } = nodes.standing(asked.clone()).await?;
        let looks_far = turn.next_far <= began;
        let looked_at = self.to_look_at(asked.into_iter().zip(lasts), &progress, looks_far);
        if !looked_at.processes.is_empty() {
            let Looked { processes, after, .. } = &looked_at;
            let newest = nodes.newest(processes.keys().copied().collect(), *after, progress.head).await?;
            self.take_in(newest, &looked_at, &progress, engine);
            if progress.head.0.saturating_sub(after.0) > NEAR {
                let pause = (PAUSES_PER_FAR_LOOK * began.elapsed()).max(SHORTEST_PAUSE_OF_FAR);
                turn.next_far = Instant::now() + pause;
            }
        }
        let idle = self.idle(&looked_at);
        if !idle.is_empty() {
            let beside = Beside::of(idle.keys(), store, now).await?;
            let lasts = nodes.standing(idle.keys().copied().collect()).await?.lasts;
            let mut watched = self.watched();
            for ((process, last), is_still) in idle.into_iter().zip(lasts) {
                if last == is_still.position
                    && !beside.busy.contains(&process)
                    && let Some(watched) = watched.get_mut(&process)
                {
                    watched.quiet = Some(QuietAt { at: began, are_any_parked: beside.are_any_parked });
                    watched.news.send_replace(());
                }
            }
        }
        Ok(())
    }

    /// The entries of a process are looked at when it seems to rest: that costs more, and while it grows it is not quiet. Those
    /// who wait for an event see all that it has grown by.
    fn to_look_at(
        &self,
        lasts: impl Iterator<Item = (ProcessId, Last)>,
        progress: &Progress,
        looks_far: bool,
    ) -> Looked {
        // What comes before all checkpoints is handled.
        let handled = progress.checkpoints.iter().min().copied().unwrap_or_default();
        let mut looked = Looked { processes: BTreeMap::new(), after: progress.head };
        let mut watched = self.watched();
        for (process, last) in lasts {
            let Some(watched) = watched.get_mut(&process) else { continue };
            let has_grown = watched.last.replace(last.position) != Some(last.position);
            watched.rests = if has_grown { 0 } else { watched.rests + 1 };
            if last.position == Position::START {
                watched.news.send_replace(());
                continue;
            }
            if watched.waiting_for_events == 0 {
                watched.seen = watched.seen.max(handled);
                let is_far = progress.head.0.saturating_sub(watched.seen.0) > NEAR;
                let may_rest = last.is_handled || watched.rests >= RESTS_OF_UNHANDLED;
                if !may_rest || (is_far && (!looks_far || watched.rests == 0)) {
                    continue;
                }
            }
            looked.after = looked.after.min(watched.seen);
            looked.processes.insert(process, last.position);
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
        for process in looked_at.processes.keys() {
            // One that was let go and is watched again may be known less far.
            let Some(watched) = watched.get_mut(process).filter(|it| it.seen >= looked_at.after) else {
                continue;
            };
            watched.seen = watched.seen.max(progress.head);
            watched.unhandled.retain(|partition, position| !is_handled(progress, *partition, *position));
        }
    }

    /// Those that have no message on the way, with their newest entries.
    fn idle(&self, looked_at: &Looked) -> BTreeMap<ProcessId, Position> {
        let watched = self.watched();
        let is_idle =
            |it: &Watched, last| it.unhandled.is_empty() && it.last == Some(last) && it.seen >= last;
        let idle = looked_at.processes.iter().map(|(process, last)| (*process, *last));
        idle.filter(|(process, last)| watched.get(process).is_some_and(|it| is_idle(it, *last))).collect()
    }
}

/// The processes whose entries after a position are looked at, with the newest of each.
struct Looked {
    processes: BTreeMap<ProcessId, Position>,
    after: Position,
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
            last: None,
            rests: 0,
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
}

impl Beside {
    async fn of(
        idle: impl Iterator<Item = &ProcessId>,
        store: &dyn Store,
        now: Timestamp,
    ) -> Result<Self, StoreError> {
        // One after the other, on the connection that has just been used: the server is slower to open others.
        let calls = store.calls().await?;
        let next_due = store.next_due().await?;
        let parked = store.parked(ParkedOf::Everything, 1).await?;
        let mut busy: BTreeSet<ProcessId> = calls.iter().map(|it| it.process).collect();
        if next_due.is_some_and(|due| due <= now) {
            for process in idle {
                let first = store.timers(TimersOf::Process(*process), 1).await?;
                if first.first().is_some_and(|it| it.due <= now) {
                    busy.insert(*process);
                }
            }
        }
        let are_any_parked = !parked.is_empty();
        Ok(Self { busy, are_any_parked })
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
        self.lookout.watched().get(&self.process).is_some_and(|it| it.last == Some(Position::START))
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
