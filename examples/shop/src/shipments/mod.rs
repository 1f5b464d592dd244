//! The warehouse. It alone knows what is in stock, so it alone decides whether a package can be sent: two orders never get
//! the same last piece.

mod messages;
mod warehouse;

pub use messages::{PackageWasSent, Packed, ProductWasOutOfStock, ReceiveStock, SendPackage, StockReceived};
pub use warehouse::{Warehouse, WarehouseEvent, WarehouseRejection};

use procession::Module;

/// The module of shipments. Its answers are public as they are.
#[must_use]
pub fn module() -> Module {
    Module::named("shipments")
        .handles::<ReceiveStock>()
        .handles::<SendPackage>()
        .publishes::<PackageWasSent>()
        .publishes::<ProductWasOutOfStock>()
}
