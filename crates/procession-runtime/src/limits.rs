use crate::fault_points::batch_messages;

/// How much a runtime takes on at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Messages that are handled in one commit. More makes a backlog faster, less makes others wait less. 2,048.
    pub batch_messages: usize,
    /// Payload bytes that are written in one commit, about. 4 MiB.
    pub batch_bytes: usize,
    /// Commits that may be under way while the next one is folded. 2: the store and the handlers are both busy.
    pub commits_in_flight: usize,
    /// Messages that wait in memory; the others wait in the log. 131,072.
    pub queued_messages: usize,
    /// States of instances that stay in memory. 100,000, and for a while up to twice as many.
    pub cached_states: usize,
    /// Requests that wait to be taken; then who asks has to wait. 1,024.
    pub waiting_requests: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            batch_messages: 2048,
            batch_bytes: 4 * 1024 * 1024,
            commits_in_flight: 2,
            queued_messages: 131_072,
            cached_states: 100_000,
            waiting_requests: 1024,
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
            cached_states: self.cached_states,
            waiting_requests: self.waiting_requests.max(1),
        }
    }
}
