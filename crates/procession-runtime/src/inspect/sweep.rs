use std::collections::BTreeMap;

use procession_core::{
    Version,
    log::{Position, ProcessId, Recorded},
};

use super::{
    Inspector, ProcessState,
    facts::{Facts, OpenInstance, Pending, has_handler, judged, waits_in},
};
use crate::store::{ParkedOf, Progress, StoreError, TimersOf};

/// Everything that has not ended, found at one time.
#[derive(Debug)]
pub struct Sweep {
    /// How far the log and its handling were.
    pub progress: Progress,
    /// How many messages were before their handlers, of each partition.
    pub lags: Vec<u64>,
    pub(super) open: BTreeMap<ProcessId, Facts>,
}

/// How many rows are read at once.
const ROWS_PER_READ: usize = 2048;

impl Sweep {
    /// The processes that have not ended, oldest first, with where they are.
    pub fn open(&self) -> impl DoubleEndedIterator<Item = (ProcessId, ProcessState)> {
        let states = self.open.iter().map(|(process, facts)| (*process, facts.state()));
        states.filter(|(_, state)| *state != ProcessState::Ended)
    }

    /// Where a process is that exists.
    #[must_use]
    pub fn state(&self, process: ProcessId) -> ProcessState {
        self.open.get(&process).map_or(ProcessState::Ended, Facts::state)
    }

    /// The processes that do not end by themselves, oldest first.
    pub fn stuck(&self) -> impl DoubleEndedIterator<Item = ProcessId> {
        self.open().filter(|(_, state)| *state == ProcessState::Stuck).map(|(process, _)| process)
    }

    /// How many processes are in a state; of those that have ended nothing is known.
    #[must_use]
    pub fn count(&self, state: ProcessState) -> usize {
        self.open().filter(|(_, it)| *it == state).count()
    }
}

impl Inspector {
    /// Finds every process that has not ended.
    ///
    /// It reads what is small: the log behind the checkpoints, and the tables. Where the application runs meanwhile, a process
    /// that seems to have nothing to wake it is looked at again, so that none is called stuck that goes on by itself.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn sweep(&self) -> Result<Sweep, StoreError> {
        let progress = self.store.progress().await?;
        let mut sweep = Sweep { lags: vec![0; progress.checkpoints.len()], progress, open: BTreeMap::new() };
        self.sweep_tables(&mut sweep).await?;
        for life in &self.description.lives {
            self.sweep_instances(&life.category, &life.ends_with, &mut sweep).await?;
        }
        self.sweep_log(&mut sweep).await?;
        self.look_closer(&mut sweep).await?;
        Ok(sweep)
    }

    async fn sweep_tables(&self, sweep: &mut Sweep) -> Result<(), StoreError> {
        let parked = self.store.parked(ParkedOf::Everything, usize::MAX).await?;
        for fact in judged(&parked, &parked) {
            sweep.of(fact.row.process).parked.push(fact);
        }
        for call in self.store.calls().await? {
            sweep.of(call.process).calls.push(call);
        }
        for (process, hold) in self.store.holds().await? {
            sweep.of(process).hold = Some(hold);
        }
        let mut after = None;
        loop {
            let timers = self.store.timers(TimersOf::After(after), ROWS_PER_READ).await?;
            let is_last = timers.len() < ROWS_PER_READ;
            after = timers.last().map(|it| (it.due, it.id)).or(after);
            for timer in timers {
                let facts = sweep.of(timer.process);
                facts.timer_count += 1;
                facts.timer.get_or_insert(timer);
            }
            if is_last {
                return Ok(());
            }
        }
    }

    /// Finds the instances of a category that have not ended. They belong to the process that has begun them.
    async fn sweep_instances(
        &self,
        category: &str,
        ends: &[String],
        sweep: &mut Sweep,
    ) -> Result<(), StoreError> {
        let (mut after, awaited) = (None, self.awaited(category));
        loop {
            let newest =
                self.store.open_streams(category.into(), ends.to_vec(), after.clone(), ROWS_PER_READ).await?;
            let is_last = newest.len() < ROWS_PER_READ;
            after = newest.last().map(|it| it.entry.stream.id().to_owned()).or(after);
            let streams = newest.iter().map(|it| it.entry.stream.clone()).collect();
            let first = self.store.read_streams(streams, 1).await?;
            for (newest, first) in newest.iter().zip(first) {
                let Some(first) = first.first() else { continue };
                sweep.of(first.process).instances.push(OpenInstance {
                    stream: newest.entry.stream.clone(),
                    version: newest.version.unwrap_or(Version::NONE),
                    since: newest.entry.at,
                    awaits: awaited.messages.clone(),
                    can_be_woken: !awaited.wakes.is_empty(),
                });
            }
            if is_last {
                return Ok(());
            }
        }
    }

    /// Finds the messages that are before their handlers: what lies behind the checkpoints.
    async fn sweep_log(&self, sweep: &mut Sweep) -> Result<(), StoreError> {
        let mut after = sweep.progress.checkpoints.iter().min().copied().unwrap_or(Position::START);
        while after < sweep.progress.head {
            let entries = self.store.read_log(after, ROWS_PER_READ).await?;
            let Some(last) = entries.last() else { return Ok(()) };
            after = last.position;
            for entry in entries.iter().filter(|it| has_handler(it, &self.description)) {
                sweep.add_pending(entry);
            }
        }
        Ok(())
    }

    /// What seems to be stuck with nothing to wake it is read once more, twice alike, as the log may have gone on meanwhile.
    async fn look_closer(&self, sweep: &mut Sweep) -> Result<(), StoreError> {
        let quiet = self.store.progress().await? == sweep.progress;
        let suspects: Vec<ProcessId> = sweep
            .open
            .iter()
            .filter(|(_, it)| it.is_at_rest() && !it.instances.is_empty())
            .map(|(it, _)| *it)
            .collect();
        for process in suspects {
            let needs_the_log = sweep.of(process).instances.iter().any(|it| self.has_steps(it));
            let is_stuck = sweep.of(process).state() == ProcessState::Stuck;
            if !quiet && (is_stuck || needs_the_log) {
                if let Some(facts) = self.steady_facts(process).await? {
                    sweep.open.insert(process, facts);
                }
            } else if needs_the_log {
                let mut facts = std::mem::take(sweep.of(process));
                self.read_steps(&mut facts).await?;
                sweep.open.insert(process, facts);
            }
        }
        Ok(())
    }
}

impl Sweep {
    fn of(&mut self, process: ProcessId) -> &mut Facts {
        self.open.entry(process).or_default()
    }

    fn add_pending(&mut self, message: &Recorded) {
        let Some(partition) = waits_in(message, &self.progress) else { return };
        if let Some(lag) = self.lags.get_mut(partition.index()) {
            *lag += 1;
        }
        let facts = self.of(message.process);
        facts.pending_count += 1;
        facts.pending.get_or_insert(Pending { position: message.position, partition });
    }
}
