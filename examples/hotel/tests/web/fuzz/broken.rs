//! What can be wrong with a request.

use proptest::{collection::vec, prelude::*, sample::Index};
use serde_json::Value;

use super::{
    request::{Body, Request},
    valid::Draft,
};

/// One thing that is done to a valid request.
#[derive(Debug, Clone)]
pub(super) enum Fault {
    Field(Index, FieldFault),
    UnknownField(String, String),
    PathValue(Index, String),
    Query(String, String),
    Header(&'static str, String),
    NoContentType,
    ContentType(&'static str),
    Body(BodyFault),
    Method(&'static str),
    PathEnd(&'static str),
    LongPath(usize),
}

/// What can be wrong with a field of the body.
#[derive(Debug, Clone)]
pub(super) enum FieldFault {
    Missing,
    Twice,
    Value(String),
}

/// What can be wrong with a body as a whole.
#[derive(Debug, Clone)]
pub(super) enum BodyFault {
    Truncated(Index),
    Garbled(Index, u8),
    InAList,
    Followed(&'static str),
    Instead(String),
    Large(usize),
    Deep(usize),
}

pub(super) fn faults() -> impl Strategy<Value = Fault> {
    let field = prop_oneof![
        1 => Just(FieldFault::Missing),
        1 => Just(FieldFault::Twice),
        4 => odd_json().prop_map(FieldFault::Value),
    ];
    let body = prop_oneof![
        2 => any::<Index>().prop_map(BodyFault::Truncated),
        2 => (any::<Index>(), any::<u8>()).prop_map(|(at, byte)| BodyFault::Garbled(at, byte)),
        1 => Just(BodyFault::InAList),
        1 => select(&[" ", "{}", "\0", "x", "\u{FEFF}"]).prop_map(BodyFault::Followed),
        1 => odd_json().prop_map(BodyFault::Instead),
        1 => select(&[900_000, 1_048_576, 1_100_000]).prop_map(BodyFault::Large),
        1 => select(&[100, 1_000, 200_000]).prop_map(BodyFault::Deep),
    ];
    prop_oneof![
        6 => (any::<Index>(), field).prop_map(|(at, fault)| Fault::Field(at, fault)),
        1 => (odd_text(), odd_json()).prop_map(|(name, value)| Fault::UnknownField(name, value)),
        2 => (any::<Index>(), odd_text()).prop_map(|(at, text)| Fault::PathValue(at, text)),
        1 => (select(&["after", "limit", "from", "days", "room_type", "guest", "x", ""]), odd_text())
            .prop_map(|(name, text)| Fault::Query(name.into(), text)),
        2 => (select(&["If-Match", "Idempotency-Key", "Last-Event-ID", "Origin", "Accept", "Prefer"]), odd_header())
            .prop_map(|(name, text)| Fault::Header(name, text)),
        1 => Just(Fault::NoContentType),
        1 => select(&["text/plain", "application/xml", "application/json; charset=utf-16", "application/problem+json",
            "multipart/form-data", "application/x-www-form-urlencoded", "json", "", "*/*"]).prop_map(Fault::ContentType),
        3 => body.prop_map(Fault::Body),
        1 => select(&["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "BREW"]).prop_map(Fault::Method),
        1 => select(&["/", "//", "/.", "/..", "%00", "%2F", "%FF", "/x", ";x=1", "?", "?&&==", "?limit=1&limit=2"])
            .prop_map(Fault::PathEnd),
        1 => select(&[300, 3_000]).prop_map(Fault::LongPath),
    ]
}

fn select<T: Clone + std::fmt::Debug + 'static>(of: &'static [T]) -> impl Strategy<Value = T> {
    proptest::sample::select(of)
}

/// Texts that programs stumble over.
fn odd_text() -> impl Strategy<Value = String> {
    const TEXTS: [&str; 30] = [
        "",
        " ",
        "2030-02-30",
        "20300701",
        "9999-12-31",
        "-000001-01-01",
        "\0",
        "a\0b",
        "\t\r\n",
        "null",
        "..",
        "../..",
        "a b",
        "%",
        "%00",
        "'; DROP TABLE log; --",
        "\"",
        "\\",
        "-1",
        "+5",
        "1_000",
        "18446744073709551615",
        "18446744073709551616",
        "9223372036854775808",
        "\u{202E}abc",
        "e\u{301}",
        "\u{1F6CE}\u{FE0F}",
        "\u{FFFD}\u{FFFF}",
        "\u{2003}",
        "okafor-101\u{0}",
    ];
    prop_oneof![
        4 => select(&TEXTS).prop_map(str::to_owned),
        2 => vec(any::<char>(), 0..12).prop_map(String::from_iter),
        1 => (any::<char>(), select(&[64_usize, 65, 101, 200])).prop_map(|(it, times)| it.to_string().repeat(times)),
    ]
}

/// What a header can carry at all.
fn odd_header() -> impl Strategy<Value = String> {
    const TEXTS: [&str; 14] = [
        "",
        "*",
        "3",
        "\"3\"",
        "W/\"3\"",
        "\"3\", \"4\"",
        "\"18446744073709551616\"",
        "\"a\"b\"",
        "a b",
        "null",
        "-1",
        "http://elsewhere.example",
        "18446744073709551615",
        "9223372036854775808",
    ];
    prop_oneof![
        3 => select(&TEXTS).prop_map(str::to_owned),
        1 => vec(proptest::char::range(' ', '~'), 0..200).prop_map(String::from_iter),
        1 => vec(proptest::char::range('\u{A1}', '\u{17F}'), 1..5).prop_map(String::from_iter),
    ]
}

/// JSON values of all kinds, and some that are none; as text, because not everything can be held by a number.
fn odd_json() -> impl Strategy<Value = String> {
    const VALUES: [&str; 30] = [
        "null",
        "true",
        "0",
        "-0",
        "-1",
        "1.5",
        "1e2",
        "1e400",
        "-1e-400",
        "65535",
        "65536",
        "2147483648",
        "9007199254740993",
        "9223372036854775808",
        "18446744073709551616",
        "123456789012345678901234567890",
        "[]",
        "{}",
        "[[]]",
        "{\"a\":{}}",
        "\"\\ud800\"",
        "\"\\u0000\"",
        "\"0.00\"",
        "\"-5\"",
        "\"1000000.01\"",
        "\"0.001\"",
        "\"99999999999999999999999999999999\"",
        "\"P366D\"",
        "\"PT0.000001S\"",
        "NaN",
    ];
    prop_oneof![
        3 => select(&VALUES).prop_map(str::to_owned),
        2 => odd_text().prop_map(|it| Value::String(it).to_string()),
        1 => any::<i64>().prop_map(|it| it.to_string()),
        1 => any::<f64>().prop_map(|it| it.to_string()),
        1 => vec(odd_text(), 0..3).prop_map(|it| Value::from(it).to_string()),
    ]
}

/// The request with all its faults.
pub(super) fn with_faults(mut draft: Draft, faults: Vec<Fault>) -> Request {
    let (mut on_the_draft, mut later) = (Vec::new(), Vec::new());
    for fault in faults {
        let is_early = matches!(
            fault,
            Fault::Field(..) | Fault::UnknownField(..) | Fault::PathValue(..) | Fault::Query(..)
        );
        if is_early { on_the_draft.push(fault) } else { later.push(fault) }
    }
    on_the_draft.into_iter().for_each(|it| it.change(&mut draft));
    let mut request = draft.written();
    // What is large stays written in short when nothing is done to it any more, and one such fault is enough.
    let (large, mut later): (Vec<_>, Vec<_>) = later.into_iter().partition(Fault::is_large);
    later.extend(large.into_iter().next());
    later.into_iter().for_each(|it| it.damage(&mut request));
    request
}

impl Fault {
    fn is_large(&self) -> bool {
        matches!(self, Self::Body(BodyFault::Large(_) | BodyFault::Deep(_)))
    }

    fn change(self, draft: &mut Draft) {
        match self {
            Self::Field(at, fault) => {
                let Some(fields) = draft.body.as_mut().filter(|it| !it.is_empty()) else { return };
                let at = at.index(fields.len());
                match fault {
                    FieldFault::Missing => drop(fields.remove(at)),
                    FieldFault::Twice => fields.push(fields[at].clone()),
                    FieldFault::Value(value) => fields[at].1 = value,
                }
            }
            Self::UnknownField(name, value) => {
                draft.body.iter_mut().for_each(|it| it.push((name.clone(), value.clone())));
            }
            Self::PathValue(at, text) if !draft.path.is_empty() => {
                let at = at.index(draft.path.len());
                draft.path[at].1 = text;
            }
            Self::Query(name, text) => draft.query.push((name, text)),
            _ => {}
        }
    }

    fn damage(self, request: &mut Request) {
        let is_kind = |it: &(String, String)| it.0 == "content-type";
        match self {
            Self::Header(name, text) => request.headers.push((name.into(), text)),
            Self::NoContentType => request.headers.retain(|it| !is_kind(it)),
            Self::ContentType(kind) => {
                request.headers.iter_mut().filter(|it| is_kind(it)).for_each(|it| it.1 = kind.into());
            }
            Self::Body(fault) => request.body = fault.damage(request.body.bytes()),
            Self::Method(method) => request.method = method.into(),
            Self::PathEnd(end) => request.path.push_str(end),
            Self::LongPath(length) => request.path.push_str(&"x".repeat(length)),
            _ => {}
        }
    }
}

impl BodyFault {
    fn damage(self, mut body: Vec<u8>) -> Body {
        match self {
            Self::Truncated(at) => {
                let at = at.index(body.len() + 1);
                body.truncate(at);
            }
            Self::Garbled(at, byte) if !body.is_empty() => {
                let at = at.index(body.len());
                body[at] = byte;
            }
            Self::Garbled(..) => {}
            Self::InAList => body = [b"[".as_slice(), &body, b"]"].concat(),
            Self::Followed(end) => body.extend_from_slice(end.as_bytes()),
            Self::Instead(json) => body = json.into_bytes(),
            // Spaces are allowed there, so the size alone is wrong.
            Self::Large(times) => {
                let before = String::from_utf8(body).unwrap_or_default();
                return Body::Repeated { before, again: " ".into(), times, after: String::new() };
            }
            Self::Deep(times) => {
                let before = "{\"amount\":".into();
                return Body::Repeated { before, again: "[".into(), times, after: String::new() };
            }
        }
        body.into()
    }
}
