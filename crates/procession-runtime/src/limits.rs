use std::time::Duration;

use crate::{fault_points::batch_messages, store::ProcessLimits};

/// How much a runtime takes on.
///
/// The first part bounds what it does at once; the more there is to do, the longer it takes. The second part bounds what
/// handlers and effects may ask for: a message whose handler asks for more is parked, so is the call of an effect that sends
/// more, and a command that is executed is refused, with a [`Failure`](procession_core::Failure) that names the limit, before
/// anything of it is written. The size of one payload is
/// bounded by the store ([`Store::max_payload_bytes`](crate::Store::max_payload_bytes)).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Messages that are handled in one commit. More makes a backlog faster, less makes others wait less. 2,048.
    pub batch_messages: usize,
    /// Payload bytes that are written in one commit, about. 4 MiB.
    pub batch_bytes: usize,
    /// How long one commit is filled, about; then it is made durable with what it holds. 250 ms: fast handlers never take so
    /// long, and slow ones keep nobody waiting who has been handled already, or who wants to be.
    pub batch_time: Duration,
    /// Commits that may be under way while the next one is folded. 2: the store and the handlers are both busy.
    pub commits_in_flight: usize,
    /// Messages that wait in memory; the others wait in the log. 131,072.
    pub queued_messages: usize,
    /// Payload bytes of the messages that wait in memory, about; the others wait in the log. 64 MiB.
    pub queued_bytes: usize,
    /// States of instances that stay in memory. 100,000, and for a while up to twice as many.
    pub cached_states: usize,
    /// Requests that wait to be taken, of those that send and of the others each; then who asks has to wait. 1,024.
    pub waiting_requests: usize,
    /// Messages in the log that are not handled yet, about; then who sends has to wait, and nobody else. 10,000,000: they
    /// lie on the disk, so this is for senders that would never stop.
    pub backlog_messages: u64,

    /// Messages that one decision emits. 1,000,000: far more than a large group, far less than the memory.
    pub emitted_messages: usize,
    /// Messages of one process. 10,000,000: no process that makes sense has so many, and an endless one is stopped.
    pub messages_per_process: u64,
    /// Commands of one process that wait for their time. 100,000.
    pub timers_per_process: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            batch_messages: 2048,
            batch_bytes: 4 * 1024 * 1024,
            batch_time: Duration::from_millis(250),
            commits_in_flight: 2,
            queued_messages: 131_072,
            queued_bytes: 64 * 1024 * 1024,
            cached_states: 100_000,
            waiting_requests: 1024,
            backlog_messages: 10_000_000,
            emitted_messages: 1_000_000,
            messages_per_process: 10_000_000,
            timers_per_process: 100_000,
        }
    }
}

impl Limits {
    /// None of them may be so small that nothing goes on.
    pub(crate) fn sane(self) -> Self {
        Self {
            batch_messages: batch_messages(self.batch_messages.max(1)),
            batch_bytes: self.batch_bytes.max(1),
            commits_in_flight: self.commits_in_flight.max(1),
            queued_messages: self.queued_messages.max(1),
            queued_bytes: self.queued_bytes.max(1),
            waiting_requests: self.waiting_requests.max(1),
            backlog_messages: self.backlog_messages.max(1),
            messages_per_process: self.messages_per_process.max(1),
            ..self
        }
    }

    pub(crate) fn of_a_process(&self) -> ProcessLimits {
        ProcessLimits { messages: self.messages_per_process, timers: self.timers_per_process }
    }
}
