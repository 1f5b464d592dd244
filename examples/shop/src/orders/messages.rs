use std::fmt;

use jiff::Timestamp;
use procession::{Command, Event};
use serde::{Deserialize, Serialize};

use super::Order;
use crate::{
    CartId, ClientId, Money, OrderId, PaymentId, ShipmentId,
    shopping_carts::{Item, ShoppingCartFinalized},
};

/// Begins an order.
#[derive(Command, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[command(to = Order, id = order)]
pub struct InitializeOrder {
    /// The order.
    pub order: OrderId,
    /// The cart that it comes from.
    pub cart: CartId,
    /// Who orders.
    pub client: ClientId,
    /// What is ordered.
    pub items: Vec<Item>,
    /// What it costs.
    pub total: Money,
}

impl From<&ShoppingCartFinalized> for InitializeOrder {
    fn from(finalized: &ShoppingCartFinalized) -> Self {
        let ShoppingCartFinalized { cart, client, items, total, .. } = finalized.clone();
        Self { order: OrderId::of(&cart), cart, client, items, total }
    }
}

/// Notes that an order is paid.
#[derive(Command, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[command(to = Order, id = order)]
pub struct RecordOrderPayment {
    /// The order.
    pub order: OrderId,
    /// The payment.
    pub payment: PaymentId,
    /// What was paid.
    pub amount: Money,
}

impl RecordOrderPayment {
    /// Notes what was paid; nothing is never enough.
    pub(super) fn of(order: OrderId, paid: Option<Money>) -> Self {
        Self { order, payment: PaymentId::of(&order), amount: paid.unwrap_or_default() }
    }
}

/// Ends an order that is paid and sent.
#[derive(Command, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[command(to = Order, id = order)]
pub struct CompleteOrder {
    /// The order.
    pub order: OrderId,
    /// The shipment.
    pub shipment: ShipmentId,
}

impl CompleteOrder {
    /// Ends an order whose package was sent.
    pub(super) fn of(order: OrderId) -> Self {
        Self { order, shipment: ShipmentId::of(&order) }
    }
}

/// Ends an order that cannot be fulfilled.
#[derive(Command, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[command(to = Order, id = order)]
pub struct CancelOrder {
    /// The order.
    pub order: OrderId,
    /// Why.
    pub reason: CancellationReason,
}

/// An order has begun.
#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
pub struct OrderInitialized {
    /// The order.
    pub order: OrderId,
    /// The cart that it comes from.
    pub cart: CartId,
    /// Who orders.
    pub client: ClientId,
    /// What is ordered.
    pub items: Vec<Item>,
    /// What it costs.
    pub total: Money,
    /// When.
    pub at: Timestamp,
}

/// The order is paid.
#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
pub struct OrderPaymentRecorded {
    /// The order.
    pub order: OrderId,
    /// The payment.
    pub payment: PaymentId,
    /// What was paid.
    pub amount: Money,
    /// When.
    pub at: Timestamp,
}

/// The order is fulfilled.
#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
pub struct OrderCompleted {
    /// The order.
    pub order: OrderId,
    /// The shipment.
    pub shipment: ShipmentId,
    /// When.
    pub at: Timestamp,
}

/// The order will not be fulfilled, and no money of it is kept.
#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
pub struct OrderCancelled {
    /// The order.
    pub order: OrderId,
    /// Why.
    pub reason: CancellationReason,
    /// When.
    pub at: Timestamp,
}

/// Why an order is not fulfilled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CancellationReason {
    /// The payment was declined, given up, or not made in time.
    NotPaid,
    /// It was paid, and could not be sent.
    NotShipped,
}

impl fmt::Display for CancellationReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotPaid => "it was not paid",
            Self::NotShipped => "it could not be shipped",
        })
    }
}
