//! The circuit breaker of an effect: it counts failures in a row, and pauses all calls when there are too many.

use jiff::Timestamp;
use procession_core::{CircuitBreaker, log::Position};

use crate::inspect::OpenBreaker;

#[derive(Default)]
pub(super) struct Breaker {
    failures: u32,
    open: Option<OpenBreaker>,
    /// The call that looks, until its result is judged or it has stopped without one.
    looking: Option<Position>,
    noted: Noted,
}

/// What the store says of it, as far as that is known.
#[derive(PartialEq)]
enum Noted {
    Unknown,
    As(Option<OpenBreaker>),
}

impl Default for Noted {
    fn default() -> Self {
        Self::As(None)
    }
}

/// What the store is to say of it: that it is open, or nothing.
pub(super) struct BreakerNews(pub(super) Option<OpenBreaker>);

impl Breaker {
    /// Goes on with what the store says; unless it never opens, since the effect is called otherwise now.
    pub(super) fn noted_as(noted: Option<OpenBreaker>, now: Timestamp, policy: &CircuitBreaker) -> Self {
        // The clock may have been put back meanwhile.
        let last_look = now.checked_add(policy.longest_pause).unwrap_or(Timestamp::MAX);
        let open = noted.filter(|_| policy.failures != CircuitBreaker::never().failures);
        let open = open.map(|it| OpenBreaker { next_look: it.next_look.min(last_look), ..it });
        Self { open, noted: Noted::As(noted), ..Self::default() }
    }

    pub(super) fn open(&self) -> Option<&OpenBreaker> {
        self.open.as_ref()
    }

    pub(super) fn looking(&self) -> Option<Position> {
        self.looking
    }

    pub(super) fn looks(&mut self, call: Position) {
        self.looking = Some(call);
    }

    /// A call has stopped, and says nothing.
    pub(super) fn looks_no_more(&mut self, call: Position) {
        self.looking.take_if(|it| *it == call);
    }

    pub(super) fn judge(
        &mut self,
        call: Position,
        has_failed: bool,
        now: Timestamp,
        policy: &CircuitBreaker,
    ) {
        if !has_failed {
            // Whoever looks now is a call like any other.
            (self.failures, self.open, self.looking) = (0, None, None);
            return;
        }
        self.failures = self.failures.saturating_add(1);
        let is_look = self.looking.take_if(|it| *it == call).is_some();
        let failed_looks = self.open.map_or(0, |it| it.failed_looks).saturating_add(u32::from(is_look));
        let opens = self.open.is_none() && self.failures >= policy.failures;
        if is_look || opens {
            let next_look = now.checked_add(policy.pause(failed_looks)).unwrap_or(Timestamp::MAX);
            let open_since = self.open.map_or(now, |it| it.open_since);
            self.open = Some(OpenBreaker { open_since, next_look, failed_looks });
        }
    }

    /// What is to be noted, if that has changed; it is taken to be noted then.
    pub(super) fn news(&mut self) -> Option<BreakerNews> {
        let now = Noted::As(self.open);
        if self.noted == now {
            return None;
        }
        self.noted = now;
        Some(BreakerNews(self.open))
    }

    /// A batch has failed, and what it was to note with it.
    pub(super) fn forget_what_is_noted(&mut self) {
        self.noted = Noted::Unknown;
    }
}
