use std::{
    fmt,
    sync::{Arc, Mutex},
    time::Duration,
};

use jiff::Timestamp;
use procession::check::simulate::Outside;
use shop::{
    PaymentId,
    gateway::CallError,
    payments::{CompletePayment, DeclinePayment},
    provider::{Charge, Charges, Ledger, Movement, Outcome, Refund, Said},
};

/// A provider with the real books, whose line is bad.
#[derive(Clone)]
pub(crate) struct BadLine {
    ledger: Arc<Mutex<Ledger>>,
    away_until: Arc<Mutex<Timestamp>>,
    outside: Outside,
}

impl BadLine {
    pub(crate) fn to(outside: &Outside) -> Self {
        let away_until = Arc::new(Mutex::new(Timestamp::MIN));
        Self { ledger: Arc::default(), away_until, outside: outside.clone() }
    }

    /// Which money has moved for a payment.
    pub(crate) fn moved(&self, payment: PaymentId) -> Vec<Movement> {
        let ledger = self.ledger.lock().unwrap();
        ledger.transactions().iter().filter(|it| it.payment == payment).map(|it| it.movement).collect()
    }

    /// A question takes its time, and may not arrive. Now and then nothing arrives for a while.
    async fn reach(&self) -> Result<(), CallError> {
        tokio::time::sleep(self.outside.pause(Duration::from_secs(40))).await;
        let now = self.outside.now();
        if self.outside.goes_wrong(0.05) {
            let away = self.outside.pause(Duration::from_secs(10 * 60));
            *self.away_until.lock().unwrap() = now.checked_add(away).unwrap();
        }
        let is_away = now < *self.away_until.lock().unwrap() && self.outside.goes_wrong(1.0);
        if is_away || self.outside.goes_wrong(0.2) { Err(lost("it is away")) } else { Ok(()) }
    }

    /// What it says may be lost on the way back.
    fn hear(&self) -> Result<(), CallError> {
        if self.outside.goes_wrong(0.1) { Err(lost("the line is dead")) } else { Ok(()) }
    }

    /// Takes the money, or not, or says nothing. What it says comes later.
    fn take(&self, charge: Charge) -> Result<(), CallError> {
        let payment = charge.payment;
        let mut ledger = self.ledger.lock().unwrap();
        let is_new = ledger.charge(charge).map_err(|_| refused())?;
        let says = self.outside.one_of(&[
            Some(Outcome::Completed),
            Some(Outcome::Completed),
            Some(Outcome::Declined),
            None,
        ]);
        if let Some(outcome) = says.filter(|_| is_new) {
            ledger.settle(payment, outcome);
        }
        let later = self.outside.pause(Duration::from_secs(20 * 60));
        match ledger.answer(payment) {
            Some((_, Outcome::Completed)) => self.outside.tells_after(later, CompletePayment { payment }),
            Some((_, Outcome::Declined)) => self.outside.tells_after(later, DeclinePayment { payment }),
            None => {}
        }
        Ok(())
    }
}

fn lost(reason: &str) -> CallError {
    CallError::Unreachable { url: "provider".into(), reason: reason.into() }
}

fn refused() -> CallError {
    CallError::Refused { url: "provider".into(), status: 409 }
}

impl fmt::Debug for BadLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a provider on a bad line")
    }
}

impl Charges for BadLine {
    fn charge(&self, charge: Charge) -> Said {
        let line = self.clone();
        Box::pin(async move {
            line.reach().await?;
            line.take(charge)?;
            line.hear()
        })
    }

    fn refund(&self, refund: Refund) -> Said {
        let line = self.clone();
        Box::pin(async move {
            line.reach().await?;
            line.ledger.lock().unwrap().refund(&refund).map_err(|_| refused())?;
            line.hear()
        })
    }
}
