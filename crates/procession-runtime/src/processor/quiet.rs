use std::collections::{BTreeMap, HashMap, hash_map::Entry};

use foldhash::fast::RandomState;
use procession_core::log::ProcessId;
use tokio::sync::oneshot;

use crate::request::Quiet;

/// Knows which processes have messages on the way, and who waits for them to become quiet.
#[derive(Default)]
pub(super) struct QuietWatch {
    on_the_way: HashMap<ProcessId, u64, RandomState>,
    parked: HashMap<ProcessId, u64>,
    all_parked: u64,
    waiting: BTreeMap<ProcessId, Vec<oneshot::Sender<Quiet>>>,
    /// Waited-for processes that may have become quiet.
    candidates: Vec<ProcessId>,
}

/// Somebody whose process has become quiet, to be told when that is durable.
pub(super) struct QuietReply {
    process: ProcessId,
    parked: u64,
    reply: oneshot::Sender<Quiet>,
}

impl QuietReply {
    pub(super) fn send(self) {
        // Who stopped waiting does not want to know.
        _ = self.reply.send(Quiet { process: self.process, parked: self.parked });
    }
}

impl QuietWatch {
    pub(super) fn begun(&mut self, process: ProcessId) {
        *self.on_the_way.entry(process).or_default() += 1;
    }

    pub(super) fn handled(&mut self, process: ProcessId) {
        if let Some(count) = self.on_the_way.get_mut(&process) {
            *count -= 1;
            if *count == 0 {
                self.on_the_way.remove(&process);
                if self.waiting.contains_key(&process) {
                    self.candidates.push(process);
                }
            }
        }
    }

    /// How many messages are parked, of all processes.
    pub(super) fn all_parked(&self) -> u64 {
        self.all_parked
    }

    pub(super) fn parked(&mut self, process: ProcessId) {
        *self.parked.entry(process).or_default() += 1;
        self.all_parked += 1;
    }

    pub(super) fn released(&mut self, process: ProcessId) {
        if let Entry::Occupied(mut parked) = self.parked.entry(process) {
            *parked.get_mut() -= 1;
            self.all_parked -= 1;
            if *parked.get() == 0 {
                parked.remove();
            }
        }
        if self.waiting.contains_key(&process) {
            self.candidates.push(process);
        }
    }

    pub(super) fn wait(&mut self, process: ProcessId, reply: oneshot::Sender<Quiet>) {
        self.waiting.entry(process).or_default().push(reply);
        self.candidates.push(process);
    }

    /// Takes those whose process is quiet. Only right when the whole log has been offered.
    pub(super) fn take_quiet(&mut self) -> Vec<QuietReply> {
        let mut quiet = Vec::new();
        for process in std::mem::take(&mut self.candidates) {
            if self.on_the_way.contains_key(&process) {
                continue;
            }
            let parked = self.parked.get(&process).copied().unwrap_or(0);
            let waiting = self.waiting.remove(&process).into_iter().flatten();
            quiet.extend(waiting.map(|reply| QuietReply { process, parked, reply }));
        }
        quiet
    }

    /// Lets those go who wait.
    pub(super) fn forget_who_waits(&mut self) {
        self.waiting.clear();
        self.candidates.clear();
    }

    /// Puts those back whose news did not become durable.
    pub(super) fn put_back(&mut self, replies: impl IntoIterator<Item = QuietReply>) {
        for it in replies {
            self.wait(it.process, it.reply);
        }
    }

    /// Starts over, and is told anew what the store has; those who wait go on waiting.
    pub(super) fn reset(&mut self) {
        self.on_the_way.clear();
        self.parked.clear();
        self.all_parked = 0;
        self.candidates = self.waiting.keys().copied().collect();
    }
}
