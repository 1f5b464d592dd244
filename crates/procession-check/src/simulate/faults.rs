use std::{fmt, time::Duration};

use procession_runtime::Limits;

use super::Chance;

/// What goes wrong in the simulation of a seed, and how often. Each seed draws which of it is on at all: a bug that one fault
/// hides from another is found by the seeds that have only one of them (A. Groce et al., *Swarm Testing*, 2012).
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Faults {
    /// How often the process dies.
    pub crashes: u64,
    /// How many calls of the store a life lasts at most.
    pub longest_life: u64,
    /// Which share of the calls of the store is refused.
    pub refusals: f64,
    /// Which share of the calls of the store, and of their answers, is slow.
    pub slowness: f64,
    /// How long a slow one takes at most.
    pub longest_call: Duration,
    /// How often a runtime stands still while another one takes over.
    pub takeovers: u64,
    /// Which share of what clients ask for is delivered once more.
    pub duplicates: f64,
    /// How long what clients ask for is on its way, at most.
    pub longest_way: Duration,
    /// How many messages a batch has at most.
    pub batch_messages: usize,
    /// How many batches are on their way to the store at once.
    pub commits_in_flight: usize,
    /// How many states of instances stay in memory.
    pub cached_states: usize,
}

impl Faults {
    /// Nothing goes wrong.
    #[must_use]
    pub fn none() -> Self {
        let usual = Limits::default();
        Self {
            crashes: 0,
            longest_life: u64::MAX,
            refusals: 0.0,
            slowness: 0.0,
            longest_call: Duration::ZERO,
            takeovers: 0,
            duplicates: 0.0,
            longest_way: Duration::from_millis(10),
            batch_messages: usual.batch_messages,
            commits_in_flight: usual.commits_in_flight,
            cached_states: usual.cached_states,
        }
    }

    pub(crate) fn draw(chance: &mut Chance) -> Self {
        let mut it = Self::none();
        if chance.happens(0.7) {
            it.crashes = chance.between(1, 6);
            it.longest_life = chance.one_of(&[12, 40, 120, 400]);
        }
        if chance.happens(0.4) {
            it.refusals = chance.one_of(&[0.01, 0.05, 0.2]);
        }
        if chance.happens(0.5) {
            it.slowness = chance.one_of(&[0.05, 0.3, 0.8]);
            it.longest_call = Duration::from_millis(chance.one_of(&[5, 200, 5_000]));
        }
        if chance.happens(0.3) {
            it.takeovers = chance.between(1, 3);
        }
        if chance.happens(0.5) {
            it.duplicates = chance.one_of(&[0.1, 0.5]);
        }
        if chance.happens(0.5) {
            it.longest_way = Duration::from_millis(chance.one_of(&[200, 5_000, 600_000]));
        }
        if chance.happens(0.7) {
            it.batch_messages = chance.one_of(&[1, 2, 3, 10]);
            it.commits_in_flight = chance.one_of(&[1, 2, 4]);
            it.cached_states = chance.one_of(&[1, 8]);
        }
        it
    }

    pub(crate) fn limits(&self) -> Limits {
        let mut limits = Limits::default();
        limits.batch_messages = self.batch_messages;
        limits.commits_in_flight = self.commits_in_flight;
        limits.cached_states = self.cached_states;
        // The real time must make no difference.
        limits.batch_time = Duration::MAX;
        limits
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "batches of {} messages, {} at once", self.batch_messages, self.commits_in_flight)?;
        if self.crashes > 0 {
            write!(f, "; {} crashes within {} calls of the store each", self.crashes, self.longest_life)?;
        }
        if self.refusals > 0.0 {
            write!(f, "; {} of the calls refused", self.refusals)?;
        }
        if self.slowness > 0.0 {
            write!(f, "; {} of the calls up to {:?} slow", self.slowness, self.longest_call)?;
        }
        if self.takeovers > 0 {
            write!(f, "; {} takeovers", self.takeovers)?;
        }
        if self.duplicates > 0.0 {
            write!(f, "; {} of the requests delivered again", self.duplicates)?;
        }
        write!(f, "; requests on their way for up to {:?}", self.longest_way)
    }
}
