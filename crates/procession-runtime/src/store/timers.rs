use std::collections::{BTreeMap, BTreeSet, HashMap, hash_map::Entry};

use jiff::Timestamp;
use procession_core::{
    Cancellation, Stream,
    log::{Position, ProcessId},
};

use super::{NewTimer, Timer, TimerId};

/// The timers of a store in memory. They are found by their time, and by the instance that they are for, so that a process
/// that ends costs no look at the timers of all others.
#[derive(Default)]
pub(super) struct Timers {
    waiting: BTreeMap<(Timestamp, TimerId), Timer>,
    due: HashMap<TimerId, Timestamp>,
    by_instance: Index,
    by_process: HashMap<ProcessId, u64>,
    last: u64,
}

#[derive(Default)]
struct Index(HashMap<Stream, BTreeSet<TimerId>>);

impl Timers {
    /// In the order of their due times and of asking.
    pub(super) fn in_order(&self) -> impl Iterator<Item = &Timer> {
        self.waiting.values()
    }

    pub(super) fn add(&mut self, new: NewTimer, process: ProcessId, causation: Position) {
        self.last += 1;
        let (id, due) = (TimerId(self.last), new.due);
        let NewTimer { to, sender, message, .. } = new;
        self.by_instance.add(&to, id);
        *self.by_process.entry(process).or_default() += 1;
        self.due.insert(id, due);
        self.waiting.insert((due, id), Timer { id, due, to, sender, message, process, causation });
    }

    /// Lets a timer become due at another time. One that is not there is gone already.
    pub(super) fn move_to(&mut self, id: TimerId, to: Timestamp) {
        let Some(due) = self.due.get_mut(&id) else { return };
        let from = std::mem::replace(due, to);
        if let Some(timer) = self.waiting.remove(&(from, id)) {
            self.waiting.insert((to, id), Timer { due: to, ..timer });
        }
    }

    /// Takes a timer out that has fired or is taken back. One that is not there is gone already.
    pub(super) fn remove(&mut self, id: TimerId) {
        let Some(due) = self.due.remove(&id) else { return };
        let Some(timer) = self.waiting.remove(&(due, id)) else { return };
        self.by_instance.remove(&timer.to, id);
        if let Entry::Occupied(mut count) = self.by_process.entry(timer.process) {
            *count.get_mut() -= 1;
            if *count.get() == 0 {
                count.remove();
            }
        }
    }

    pub(super) fn get(&self, id: TimerId) -> Option<&Timer> {
        self.waiting.get(&(*self.due.get(&id)?, id))
    }

    /// How many a process waits for.
    pub(super) fn count_of(&self, process: ProcessId) -> u64 {
        self.by_process.get(&process).copied().unwrap_or(0)
    }

    pub(super) fn cancel(&mut self, cancellation: &Cancellation) {
        let (Cancellation::Command { to, .. } | Cancellation::TimeoutsOf(to)) = cancellation;
        let is_meant = |id: &TimerId| {
            let timer = self.due.get(id).and_then(|due| self.waiting.get(&(*due, *id)));
            timer.is_some_and(|it| cancellation.takes_back(&it.message.name, &it.to, it.sender.as_ref()))
        };
        let meant: Vec<TimerId> = self.by_instance.of(to).filter(is_meant).collect();
        meant.into_iter().for_each(|id| self.remove(id));
    }
}

impl Index {
    fn add(&mut self, stream: &Stream, id: TimerId) {
        self.0.entry(stream.clone()).or_default().insert(id);
    }

    fn remove(&mut self, stream: &Stream, id: TimerId) {
        let Some(ids) = self.0.get_mut(stream) else { return };
        ids.remove(&id);
        if ids.is_empty() {
            self.0.remove(stream);
        }
    }

    fn of(&self, stream: &Stream) -> impl Iterator<Item = TimerId> {
        self.0.get(stream).into_iter().flatten().copied()
    }
}
