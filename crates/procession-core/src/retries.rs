use std::time::Duration;

use jiff::Timestamp;

/// How often, and for how long, a handler that has failed is tried again.
///
/// The pause before a try is drawn at random between zero and a bound that doubles with every failure ("full jitter"), so
/// that those who have failed together do not come back together. The random share is handed in; nothing is drawn here.
///
/// ```
/// # extern crate procession_core as procession;
/// use std::time::Duration;
/// use procession::Retries;
///
/// let patient = Retries::up_to(50)
///     .first_pause(Duration::from_secs(1))
///     .longest_pause(Duration::from_secs(60))
///     .within(Duration::from_secs(24 * 60 * 60));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retries {
    attempts: u32,
    first_pause: Duration,
    longest_pause: Duration,
    within: Option<Duration>,
}

impl Retries {
    /// One attempt, and no other: right for handlers that would only fail once more.
    #[must_use]
    pub const fn never() -> Self {
        Self::up_to(1)
    }

    /// So many attempts in all, at least one, with pauses from 200 ms to a minute.
    #[must_use]
    pub const fn up_to(attempts: u32) -> Self {
        Self {
            attempts: if attempts == 0 { 1 } else { attempts },
            first_pause: Duration::from_millis(200),
            longest_pause: Duration::from_secs(60),
            within: None,
        }
    }

    /// The longest pause after the first failure.
    #[must_use]
    pub const fn first_pause(self, first_pause: Duration) -> Self {
        Self { first_pause, ..self }
    }

    /// The longest pause after any failure.
    #[must_use]
    pub const fn longest_pause(self, longest_pause: Duration) -> Self {
        Self { longest_pause, ..self }
    }

    /// No attempt begins later than this after the message came to its handler. A call of an effect is given up then, wherever
    /// it waits: also for its first attempt.
    #[must_use]
    pub const fn within(self, within: Duration) -> Self {
        Self { within: Some(within), ..self }
    }

    /// How many attempts there are in all.
    #[must_use]
    pub const fn attempts(&self) -> u32 {
        self.attempts
    }

    /// Whether the time is used up, for a message that came to its handler at `since`.
    #[must_use]
    pub fn is_too_late(&self, since: Timestamp, now: Timestamp) -> bool {
        self.last(since).is_some_and(|last| now > last)
    }

    /// From when on the time is used up, for a message that came to its handler at `since`; none if it never is.
    #[must_use]
    pub fn too_late_at(&self, since: Timestamp) -> Option<Timestamp> {
        // The log keeps the time to the microsecond.
        self.last(since)?.checked_add(Duration::from_micros(1)).ok()
    }

    fn last(&self, since: Timestamp) -> Option<Timestamp> {
        self.within.map(|it| since.checked_add(it).unwrap_or(Timestamp::MAX))
    }

    /// When to try again after so many failures, for a message that came to its handler at `since`; none when the attempts
    /// or the time are used up. `share` is a random number from 0 to 1.
    #[must_use]
    pub fn next(&self, failures: u32, since: Timestamp, now: Timestamp, share: f64) -> Option<Timestamp> {
        if failures >= self.attempts {
            return None;
        }
        let pause = self.longest_pause_after(failures).mul_f64(share.clamp(0.0, 1.0));
        // To the microsecond, as the log keeps the time.
        let pause = Duration::from_micros(pause.as_nanos().div_ceil(1000).try_into().ok()?);
        let next = now.checked_add(pause).ok()?;
        (!self.is_too_late(since, next)).then_some(next)
    }

    fn longest_pause_after(&self, failures: u32) -> Duration {
        let doubled = 2_u32.saturating_pow(failures.saturating_sub(1).min(31));
        self.first_pause.saturating_mul(doubled).min(self.longest_pause).min(LONGER_THAN_THE_CALENDAR)
    }
}

const LONGER_THAN_THE_CALENDAR: Duration = Duration::from_secs(1 << 40);

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp::UNIX_EPOCH;

    fn pause(retries: Retries, failures: u32, share: f64) -> Option<Duration> {
        let next = retries.next(failures, START, START, share)?;
        next.duration_since(START).try_into().ok()
    }

    #[test]
    fn the_bound_of_the_pause_doubles_up_to_the_longest() {
        let retries =
            Retries::up_to(100).first_pause(Duration::from_secs(1)).longest_pause(Duration::from_secs(10));
        let bounds: Vec<_> = [1, 2, 3, 4, 5, 99].map(|it| pause(retries, it, 1.0).unwrap().as_secs()).into();
        assert_eq!(bounds, [1, 2, 4, 8, 10, 10]);
    }

    #[test]
    fn the_pause_is_anywhere_between_nothing_and_its_bound() {
        let retries = Retries::up_to(3).first_pause(Duration::from_secs(8));
        let pauses: Vec<_> = [0.0, 0.25, 1.0].map(|share| pause(retries, 1, share).unwrap().as_secs()).into();
        assert_eq!(pauses, [0, 2, 8]);
    }

    #[test]
    fn a_pause_ends_at_a_microsecond() {
        let retries = Retries::up_to(2).first_pause(Duration::from_micros(3));
        assert_eq!(pause(retries, 1, 0.5), Some(Duration::from_micros(2)));
    }

    #[test]
    fn attempts_and_time_are_used_up() {
        assert_eq!(pause(Retries::never(), 1, 0.0), None);
        assert_eq!(pause(Retries::up_to(3), 3, 0.0), None);
        assert!(pause(Retries::up_to(3), 2, 0.0).is_some());
        let hasty = Retries::up_to(3).first_pause(Duration::from_secs(4)).within(Duration::from_secs(2));
        assert!(pause(hasty, 1, 0.5).is_some());
        assert_eq!(pause(hasty, 1, 0.6), None, "it would begin too late");
    }

    #[test]
    fn no_number_is_too_large() {
        let retries = Retries::up_to(u32::MAX).first_pause(Duration::MAX).longest_pause(Duration::MAX);
        assert_eq!(pause(retries, u32::MAX - 1, 1.0), None, "the calendar ends before");
    }
}
