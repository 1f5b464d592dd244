use std::{
    fmt,
    iter::Sum,
    ops::{Add, Mul},
    str::FromStr,
};

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// A sum of money, exact to the cent, that is not negative.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Money(Decimal);

/// How many pieces of a product: at least one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct Quantity(u32);

/// Text or a number that cannot be a sum of money.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidMoney {
    /// It is no number.
    #[error("{0:?} is no sum of money: write it like \"99.50\"")]
    NotANumber(String),
    /// It is less than nothing.
    #[error("{0} is no sum of money here: it must not be negative")]
    Negative(Decimal),
    /// It is more than anybody pays in this shop.
    #[error("{0} is too much: a sum must not be more than {max}", max = Money::LARGEST)]
    TooLarge(Decimal),
    /// It has parts of a cent.
    #[error("{0} is no sum of money: there is nothing smaller than a cent")]
    TooPrecise(Decimal),
}

/// A number that cannot be a quantity.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0} is no quantity: it must be from 1 to {max}", max = Quantity::LARGEST.0)]
pub struct InvalidQuantity(u32);

impl Money {
    /// The largest price, and the largest total of a cart.
    pub const LARGEST: Self = Self(Decimal::from_parts(100_000_000, 0, 0, false, 2));

    /// Whether it is nothing.
    #[must_use]
    pub fn is_zero(self) -> bool {
        self.0.is_zero()
    }
}

impl TryFrom<Decimal> for Money {
    type Error = InvalidMoney;

    fn try_from(value: Decimal) -> Result<Self, InvalidMoney> {
        if value < Decimal::ZERO {
            return Err(InvalidMoney::Negative(value));
        }
        if value > Self::LARGEST.0 {
            return Err(InvalidMoney::TooLarge(value));
        }
        if value.normalize().scale() > 2 {
            return Err(InvalidMoney::TooPrecise(value));
        }
        Ok(Self(value))
    }
}

impl FromStr for Money {
    type Err = InvalidMoney;

    fn from_str(text: &str) -> Result<Self, InvalidMoney> {
        let number = Decimal::from_str_exact(text);
        number.map_err(|_| InvalidMoney::NotANumber(text.chars().take(40).collect()))?.try_into()
    }
}

impl TryFrom<String> for Money {
    type Error = InvalidMoney;

    fn try_from(text: String) -> Result<Self, InvalidMoney> {
        text.parse()
    }
}

impl From<Money> for String {
    fn from(money: Money) -> Self {
        money.to_string()
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.2}", self.0)
    }
}

impl Add for Money {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl Mul<Quantity> for Money {
    type Output = Self;

    fn mul(self, quantity: Quantity) -> Self {
        Self(self.0 * Decimal::from(quantity.0))
    }
}

impl Sum for Money {
    fn sum<I: Iterator<Item = Self>>(sums: I) -> Self {
        sums.fold(Self::default(), Add::add)
    }
}

impl Quantity {
    /// The most pieces of one product in one cart or delivery.
    pub const LARGEST: Self = Self(10_000);

    /// As a plain number.
    #[must_use]
    pub fn count(self) -> u32 {
        self.0
    }

    /// Both together, unless that is too much.
    #[must_use]
    pub fn plus(self, more: Self) -> Option<Self> {
        self.0.checked_add(more.0)?.try_into().ok()
    }

    /// What is left, if anything is.
    #[must_use]
    pub fn minus(self, less: Self) -> Option<Self> {
        self.0.checked_sub(less.0)?.try_into().ok()
    }
}

impl TryFrom<u32> for Quantity {
    type Error = InvalidQuantity;

    fn try_from(count: u32) -> Result<Self, InvalidQuantity> {
        if count == 0 || count > Self::LARGEST.0 { Err(InvalidQuantity(count)) } else { Ok(Self(count)) }
    }
}

impl From<Quantity> for u32 {
    fn from(quantity: Quantity) -> Self {
        quantity.0
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn money(text: &str) -> Money {
        text.parse().unwrap()
    }

    #[test]
    fn sums_are_exact() {
        let three = Quantity::try_from(3).unwrap();
        assert_eq!(money("0.10") * three + money("0.2"), money("0.50"));
        assert_eq!([money("0.1"), money("0.2")].into_iter().sum::<Money>(), money("0.3"));
    }

    #[test]
    fn absurd_sums_are_refused_with_a_reason() {
        let refused = |text: &str| text.parse::<Money>().unwrap_err().to_string();
        assert_eq!(refused("-5"), "-5 is no sum of money here: it must not be negative");
        assert_eq!(refused("1000000.01"), "1000000.01 is too much: a sum must not be more than 1000000.00");
        assert_eq!(refused("0.001"), "0.001 is no sum of money: there is nothing smaller than a cent");
        assert_eq!(refused("NaN"), "\"NaN\" is no sum of money: write it like \"99.50\"");
    }

    #[test]
    fn a_sum_is_written_with_its_cents_and_read_back() {
        assert_eq!(serde_json::to_string(&money("7")).unwrap(), "\"7.00\"");
        assert_eq!(serde_json::from_str::<Money>("\"7.00\"").unwrap(), money("7"));
    }

    #[test]
    fn a_quantity_is_at_least_one_and_has_a_limit() {
        assert!(Quantity::try_from(0).is_err() && Quantity::try_from(10_001).is_err());
        assert_eq!(Quantity::LARGEST.plus(Quantity(1)), None);
        assert_eq!(Quantity(2).minus(Quantity(2)), None);
        assert_eq!(Quantity(2).minus(Quantity(1)), Some(Quantity(1)));
    }
}
