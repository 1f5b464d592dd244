use std::{fmt, str::FromStr, sync::Arc};

use serde::Deserialize;

/// What a guest is called elsewhere: an e-mail address, the number at a channel.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct GuestExternalId(Arc<str>);

/// Text that cannot be a guest's id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} cannot be a guest's id: use 1 to 100 visible ASCII characters, like an e-mail address")]
pub struct InvalidGuest(String);

impl GuestExternalId {
    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for GuestExternalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for GuestExternalId {
    type Err = InvalidGuest;

    fn from_str(text: &str) -> Result<Self, InvalidGuest> {
        if text.is_empty() || text.len() > 100 || !text.bytes().all(|it| it.is_ascii_graphic()) {
            return Err(InvalidGuest(text.chars().take(80).collect()));
        }
        Ok(Self(text.into()))
    }
}

impl TryFrom<String> for GuestExternalId {
    type Error = InvalidGuest;

    fn try_from(text: String) -> Result<Self, InvalidGuest> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::GuestExternalId;

    #[test]
    fn a_guest_has_an_address_or_a_number_elsewhere() {
        for text in ["amara@example.com", "8845/17", "x"] {
            assert!(text.parse::<GuestExternalId>().is_ok(), "{text}");
        }
        for text in ["", " ", "a b", "\u{1F6CE}", "a\n", &"x".repeat(101)] {
            assert!(text.parse::<GuestExternalId>().is_err(), "{text:?}");
        }
    }
}
