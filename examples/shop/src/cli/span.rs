use std::time::Duration;

use jiff::{Span, SpanRelativeTo};

/// How long something may take, as people write it: `2s`, `30m`, `7d`.
pub(super) fn span(text: &str) -> Result<Duration, String> {
    let wrong = || "write a time like 2s, 30m, 12h or 7d".to_owned();
    let span: Span = text.parse().map_err(|_| wrong())?;
    let duration = span.to_duration(SpanRelativeTo::days_are_24_hours()).map_err(|_| wrong())?;
    Duration::try_from(duration).map_err(|_| "it must not be negative".to_owned())
}

/// The same, and not nothing.
pub(super) fn some_span(text: &str) -> Result<Duration, String> {
    let duration = span(text)?;
    if duration.is_zero() { Err("it must be more than nothing".into()) } else { Ok(duration) }
}
