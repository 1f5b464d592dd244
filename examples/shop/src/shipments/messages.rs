use jiff::Timestamp;
use procession::{Command, Event};
use serde::{Deserialize, Serialize};

use super::Warehouse;
use crate::{OrderId, ProductId, Quantity, ShipmentId, WarehouseId, shopping_carts::Item};

/// Takes goods in.
#[derive(Command, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[command(to = Warehouse, id = warehouse)]
pub struct ReceiveStock {
    /// The warehouse.
    pub warehouse: WarehouseId,
    /// What has come.
    pub product: ProductId,
    /// How many pieces.
    pub quantity: Quantity,
}

/// Sends goods out, all of them or none.
#[derive(Command, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[command(to = Warehouse, id = warehouse)]
pub struct SendPackage {
    /// The warehouse.
    pub warehouse: WarehouseId,
    /// The shipment.
    pub shipment: ShipmentId,
    /// The order that it fulfils.
    pub order: OrderId,
    /// What is in the package.
    pub contents: Vec<Packed>,
}

impl SendPackage {
    /// Sends what was ordered.
    #[must_use]
    pub fn of(order: OrderId, items: &[Item]) -> Self {
        let packed = |it: &Item| Packed { product: it.product.clone(), quantity: it.quantity };
        let (warehouse, shipment) = (WarehouseId::main(), ShipmentId::of(&order));
        Self { warehouse, shipment, order, contents: items.iter().map(packed).collect() }
    }
}

/// Some pieces of one product.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq)]
pub struct Packed {
    /// The product.
    pub product: ProductId,
    /// How many pieces.
    pub quantity: Quantity,
}

/// There is more of a product.
#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
pub struct StockReceived {
    /// The warehouse.
    pub warehouse: WarehouseId,
    /// What has come.
    pub product: ProductId,
    /// How many pieces.
    pub quantity: Quantity,
    /// When.
    pub at: Timestamp,
}

/// A package is on its way to the client, and its contents are not in stock any more.
#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
pub struct PackageWasSent {
    /// The shipment.
    pub shipment: ShipmentId,
    /// The order that it fulfils.
    pub order: OrderId,
    /// What is in the package.
    pub contents: Vec<Packed>,
    /// When.
    pub at: Timestamp,
}

/// A package was not sent, because there is not enough of a product.
#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
pub struct ProductWasOutOfStock {
    /// The shipment.
    pub shipment: ShipmentId,
    /// The order that cannot be fulfilled.
    pub order: OrderId,
    /// The product of which there is not enough.
    pub product: ProductId,
    /// How many pieces were asked for.
    pub asked: Quantity,
    /// How many pieces there are.
    pub in_stock: u64,
    /// When.
    pub at: Timestamp,
}
