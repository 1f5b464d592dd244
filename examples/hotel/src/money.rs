use std::{
    fmt,
    ops::{AddAssign, SubAssign},
    str::FromStr,
};

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// A sum of money, exact to the cent, of any sign.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Money(Decimal);

/// A positive sum of money that somebody may charge or pay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Amount(Decimal);

/// Text or a number that cannot be an amount.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidAmount {
    /// It is no number.
    #[error("{0:?} is no amount: write it like 99.50")]
    NotANumber(String),
    /// It is zero or negative.
    #[error("{0} is no amount: it must be more than zero")]
    NotPositive(Decimal),
    /// It is more than anybody pays at a front desk.
    #[error("{0} is no amount: it must not be more than {max}", max = Amount::LARGEST)]
    TooLarge(Decimal),
    /// It has parts of a cent.
    #[error("{0} is no amount: there is nothing smaller than a cent")]
    TooPrecise(Decimal),
}

impl Amount {
    /// The largest amount of one charge or payment.
    pub const LARGEST: Decimal = Decimal::from_parts(100_000_000, 0, 0, false, 2);

    /// The amount as a sum.
    #[must_use]
    pub fn money(self) -> Money {
        Money(self.0)
    }
}

impl TryFrom<Decimal> for Amount {
    type Error = InvalidAmount;

    fn try_from(value: Decimal) -> Result<Self, InvalidAmount> {
        if value <= Decimal::ZERO {
            return Err(InvalidAmount::NotPositive(value));
        }
        if value > Self::LARGEST {
            return Err(InvalidAmount::TooLarge(value));
        }
        if value.normalize().scale() > 2 {
            return Err(InvalidAmount::TooPrecise(value));
        }
        Ok(Self(value))
    }
}

impl FromStr for Amount {
    type Err = InvalidAmount;

    fn from_str(text: &str) -> Result<Self, InvalidAmount> {
        decimal(text)?.try_into()
    }
}

/// The library would also take `+5`, `.5` and `1_000`, which are no amounts on a bill.
fn decimal(text: &str) -> Result<Decimal, InvalidAmount> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let is_plain = digits.split('.').all(|it| !it.is_empty() && it.bytes().all(|it| it.is_ascii_digit()));
    let number = Decimal::from_str_exact(text).ok().filter(|_| is_plain);
    number.ok_or_else(|| InvalidAmount::NotANumber(text.chars().take(40).collect()))
}

impl TryFrom<String> for Amount {
    type Error = InvalidAmount;

    fn try_from(text: String) -> Result<Self, InvalidAmount> {
        text.parse()
    }
}

impl TryFrom<String> for Money {
    type Error = InvalidAmount;

    fn try_from(text: String) -> Result<Self, InvalidAmount> {
        let value = decimal(&text)?;
        // It would be written without what is smaller than a cent, and be another sum when it is read again.
        if value.normalize().scale() > 2 {
            return Err(InvalidAmount::TooPrecise(value));
        }
        // With its cents it would have more digits than can be read.
        let mut with_cents = value;
        with_cents.rescale(2);
        if with_cents.scale() < 2 {
            return Err(InvalidAmount::NotANumber(text.chars().take(40).collect()));
        }
        Ok(Self(value))
    }
}

impl From<Amount> for String {
    fn from(amount: Amount) -> Self {
        amount.to_string()
    }
}

impl From<Money> for String {
    fn from(money: Money) -> Self {
        money.to_string()
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.2}", self.0)
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.2}", self.0)
    }
}

impl Money {
    /// Whether nobody owes anything.
    #[must_use]
    pub fn is_zero(self) -> bool {
        self.0.is_zero()
    }

    /// What a guest with this balance still has to pay, if anything.
    #[must_use]
    pub fn owed(self) -> Option<Amount> {
        Amount::try_from(-self.0).ok()
    }
}

impl AddAssign<Amount> for Money {
    fn add_assign(&mut self, amount: Amount) {
        self.0 += amount.0;
    }
}

impl SubAssign<Amount> for Money {
    fn sub_assign(&mut self, amount: Amount) {
        self.0 -= amount.0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_exact() {
        let mut balance = Money::default();
        for _ in 0..10 {
            balance -= "0.10".parse().unwrap();
        }
        balance += "1.00".parse().unwrap();
        assert!(balance.is_zero());
    }

    #[test]
    fn absurd_amounts_are_refused_with_a_reason() {
        let refused = |text: &str| text.parse::<Amount>().unwrap_err().to_string();
        assert_eq!(refused("-5"), "-5 is no amount: it must be more than zero");
        assert_eq!(refused("0.00"), "0.00 is no amount: it must be more than zero");
        assert_eq!(refused("1000000.01"), "1000000.01 is no amount: it must not be more than 1000000.00");
        assert_eq!(refused("0.001"), "0.001 is no amount: there is nothing smaller than a cent");
        assert_eq!(refused("NaN"), "\"NaN\" is no amount: write it like 99.50");
        for text in ["1e400", "+5", "1_000", ".5", "5.", "1.2.3", ""] {
            assert_eq!(refused(text), format!("{text:?} is no amount: write it like 99.50"));
        }
    }

    #[test]
    fn a_sum_that_is_written_is_the_same_when_it_is_read_again() {
        let read = |text: &str| Money::try_from(text.to_owned());
        assert_eq!(String::from(read("-12.5").unwrap()), "-12.50");
        assert!(read("15555555555555555555555550001").is_err());
        assert_eq!(
            read("0.001").unwrap_err().to_string(),
            "0.001 is no amount: there is nothing smaller than a cent"
        );
    }

    #[test]
    fn an_amount_is_written_with_its_cents() {
        assert_eq!("7.5".parse::<Amount>().unwrap().to_string(), "7.50");
        assert_eq!(serde_json::to_string(&"7".parse::<Amount>().unwrap()).unwrap(), "\"7.00\"");
    }
}
