use std::{fmt, str::FromStr, sync::Arc};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Text that cannot be a name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} cannot be a name: use 1 to 64 letters, digits, `-`, `_` and `.`")]
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

macro_rules! names {
    ($($(#[$doc:meta])+ $name:ident)+) => {$(
        $(#[$doc])+
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String")]
        pub struct $name(Arc<str>);

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

names! {
    /// Names one shopping cart.
    CartId
    /// Names a client of the shop.
    ClientId
    /// Names a product.
    ProductId
    /// Names a warehouse.
    WarehouseId
}

impl WarehouseId {
    /// The one warehouse that this shop has.
    #[must_use]
    pub fn main() -> Self {
        Self("main".into())
    }
}

/// An id that follows from another one: asked twice, the answer is the same, so that a message that comes again finds what
/// it made the first time.
macro_rules! derived {
    ($($(#[$doc:meta])+ $name:ident of $source:ident)+) => {$(
        $(#[$doc])+
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// The one that belongs to another id, always the same.
            #[must_use]
            pub fn of(source: &$source) -> Self {
                let name = format!("{}/{source}", stringify!($name));
                Self(Uuid::new_v5(&SHOP, name.as_bytes()))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, uuid::Error> {
                text.parse().map(Self)
            }
        }
    )+};
}

/// The namespace of all ids that are derived here. It must never change.
const SHOP: Uuid = Uuid::from_u128(0x6f2b_8f0e_53d1_4c0b_9a57_0d3c_51a8_77e4);

derived! {
    /// Names the order that a confirmed cart becomes.
    OrderId of CartId
    /// Names the payment of an order.
    PaymentId of OrderId
    /// Names the shipment of an order.
    ShipmentId of OrderId
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_short_and_plain() {
        assert!("cart-1.a_B".parse::<CartId>().is_ok());
        for text in ["", " ", "a b", "a/b", "\u{1F6D2}", &"x".repeat(65)] {
            assert!(text.parse::<CartId>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn known_defect_random_ids_every_id_follows_from_the_cart() {
        let order = OrderId::of(&"cart-1".parse().unwrap());
        assert_eq!(order, OrderId::of(&"cart-1".parse().unwrap()));
        assert_ne!(order, OrderId::of(&"cart-2".parse().unwrap()));
        assert_ne!(PaymentId::of(&order).0, ShipmentId::of(&order).0);
        // A changed derivation would let a message that comes again after an update make a second order.
        assert_eq!(order.to_string(), "3ff582e7-c557-547e-bf79-a4b4a04469d8");
    }
}
