use std::collections::BTreeMap;

use procession_core::log::{Position, ProcessId, Recorded};
use tokio::sync::oneshot;

use crate::reply::is_awaited;

/// Who waits for which event of which process.
#[derive(Default)]
pub(super) struct Replies {
    waiting: BTreeMap<ProcessId, Vec<Waiting>>,
    /// Who is told when the batches that were in flight are answered, up to a position.
    registering: Vec<(Position, oneshot::Sender<()>)>,
    /// How many were registered since the last sweep, with those who waited then.
    registered: usize,
    sweep_at: usize,
}

struct Waiting {
    awaited: Vec<&'static str>,
    reply: oneshot::Sender<Recorded>,
}

/// Somebody whose event was recorded, to be told when that is durable.
pub(super) struct Reply {
    waiting: Waiting,
    event: Recorded,
}

impl Replies {
    pub(super) fn wait(
        &mut self,
        process: ProcessId,
        awaited: Vec<&'static str>,
        reply: oneshot::Sender<Recorded>,
    ) {
        if self.registered >= self.sweep_at {
            self.sweep();
        }
        self.registered += 1;
        self.waiting.entry(process).or_default().push(Waiting { awaited, reply });
    }

    /// Tells when everything that was decided before is in the log, or will be decided again.
    pub(super) fn register(&mut self, registered: oneshot::Sender<()>, in_flight: Option<Position>) {
        match in_flight {
            Some(head) => self.registering.push((head, registered)),
            // Who stopped waiting does not want to know.
            None => _ = registered.send(()),
        }
    }

    pub(super) fn are_registered_up_to(&mut self, head: Position) {
        for (_, registered) in self.registering.extract_if(.., |(it, _)| *it <= head) {
            // Who stopped waiting does not want to know.
            _ = registered.send(());
        }
    }

    /// Forgets those who have gone away, so that they do not add up. The next time is when there are twice as many.
    fn sweep(&mut self) {
        const FEWEST: usize = 64;
        self.waiting.retain(|_, it| {
            it.retain(|it| !it.reply.is_closed());
            !it.is_empty()
        });
        self.registered = self.waiting.values().map(Vec::len).sum();
        self.sweep_at = FEWEST.max(2 * self.registered);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    pub(super) fn waits_for(&self, process: ProcessId) -> bool {
        self.waiting.contains_key(&process)
    }

    /// Takes those who wait for one of these entries.
    pub(super) fn take(&mut self, entries: &[Recorded]) -> Vec<Reply> {
        let mut replies = Vec::new();
        for event in entries {
            let Some(waiting) = self.waiting.get_mut(&event.process) else { continue };
            let found = waiting.extract_if(.., |it| is_awaited(event, &it.awaited));
            replies.extend(found.map(|waiting| Reply { waiting, event: event.clone() }));
            if waiting.is_empty() {
                self.waiting.remove(&event.process);
            }
        }
        replies
    }

    /// Puts those back whose news did not become durable.
    pub(super) fn put_back(&mut self, replies: Vec<Reply>) {
        for Reply { waiting, event } in replies {
            self.waiting.entry(event.process).or_default().push(waiting);
        }
    }
}

impl Reply {
    pub(super) fn send(self) {
        // Who stopped waiting does not want to know.
        _ = self.waiting.reply.send(self.event);
    }
}
