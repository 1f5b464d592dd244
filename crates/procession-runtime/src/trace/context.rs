use std::{fmt, str::FromStr};

use super::{SpanId, TraceId};

/// Where a message from outside belongs in its sender's trace: the header `traceparent` of
/// [W3C Trace Context](https://www.w3.org/TR/trace-context/).
///
/// ```
/// use procession_runtime::trace::TraceContext;
///
/// let context: TraceContext = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".parse()?;
/// assert_eq!(context.trace_id.to_string(), "4bf92f3577b34da6a3ce929d0e0e4736");
/// assert!(context.is_sampled);
/// # Ok::<(), procession_runtime::trace::InvalidTraceContext>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceContext {
    /// The trace.
    pub trace_id: TraceId,
    /// The span in which the sender has sent it.
    pub span_id: SpanId,
    /// Whether the sender records its spans.
    pub is_sampled: bool,
}

/// A text that is no trace context.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is no W3C trace context; it looks like 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
)]
pub struct InvalidTraceContext(String);

impl FromStr for TraceContext {
    type Err = InvalidTraceContext;

    fn from_str(text: &str) -> Result<Self, InvalidTraceContext> {
        parse(text).ok_or_else(|| InvalidTraceContext(text.chars().take(80).collect()))
    }
}

fn parse(text: &str) -> Option<TraceContext> {
    let mut parts = text.splitn(5, '-');
    let mut next = |bytes: usize| parts.next().filter(|it| it.len() == 2 * bytes);
    let (version, trace_id, span_id, flags) = (next(1)?, next(16)?, next(8)?, next(1)?);
    let [version] = bytes(version)?;
    // A later version may say more at the end, and none is 255.
    if version == u8::MAX || (version == 0 && parts.next().is_some()) {
        return None;
    }
    let (trace_id, span_id, [flags]) = (TraceId(bytes(trace_id)?), SpanId(bytes(span_id)?), bytes(flags)?);
    let is_valid = trace_id.0 != [0; 16] && span_id.0 != [0; 8];
    is_valid.then_some(TraceContext { trace_id, span_id, is_sampled: flags & 1 == 1 })
}

fn bytes<const N: usize>(hex: &str) -> Option<[u8; N]> {
    let is_hex = hex.bytes().all(|it| matches!(it, b'0'..=b'9' | b'a'..=b'f'));
    let number = u128::from_str_radix(hex, 16).ok().filter(|_| is_hex)?;
    number.to_be_bytes().last_chunk().copied()
}

impl fmt::Display for TraceContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "00-{}-{}-{:02x}", self.trace_id, self.span_id, u8::from(self.is_sampled))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_standard_allows_is_read_and_written_again() {
        for text in [
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00",
        ] {
            assert_eq!(text.parse::<TraceContext>().unwrap().to_string(), text);
        }
        let later = "cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-03-more";
        assert!(later.parse::<TraceContext>().unwrap().is_sampled);
    }

    #[test]
    fn what_the_standard_forbids_is_refused() {
        for text in [
            "",
            "00",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e473-00f067aa0ba902b7-01",
            "00-+bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        ] {
            assert!(text.parse::<TraceContext>().is_err(), "{text}");
        }
    }
}
