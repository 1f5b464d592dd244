use serde::{Deserialize, Serialize};

use crate::{Money, PaymentId};

/// Asks to take a client's money.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Charge {
    /// What makes it recognisable: charged once, however often it is asked for.
    pub payment: PaymentId,
    /// How much.
    pub amount: Money,
    /// Where to post the [`Answer`].
    pub answer_to: String,
}

/// Asks to give a client's money back.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Refund {
    /// The payment that was charged.
    pub payment: PaymentId,
    /// How much: all of it.
    pub amount: Money,
}

/// What came of a charge.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// Whether the money was taken.
    pub outcome: Outcome,
}

/// Whether the money of a charge was taken.
#[derive(Serialize, Deserialize, Debug, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It was.
    Completed,
    /// It was not, and will not be.
    Declined,
}

/// Money that has moved.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq)]
pub struct Transaction {
    /// The payment.
    pub payment: PaymentId,
    /// In which direction.
    pub movement: Movement,
    /// How much.
    pub amount: Money,
}

/// In which direction money has moved.
#[derive(Serialize, Deserialize, Debug, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum Movement {
    /// From the client to the shop.
    Charged,
    /// Back.
    Refunded,
}

/// What a provider was asked, and what was heard of its answers, since it was started.
#[derive(Serialize, Deserialize, Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Charges that were asked for; the same one counts each time.
    pub charges_asked: u64,
    /// Refunds that were asked for; the same one counts each time.
    pub refunds_asked: u64,
    /// Answers to charges that the one who asked has heard; the same one counts each time.
    pub answers_heard: u64,
}
