use std::{fmt, sync::Arc};

use axum::{
    extract::FromRequestParts,
    http::{HeaderValue, header, request::Parts},
};
use procession::Version;

use super::problem::{Problem, ProblemKind};

/// What a client demands of a command: a version (`If-Match`), that it takes effect once (`Idempotency-Key`), and the trace
/// that it belongs to (`traceparent`).
#[derive(Debug, Clone, Default)]
pub(super) struct Conditions {
    pub(super) version: ExpectedVersion,
    pub(super) key: Option<Arc<str>>,
    pub(super) traceparent: Option<String>,
}

/// The version that a client has seen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) enum ExpectedVersion {
    /// Whatever it is.
    #[default]
    Any,
    /// One of these; a tag that is not ours is none of them.
    OneOf(Vec<Option<Version>>),
}

impl<S: Sync> FromRequestParts<S> for Conditions {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let tags = texts(parts, header::IF_MATCH.as_str())?;
        let version = if tags.is_empty() {
            ExpectedVersion::Any
        } else {
            tags.join(",").parse().map_err(|error: NotATag| malformed(error.to_string()))?
        };
        Ok(Self { version, ..OfSomethingNew::of(parts)?.0 })
    }
}

/// What a client demands of a command for something new, which has no version yet: everything else.
pub(super) struct OfSomethingNew(pub(super) Conditions);

impl<S: Sync> FromRequestParts<S> for OfSomethingNew {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Self::of(parts)
    }
}

impl OfSomethingNew {
    fn of(parts: &Parts) -> Result<Self, Problem> {
        let key = match texts(parts, "idempotency-key")?.as_slice() {
            [] => None,
            [key] => Some(idempotency_key(key)?),
            _ => return Err(malformed("a request has only one Idempotency-Key".into())),
        };
        // One that makes no sense is ignored: it is no reason to refuse a guest.
        let traceparent = parts.headers.get("traceparent").and_then(|it| it.to_str().ok()).map(str::to_owned);
        Ok(Self(Conditions { version: ExpectedVersion::Any, key, traceparent }))
    }
}

fn malformed(detail: String) -> Problem {
    Problem::new(ProblemKind::Malformed, detail)
}

fn texts<'a>(parts: &'a Parts, name: &str) -> Result<Vec<&'a str>, Problem> {
    let text = |it: &'a HeaderValue| it.to_str();
    let texts: Result<Vec<&str>, _> = parts.headers.get_all(name).iter().map(text).collect();
    texts.map_err(|_| malformed(format!("the header {name} has characters that are not plain ASCII")))
}

const LONGEST_KEY: usize = 128;

/// The draft of the header wants a quoted string; most clients send a bare one, which can mean nothing else.
fn idempotency_key(text: &str) -> Result<Arc<str>, Problem> {
    let text = text.trim();
    let key = text.strip_prefix('"').and_then(|it| it.strip_suffix('"')).unwrap_or(text);
    let is_plain = key.chars().all(|it| it.is_ascii_graphic() && !"\"\\".contains(it));
    if key.is_empty() || key.len() > LONGEST_KEY || !is_plain {
        let wanted =
            format!("an Idempotency-Key has 1 to {LONGEST_KEY} visible ASCII characters, best a UUID");
        return Err(malformed(wanted));
    }
    Ok(key.into())
}

/// The tag of a version, as `ETag` carries it.
pub(super) fn tag(version: Version) -> String {
    format!("\"{version}\"")
}

#[derive(Debug, thiserror::Error)]
#[error("If-Match holds {0:?}; write the quoted value of an ETag, like \"3\", or *")]
pub(super) struct NotATag(String);

impl std::str::FromStr for ExpectedVersion {
    type Err = NotATag;

    fn from_str(text: &str) -> Result<Self, NotATag> {
        if text.trim() == "*" {
            return Ok(Self::Any);
        }
        let (mut rest, mut tags) = (text, Vec::new());
        loop {
            let (tag, behind) = first_tag(rest.trim()).ok_or_else(|| NotATag(rest.trim().into()))?;
            tags.push(tag);
            rest = match behind.trim_start().strip_prefix(',') {
                Some(more) => more,
                None if behind.trim().is_empty() => return Ok(Self::OneOf(tags)),
                None => return Err(NotATag(rest.trim().into())),
            };
        }
    }
}

/// The tag that a text begins with, and what follows. A comma within the quotes belongs to the tag, and a weak tag is
/// well-formed, but never equal to anything in `If-Match` (RFC 9110).
fn first_tag(text: &str) -> Option<(Option<Version>, &str)> {
    let (text, is_weak) = text.strip_prefix("W/").map_or((text, false), |it| (it, true));
    let (quoted, behind) = text.strip_prefix('"')?.split_once('"')?;
    let is_ours = !is_weak && quoted.bytes().all(|it| it.is_ascii_digit());
    Some((quoted.parse().ok().filter(|_| is_ours).map(Version), behind))
}

impl ExpectedVersion {
    /// The version to ask for, of an instance that has the version `actual`; an error if none can be right.
    pub(super) fn resolve(&self, actual: Version) -> Result<Option<Version>, Version> {
        match self {
            Self::Any => Ok(None),
            Self::OneOf(tags) if tags.contains(&Some(actual)) => Ok(Some(actual)),
            // The runtime refuses it, unless the same command was executed before.
            Self::OneOf(tags) => tags.iter().flatten().next().map(|it| Some(*it)).ok_or(actual),
        }
    }
}

impl fmt::Display for ExpectedVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("*"),
            Self::OneOf(tags) => {
                let tags: Vec<String> =
                    tags.iter().map(|it| it.map_or("an unknown tag".into(), tag)).collect();
                f.write_str(&tags.join(", "))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn if_match_takes_a_star_and_strong_tags() {
        let parse = |text: &str| text.parse::<ExpectedVersion>().unwrap();
        assert_eq!(parse("*"), ExpectedVersion::Any);
        assert_eq!(parse("\"3\""), ExpectedVersion::OneOf(vec![Some(Version(3))]));
        assert_eq!(
            parse("\"3\", W/\"4\", \"x\""),
            ExpectedVersion::OneOf(vec![Some(Version(3)), None, None])
        );
        assert_eq!(parse("\"a,3\",\"3\""), ExpectedVersion::OneOf(vec![None, Some(Version(3))]));
        for text in ["3", "\"3", "\"3\" \"4\"", "\"3\",", ""] {
            assert!(text.parse::<ExpectedVersion>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn an_idempotency_key_may_be_quoted_and_must_be_visible() {
        assert_eq!(&*idempotency_key("\"a-1\"").unwrap(), "a-1");
        assert_eq!(&*idempotency_key("a-1").unwrap(), "a-1");
        for text in ["", "\"\"", "a b", "\"a\"b\"", &"x".repeat(129)] {
            assert!(idempotency_key(text).is_err(), "{text:?}");
        }
    }
}
