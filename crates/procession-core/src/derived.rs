//! What the derives write calls these.

use std::fmt::Display;

use crate::{DecodeError, Message};

/// The name of an event. That it takes the event makes a variant's field one that is read, so that the compiler does
/// not warn of an event whose fields nobody folds.
pub fn name<M: Message>(_: &M) -> &'static str {
    M::NAME
}

/// Reads the payload of an event.
///
/// # Errors
/// When the payload does not fit the type.
pub fn decode<M: Message>(payload: &str) -> Result<M, DecodeError> {
    crate::engine::decode(M::NAME, payload)
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
