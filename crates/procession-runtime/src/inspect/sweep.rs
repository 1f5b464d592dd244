use std::collections::BTreeMap;

use procession_core::log::{Position, ProcessId, Recorded};

use super::{
    Inspector, ProcessState,
    brief::{Blockers, Brief},
    facts::{OpenInstance, has_handler, waits_in},
};
use crate::store::{ParkedPages, Progress, StoreError, TimersOf};

/// Everything that has not ended, found at one time. It keeps a few bytes for each process, however much waits in it.
#[derive(Debug)]
pub struct Sweep {
    /// How far the log and its handling were.
    pub progress: Progress,
    /// How many messages were before their handlers, of each partition.
    pub lags: Vec<u64>,
    /// How many messages were parked.
    pub parked: u64,
    open: BTreeMap<ProcessId, Brief>,
}

/// How many rows are read at once.
const ROWS_PER_READ: usize = 2048;

impl Sweep {
    /// The processes that have not ended, oldest first, with where they are.
    pub fn open(&self) -> impl DoubleEndedIterator<Item = (ProcessId, ProcessState)> {
        let states = self.open.iter().map(|(process, brief)| (*process, brief.state()));
        states.filter(|(_, state)| *state != ProcessState::Ended)
    }

    /// Where a process is that exists.
    #[must_use]
    pub fn state(&self, process: ProcessId) -> ProcessState {
        self.open.get(&process).map_or(ProcessState::Ended, |it| it.state())
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
        let lags = vec![0; progress.checkpoints.len()];
        let mut sweep = Sweep { lags, progress, parked: 0, open: BTreeMap::new() };
        self.sweep_parked(&mut sweep).await?;
        self.sweep_tables(&mut sweep).await?;
        self.sweep_log(&mut sweep).await?;
        // They come last, because it depends on all the others how closely an instance is looked at.
        for life in &self.description.lives {
            self.sweep_instances(&life.category, &life.ends_with, &mut sweep).await?;
        }
        self.look_closer(&mut sweep).await?;
        Ok(sweep)
    }

    async fn sweep_parked(&self, sweep: &mut Sweep) -> Result<(), StoreError> {
        let (mut pages, mut blockers) = (ParkedPages::of(&*self.store), Blockers::default());
        while let Some(page) = pages.next().await? {
            sweep.parked += page.len() as u64;
            for row in page {
                sweep.of(row.process).will_be_woken();
                blockers.learn(row);
            }
            blockers.take_known().into_iter().for_each(|it| sweep.of(it).is_parked_for_good());
        }
        blockers.rest().for_each(|it| sweep.of(it).is_parked_for_good());
        Ok(())
    }

    async fn sweep_tables(&self, sweep: &mut Sweep) -> Result<(), StoreError> {
        for call in self.store.calls().await? {
            sweep.of(call.process).will_be_woken();
        }
        for (process, hold) in self.store.holds().await? {
            sweep.of(process).is_held(hold.kind);
        }
        let mut after = None;
        loop {
            let timers = self.store.timers(TimersOf::After(after), ROWS_PER_READ).await?;
            let is_last = timers.len() < ROWS_PER_READ;
            after = timers.last().map(|it| (it.due, it.id)).or(after);
            for timer in timers {
                sweep.of(timer.process).will_be_woken();
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
                let mut instance = OpenInstance::of(newest, &awaited);
                if sweep.of(first.process).is_at_rest() {
                    self.read_steps(std::slice::from_mut(&mut instance)).await?;
                }
                let has_steps = self.has_steps(&instance);
                sweep.of(first.process).has_instance(instance.can_be_woken, has_steps);
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

    /// What seems to be stuck with nothing to wake it is read once more, twice alike, if the log has gone on meanwhile.
    async fn look_closer(&self, sweep: &mut Sweep) -> Result<(), StoreError> {
        if self.store.progress().await? == sweep.progress {
            return Ok(());
        }
        let suspects = sweep
            .open
            .iter()
            .filter(|(_, it)| it.is_at_rest() && (it.has_steps() || it.state() == ProcessState::Stuck));
        let suspects: Vec<ProcessId> = suspects.map(|(it, _)| *it).collect();
        for process in suspects {
            if let Some(facts) = self.steady_facts(process).await? {
                sweep.open.insert(process, Brief::of(&facts));
            }
        }
        Ok(())
    }
}

impl Sweep {
    /// Whether anything of a process was found.
    pub(super) fn knows(&self, process: ProcessId) -> bool {
        self.open.contains_key(&process)
    }

    fn of(&mut self, process: ProcessId) -> &mut Brief {
        self.open.entry(process).or_default()
    }

    fn add_pending(&mut self, message: &Recorded) {
        let Some(partition) = waits_in(message, &self.progress) else { return };
        if let Some(lag) = self.lags.get_mut(partition.index()) {
            *lag += 1;
        }
        self.of(message.process).is_pending();
    }
}
