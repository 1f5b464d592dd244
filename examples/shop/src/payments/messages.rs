use std::fmt;

use jiff::Timestamp;
use procession::{Command, Event, PublicEvent};
use serde::{Deserialize, Serialize};

use super::Payment;
use crate::{Money, OrderId, PaymentId};

/// Asks the client for money.
#[derive(Command, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[command(to = Payment, id = payment)]
pub struct RequestPayment {
    /// The payment.
    pub payment: PaymentId,
    /// The order that is to be paid.
    pub order: OrderId,
    /// How much.
    pub amount: Money,
}

impl RequestPayment {
    /// Asks for the price of an order.
    #[must_use]
    pub fn of(order: OrderId, amount: Money) -> Self {
        Self { payment: PaymentId::of(&order), order, amount }
    }
}

/// The provider has taken the client's money.
#[derive(Command, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[command(to = Payment, id = payment)]
pub struct CompletePayment {
    /// The payment.
    pub payment: PaymentId,
}

/// The provider has declined to take the client's money.
#[derive(Command, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[command(to = Payment, id = payment)]
pub struct DeclinePayment {
    /// The payment.
    pub payment: PaymentId,
}

/// Gives a payment up: what was paid goes back, what was not is not taken any more.
///
/// It is always answered with [`PaymentFailed`], at once or when the money is back.
#[derive(Command, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[command(to = Payment, id = payment)]
pub struct DiscardPayment {
    /// The payment.
    pub payment: PaymentId,
    /// Why.
    pub reason: PaymentFailure,
}

/// The provider has given the money back.
#[derive(Command, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[command(to = Payment, id = payment)]
pub struct RecordRefund {
    /// The payment.
    pub payment: PaymentId,
}

/// The client is asked for money.
#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
pub struct PaymentRequested {
    /// The payment.
    pub payment: PaymentId,
    /// The order that is to be paid.
    pub order: OrderId,
    /// How much.
    pub amount: Money,
    /// When.
    pub at: Timestamp,
}

/// The money is here.
#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
pub struct PaymentCompleted {
    /// The payment.
    pub payment: PaymentId,
    /// How much.
    pub amount: Money,
    /// When.
    pub at: Timestamp,
}

/// The provider has declined.
#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
pub struct PaymentDeclined {
    /// The payment.
    pub payment: PaymentId,
    /// When.
    pub at: Timestamp,
}

/// The payment is given up.
#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
pub struct PaymentDiscarded {
    /// The payment.
    pub payment: PaymentId,
    /// Why.
    pub reason: PaymentFailure,
    /// When.
    pub at: Timestamp,
}

/// Money that is here must go back to the client.
#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
pub struct RefundRequested {
    /// The payment.
    pub payment: PaymentId,
    /// How much.
    pub amount: Money,
    /// When.
    pub at: Timestamp,
}

/// The money has gone back to the client.
#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
pub struct PaymentRefunded {
    /// The payment.
    pub payment: PaymentId,
    /// How much.
    pub amount: Money,
    /// When.
    pub at: Timestamp,
}

/// An order is paid.
#[derive(PublicEvent, Serialize, Deserialize, Debug, Clone, PartialEq)]
pub struct PaymentFinalized {
    /// The order.
    pub order: OrderId,
    /// The payment.
    pub payment: PaymentId,
    /// How much.
    pub amount: Money,
}

/// Nothing is kept for an order: nothing was taken, or all of it has gone back.
///
/// It may be told more than once: when a payment is given up, and when money that has come after that has gone back.
#[derive(PublicEvent, Serialize, Deserialize, Debug, Clone, PartialEq)]
pub struct PaymentFailed {
    /// The order.
    pub order: OrderId,
    /// The payment.
    pub payment: PaymentId,
    /// Why.
    pub reason: PaymentFailure,
}

/// Why there is no money.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaymentFailure {
    /// Nobody wants it any more.
    Discarded,
    /// The provider has declined.
    Declined,
    /// It did not come in time.
    TimedOut,
}

impl fmt::Display for PaymentFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Discarded => "was discarded",
            Self::Declined => "was declined",
            Self::TimedOut => "has timed out",
        })
    }
}
