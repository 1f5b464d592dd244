use std::time::Duration;

use jiff::{SignedDuration, Span, SpanRelativeTo, Timestamp};

/// How long, as people write it: `10s`, `30m`, `1h`, `7d`.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || "write a time like 10s, 30m, 1h or 7d".to_owned();
    let span: Span = text.parse().map_err(|_| wrong())?;
    let duration = span.to_duration(SpanRelativeTo::days_are_24_hours()).map_err(|_| wrong())?;
    Duration::try_from(duration).map_err(|_| "it must not be negative".to_owned())
}

/// When, as people write it: `1h` from now, or a time with its offset.
pub(crate) fn when(text: &str) -> Result<Timestamp, String> {
    if let Ok(at) = text.parse() {
        return Ok(at);
    }
    let wrong = || {
        "write a time with its offset, like 2026-12-24T18:00:00Z, or how long from now, like 1h".to_owned()
    };
    let after = duration(text).map_err(|_| wrong())?;
    Timestamp::now().checked_add(after).map_err(|_| wrong())
}

/// How long ago, or how long until: `3m ago`, `in 2h`.
pub(crate) fn ago(at: Timestamp, now: Timestamp) -> String {
    let passed = now.duration_since(at);
    if passed.is_negative() { format!("in {}", short(-passed)) } else { format!("{} ago", short(passed)) }
}

/// The two largest units: `2h 5m`.
pub(crate) fn short(duration: SignedDuration) -> String {
    let seconds = duration.as_secs();
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds}s"),
        (0, 0, _) => format!("{minutes}m {}s", seconds % 60),
        (0, _, _) => format!("{hours}h {minutes}m"),
        _ => format!("{days}d {hours}h"),
    }
}

/// The time itself, to the second, in UTC: `2026-11-24 16:00:00Z`.
pub(crate) fn absolute(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%SZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_have_two_units() {
        let ages = [5, 65, 3_725, 90_000].map(|it| short(SignedDuration::from_secs(it)));
        assert_eq!(ages, ["5s", "1m 5s", "1h 2m", "1d 1h"]);
    }

    #[test]
    fn a_time_is_given_with_its_offset_or_from_now() {
        assert_eq!(when("2026-12-24T19:00:00+01:00"), when("2026-12-24T18:00:00Z"));
        let (before, in_an_hour) = (Timestamp::now(), when("1h").unwrap());
        let after = in_an_hour.duration_since(before);
        assert!((3600..3660).contains(&after.as_secs()), "{after}");
        for unclear in ["2026-12-24T18:00:00", "soon"] {
            assert!(when(unclear).unwrap_err().contains("2026-12-24T18:00:00Z"));
        }
    }

    #[test]
    fn times_are_written_as_people_do() {
        assert_eq!(duration("1h 30m"), Ok(Duration::from_secs(5400)));
        assert_eq!(duration("7d"), Ok(Duration::from_secs(7 * 86_400)));
        assert!(duration("soon").is_err() && duration("-1h").is_err());
    }
}
