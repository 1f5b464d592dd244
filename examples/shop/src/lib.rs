//! A shop fulfils an order across four modules: the second reference application of Procession.
//!
//! - [`shopping_carts`]: the truth about one cart, which tells the others when it is final.
//! - [`orders`]: the truth about one order, and the process that fulfils it or undoes what was done.
//! - [`payments`]: the truth about one payment, which keeps no money that it should not keep.
//! - [`shipments`]: the warehouse, which sends packages as long as there is stock.
//!
//! Around them: [`gateway`] asks the payment [`provider`], a service of its own, and [`web`] is the shop's API.

pub mod checks;
pub mod gateway;
mod http;
mod ids;
mod money;
pub mod orders;
pub mod payments;
mod progress;
pub mod provider;
pub mod shipments;
pub mod shopping_carts;
pub mod web;

pub use ids::{CartId, ClientId, InvalidName, OrderId, PaymentId, ProductId, ShipmentId, WarehouseId};
pub use money::{InvalidMoney, InvalidQuantity, Money, Quantity};
pub use progress::end_of_order;

use std::time::Duration;

use self::gateway::Gateway;
use procession::{Application, WiringErrors};

/// The shop's modules, put together. An order must be paid within `payment_deadline`. Without a `gateway`
/// nobody asks the payment provider: somebody else says what has become of the money.
///
/// # Errors
/// Never, as a test makes sure.
pub fn shop(payment_deadline: Duration, gateway: Option<Gateway>) -> Result<Application, WiringErrors> {
    Application::assemble([
        shopping_carts::module(),
        orders::module(payment_deadline),
        payments::module(gateway),
        shipments::module(),
    ])
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    #[test]
    fn the_modules_fit_together() {
        super::shop(Duration::from_secs(1), None).unwrap();
    }
}
