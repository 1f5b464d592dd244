use std::{fmt, str::FromStr, sync::Arc};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Text that cannot be an id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} cannot be an id: use 1 to 64 letters, digits, `-`, `_` and `.`")]
pub struct InvalidName {
    text: String,
}

fn parse(text: &str) -> Result<Arc<str>, InvalidName> {
    let is_allowed = |it: char| it.is_ascii_alphanumeric() || "-_.".contains(it);
    if text.is_empty() || text.len() > 64 || !text.chars().all(is_allowed) {
        return Err(InvalidName { text: text.chars().take(80).collect() });
    }
    Ok(text.into())
}

macro_rules! ids {
    ($($(#[$doc:meta])+ $name:ident)+) => {$(
        $(#[$doc])+
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String")]
        pub struct $name(Arc<str>);

        impl $name {
            /// The id as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = InvalidName;

            fn from_str(text: &str) -> Result<Self, InvalidName> {
                parse(text).map(Self)
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidName;

            fn try_from(text: String) -> Result<Self, InvalidName> {
                text.parse()
            }
        }
    )+};
}

ids! {
    /// Names one guest's stay.
    GuestStayId
    /// Names one group checkout.
    GroupCheckoutId
    /// Names a clerk at the front desk.
    ClerkId
    /// Names one reservation.
    ReservationId
    /// Names a guest, before and after a stay.
    GuestId
    /// Names somebody else who sells the hotel's rooms.
    ChannelId
    /// Names a booking, as the channel that has made it knows it.
    BookingId
}

impl ReservationId {
    pub(crate) fn derived(kind: &str, id: Uuid) -> Self {
        Self(format!("{kind}-{id}").into())
    }
}

impl GuestId {
    pub(crate) fn derived(kind: &str, id: Uuid) -> Self {
        Self(format!("{kind}-{id}").into())
    }
}

#[cfg(test)]
mod tests {
    use super::GuestStayId;

    #[test]
    fn an_id_is_short_and_plain() {
        assert!("stay-1.a_B".parse::<GuestStayId>().is_ok());
        for text in ["", " ", "a b", "a/b", "\u{1F6CE}", &"x".repeat(65)] {
            assert!(text.parse::<GuestStayId>().is_err(), "{text:?}");
        }
    }
}
