use std::{fmt, pin::Pin};

use super::{Charge, Refund, Transaction};
use crate::http::{self, Address, CallError};

/// What a payment provider says to a question.
pub type Said = Pin<Box<dyn Future<Output = Result<(), CallError>> + Send>>;

/// Who takes money and gives it back: somebody's service, or in a test whatever stands in for it.
pub trait Charges: fmt::Debug + Send + Sync + 'static {
    /// Asks to take money. That it is accepted does not mean that it was taken.
    fn charge(&self, charge: Charge) -> Said;

    /// Gives money back.
    fn refund(&self, refund: Refund) -> Said;
}

/// A payment provider, seen from outside.
#[derive(Debug, Clone)]
pub struct Provider {
    address: Address,
}

impl Provider {
    /// The provider that listens there.
    #[must_use]
    pub fn at(address: Address) -> Self {
        Self { address }
    }

    /// All money that has moved, in order.
    ///
    /// # Errors
    /// When the provider cannot be reached.
    pub async fn ledger(&self) -> Result<Vec<Transaction>, CallError> {
        http::get(self.address.at("/ledger")).await
    }
}

impl Charges for Provider {
    fn charge(&self, charge: Charge) -> Said {
        let url = self.address.at("/charges");
        Box::pin(async move { http::post(url, &charge).await })
    }

    fn refund(&self, refund: Refund) -> Said {
        let url = self.address.at("/refunds");
        Box::pin(async move { http::post(url, &refund).await })
    }
}
