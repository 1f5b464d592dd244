use std::{fmt, str::FromStr};

use jiff::{SignedDuration, Span, SpanRelativeTo};
use serde::Deserialize;

/// How long the guests of a group may take to answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub struct Deadline(SignedDuration);

/// Text that cannot be a deadline.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidDeadline {
    /// It is no duration.
    #[error("{0:?} is no deadline: write a duration, like `30m`, `1h 30m` or `PT30M`")]
    NotADuration(String),
    /// Nobody can answer in no time.
    #[error("{0} is no deadline: the guests must have some time to answer")]
    NoTime(String),
    /// Nobody waits that long.
    #[error("{0} is no deadline: it must not be more than {days} days", days = Deadline::LONGEST_DAYS)]
    TooLong(String),
}

impl Deadline {
    /// A year. Who waits longer has mistyped.
    pub const LONGEST_DAYS: i64 = 366;

    /// The time that the guests have.
    #[must_use]
    pub fn within(self) -> SignedDuration {
        self.0
    }
}

impl fmt::Display for Deadline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#}", self.0)
    }
}

impl FromStr for Deadline {
    type Err = InvalidDeadline;

    fn from_str(text: &str) -> Result<Self, InvalidDeadline> {
        let shown = || text.chars().take(80).collect::<String>();
        let duration = text.trim().parse::<Span>().ok();
        let duration = duration.and_then(|it| it.to_duration(SpanRelativeTo::days_are_24_hours()).ok());
        // The log keeps microseconds.
        let within =
            duration.map(|it| SignedDuration::from_micros(it.as_micros().try_into().unwrap_or(i64::MAX)));
        match within {
            None => Err(InvalidDeadline::NotADuration(shown())),
            Some(it) if it <= SignedDuration::ZERO => Err(InvalidDeadline::NoTime(shown())),
            Some(it) if it > SignedDuration::from_hours(24 * Self::LONGEST_DAYS) => {
                Err(InvalidDeadline::TooLong(shown()))
            }
            Some(it) => Ok(Self(it)),
        }
    }
}

impl TryFrom<String> for Deadline {
    type Error = InvalidDeadline;

    fn try_from(text: String) -> Result<Self, InvalidDeadline> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deadline_is_written_as_people_or_as_programs_do() {
        let minutes = |text: &str| text.parse::<Deadline>().unwrap().within().as_mins();
        assert_eq!(
            ["30m", "30 minutes", "PT30M", "1h 30m", "2 days", "P1W"].map(minutes),
            [30, 30, 30, 90, 2 * 24 * 60, 7 * 24 * 60]
        );
        assert_eq!("1h30m".parse::<Deadline>().unwrap().to_string(), "1h 30m");
        assert_eq!("250ms".parse::<Deadline>().unwrap().within(), SignedDuration::from_millis(250));
    }

    #[test]
    fn what_nobody_can_keep_is_no_deadline() {
        use InvalidDeadline::{NoTime, NotADuration, TooLong};
        let no = |text: &str| text.parse::<Deadline>().unwrap_err();
        for text in ["", "30", "soon", "1 month", "P1Y", "30m x"] {
            assert_eq!(no(text), NotADuration(text.into()));
        }
        for text in ["0s", "-5m", "5m ago", "1ns"] {
            assert_eq!(no(text), NoTime(text.into()));
        }
        assert_eq!(no("367 days"), TooLong("367 days".into()));
    }
}
