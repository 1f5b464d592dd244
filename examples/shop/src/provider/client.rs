use super::{Charge, Refund, Transaction};
use crate::http::{self, Address, CallError};

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

    /// Asks to take money. That it is accepted does not mean that it was taken.
    ///
    /// # Errors
    /// When the provider cannot be reached or refuses.
    pub async fn charge(&self, charge: &Charge) -> Result<(), CallError> {
        http::post(self.address.at("/charges"), charge).await
    }

    /// Gives money back.
    ///
    /// # Errors
    /// When the provider cannot be reached or refuses.
    pub async fn refund(&self, refund: &Refund) -> Result<(), CallError> {
        http::post(self.address.at("/refunds"), refund).await
    }

    /// All money that has moved, in order.
    ///
    /// # Errors
    /// When the provider cannot be reached.
    pub async fn ledger(&self) -> Result<Vec<Transaction>, CallError> {
        http::get(self.address.at("/ledger")).await
    }
}
