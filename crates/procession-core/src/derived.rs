//! What the derives write calls these.

use std::fmt::Display;

use crate::{DecodeError, Message};

pub use crate::message::kind;

/// The name of an event. That it takes the event makes a variant's field one that is read, so that the compiler does
/// not warn of an event whose fields nobody folds.
pub fn name<M: Message>(_: &M) -> &'static str {
    M::NAME
}

/// Reads the payload of an event.
///
/// # Errors
/// When the payload does not fit the type.
pub fn decode<M: Message>(schema_version: u16, payload: &str) -> Result<M, DecodeError> {
    crate::engine::decode(schema_version, payload)
}

/// Reads a payload that was written with an older schema version, as its older shape.
///
/// # Errors
/// When the version is newer than the message's own, or no older shape is known, or the payload does not fit.
pub fn upcast<M: Message + From<Older>, Older: Message>(
    schema_version: u16,
    payload: &str,
) -> Result<M, DecodeError> {
    if schema_version > M::SCHEMA_VERSION {
        return Err(DecodeError::SchemaVersion {
            name: M::NAME.into(),
            found: schema_version,
            known: M::SCHEMA_VERSION,
        });
    }
    decode::<Older>(schema_version, payload).map(M::from)
}

/// Whether two names are the same, asked by the compiler.
#[must_use]
pub const fn same(one: &str, other: &str) -> bool {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    let mut index = 0;
    while index < one.len() && index < other.len() {
        if one[index] != other[index] {
            return false;
        }
        index += 1;
    }
    one.len() == other.len()
}

/// The error for an event that no variant holds.
///
/// # Errors
/// Always.
pub fn unknown<T>(name: &str, known: &'static [&'static str]) -> Result<T, DecodeError> {
    Err(DecodeError::UnknownEvent { name: name.into(), known })
}

/// The id of the instance that a command is addressed to.
pub fn target(id: &impl NamesAnInstance) -> String {
    id.text()
}

/// A field that can name an instance.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot name the instance that a command is addressed to",
    label = "has no text",
    note = "implement `Display` for `{Self}`; its text is the id of the instance"
)]
pub trait NamesAnInstance {
    /// The id of the instance.
    fn text(&self) -> String;
}

#[diagnostic::do_not_recommend]
impl<T: Display> NamesAnInstance for T {
    fn text(&self) -> String {
        self.to_string()
    }
}
