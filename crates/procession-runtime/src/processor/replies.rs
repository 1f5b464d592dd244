use std::collections::BTreeMap;

use procession_core::log::{ProcessId, Recorded};
use tokio::sync::oneshot;

use crate::reply::is_awaited;

/// Who waits for which event of which process.
#[derive(Default)]
pub(super) struct Replies {
    waiting: BTreeMap<ProcessId, Vec<Waiting>>,
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
        // Those who have gone away meanwhile are forgotten here, so that they do not add up.
        self.waiting.retain(|_, it| {
            it.retain(|it| !it.reply.is_closed());
            !it.is_empty()
        });
        self.waiting.entry(process).or_default().push(Waiting { awaited, reply });
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
