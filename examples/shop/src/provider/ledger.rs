use std::collections::BTreeMap;

use super::{Charge, Movement, Outcome, Refund, Transaction};
use crate::{Money, PaymentId};

/// All charges, and all money that has moved.
#[derive(Debug, Default)]
pub struct Ledger {
    charges: BTreeMap<PaymentId, Charged>,
    transactions: Vec<Transaction>,
}

#[derive(Debug)]
struct Charged {
    amount: Money,
    answer_to: String,
    outcome: Option<Outcome>,
    is_refunded: bool,
}

/// Why a charge or a refund is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LedgerError {
    /// The same payment is to be charged with another amount.
    #[error("this payment was charged before, with another amount")]
    OtherAmount,
    /// There is no money to give back.
    #[error("no such amount was taken for this payment, so none can go back")]
    NothingTaken,
}

impl Ledger {
    /// Notes a charge, and where its answer goes now. Returns whether it is new.
    ///
    /// # Errors
    /// When it was noted before, with another amount.
    pub fn charge(&mut self, charge: Charge) -> Result<bool, LedgerError> {
        let Charge { payment, amount, answer_to } = charge;
        match self.charges.get_mut(&payment) {
            Some(known) if known.amount != amount => Err(LedgerError::OtherAmount),
            Some(known) => {
                known.answer_to = answer_to;
                Ok(false)
            }
            None => {
                self.charges
                    .insert(payment, Charged { amount, answer_to, outcome: None, is_refunded: false });
                Ok(true)
            }
        }
    }

    /// Settles a charge, once.
    pub fn settle(&mut self, payment: PaymentId, outcome: Outcome) {
        let Some(charged) = self.charges.get_mut(&payment).filter(|it| it.outcome.is_none()) else { return };
        charged.outcome = Some(outcome);
        if outcome == Outcome::Completed {
            let (movement, amount) = (Movement::Charged, charged.amount);
            self.transactions.push(Transaction { payment, movement, amount });
        }
    }

    /// Gives money back, once.
    ///
    /// # Errors
    /// When this amount was not taken.
    pub fn refund(&mut self, refund: &Refund) -> Result<(), LedgerError> {
        let Refund { payment, amount } = *refund;
        let taken = |it: &&mut Charged| it.outcome == Some(Outcome::Completed) && it.amount == amount;
        let charged = self.charges.get_mut(&payment).filter(taken).ok_or(LedgerError::NothingTaken)?;
        if !std::mem::replace(&mut charged.is_refunded, true) {
            self.transactions.push(Transaction { payment, movement: Movement::Refunded, amount });
        }
        Ok(())
    }

    /// What came of a charge, and where to say so; none before it is settled.
    #[must_use]
    pub fn answer(&self, payment: PaymentId) -> Option<(String, Outcome)> {
        let charged = self.charges.get(&payment)?;
        Some((charged.answer_to.clone(), charged.outcome?))
    }

    /// All money that has moved, in order.
    #[must_use]
    pub fn transactions(&self) -> &[Transaction] {
        &self.transactions
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::OrderId;

    fn payment() -> PaymentId {
        PaymentId::of(&OrderId::of(&"c".parse().unwrap()))
    }

    fn charge(amount: &str) -> Charge {
        Charge { payment: payment(), amount: amount.parse().unwrap(), answer_to: "http://shop".into() }
    }

    fn refund(amount: &str) -> Refund {
        Refund { payment: payment(), amount: amount.parse().unwrap() }
    }

    #[test]
    fn money_moves_once_in_each_direction_however_often_it_is_asked_for() {
        let mut ledger = Ledger::default();
        assert_eq!((ledger.charge(charge("5")), ledger.charge(charge("5"))), (Ok(true), Ok(false)));
        for _ in 0..2 {
            ledger.settle(payment(), Outcome::Completed);
        }
        assert_eq!((ledger.refund(&refund("5")), ledger.refund(&refund("5"))), (Ok(()), Ok(())));
        let movements: Vec<Movement> = ledger.transactions().iter().map(|it| it.movement).collect();
        assert_eq!(movements, [Movement::Charged, Movement::Refunded]);
    }

    #[test]
    fn nothing_goes_back_that_was_not_taken() {
        let mut ledger = Ledger::default();
        assert_eq!(ledger.refund(&refund("5")), Err(LedgerError::NothingTaken));
        ledger.charge(charge("5")).unwrap();
        assert_eq!(ledger.refund(&refund("5")), Err(LedgerError::NothingTaken));
        ledger.settle(payment(), Outcome::Declined);
        ledger.settle(payment(), Outcome::Completed);
        assert_eq!(ledger.refund(&refund("5")), Err(LedgerError::NothingTaken));
        assert_eq!(ledger.transactions(), []);
    }

    #[test]
    fn a_payment_has_one_amount() {
        let mut ledger = Ledger::default();
        ledger.charge(charge("5")).unwrap();
        assert_eq!(ledger.charge(charge("6")), Err(LedgerError::OtherAmount));
    }

    #[test]
    fn the_answer_goes_where_the_last_question_came_from() {
        let mut ledger = Ledger::default();
        ledger.charge(charge("5")).unwrap();
        assert_eq!(ledger.answer(payment()), None);
        ledger.settle(payment(), Outcome::Completed);
        ledger.charge(Charge { answer_to: "http://moved".into(), ..charge("5") }).unwrap();
        assert_eq!(ledger.answer(payment()), Some(("http://moved".into(), Outcome::Completed)));
    }
}
