use std::collections::{BTreeMap, BTreeSet};

use procession::{Context, Decider, Either, Events, Handle};
use serde::{Deserialize, Serialize};

use super::{PackageWasSent, Packed, ProductWasOutOfStock, ReceiveStock, SendPackage, StockReceived};
use crate::{ProductId, ShipmentId};

/// A place with goods in it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Warehouse {
    /// How many pieces of each product there are.
    pub stock: BTreeMap<ProductId, u64>,
    /// The shipments that were answered, so that no package is sent twice.
    answered: BTreeSet<ShipmentId>,
}

/// The events of a warehouse.
#[derive(Events)]
pub enum WarehouseEvent {
    /// There is more of a product.
    StockReceived(StockReceived),
    /// A package is on its way.
    PackageWasSent(PackageWasSent),
    /// There is not enough for a package.
    ProductWasOutOfStock(ProductWasOutOfStock),
}

/// Why a warehouse refuses a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum WarehouseRejection {
    /// There is nothing to send.
    #[error("the package is empty")]
    EmptyPackage,
}

impl Decider for Warehouse {
    const CATEGORY: &'static str = "warehouse";
    type Event = WarehouseEvent;
    type Rejection = WarehouseRejection;

    fn evolve(&mut self, event: &WarehouseEvent) {
        match event {
            WarehouseEvent::StockReceived(event) => {
                let stock = self.stock.entry(event.product.clone()).or_default();
                *stock = stock.saturating_add(event.quantity.count().into());
            }
            WarehouseEvent::PackageWasSent(event) => {
                for Packed { product, quantity } in &event.contents {
                    let stock = self.stock.entry(product.clone()).or_default();
                    *stock = stock.saturating_sub(quantity.count().into());
                }
                self.answered.insert(event.shipment);
            }
            WarehouseEvent::ProductWasOutOfStock(event) => {
                self.answered.insert(event.shipment);
            }
        }
    }
}

impl Warehouse {
    /// How many pieces there are.
    #[must_use]
    pub fn in_stock(&self, product: &ProductId) -> u64 {
        self.stock.get(product).copied().unwrap_or(0)
    }
}

impl Handle<ReceiveStock> for Warehouse {
    type Records = StockReceived;

    fn handle(&self, command: ReceiveStock, context: &Context) -> Result<StockReceived, WarehouseRejection> {
        let ReceiveStock { warehouse, product, quantity } = command;
        Ok(StockReceived { warehouse, product, quantity, at: context.now })
    }
}

impl Handle<SendPackage> for Warehouse {
    type Records = Option<Either<PackageWasSent, ProductWasOutOfStock>>;

    fn handle(&self, command: SendPackage, context: &Context) -> Result<Self::Records, WarehouseRejection> {
        let SendPackage { shipment, order, contents, .. } = command;
        if self.answered.contains(&shipment) {
            return Ok(None);
        }
        if contents.is_empty() {
            return Err(WarehouseRejection::EmptyPackage);
        }
        break_on_purpose(&contents);
        let at = context.now;
        let missing = contents.iter().find(|it| self.in_stock(&it.product) < it.quantity.count().into());
        Ok(Some(match missing {
            None => Either::Left(PackageWasSent { shipment, order, contents, at }),
            Some(Packed { product, quantity }) => Either::Right(ProductWasOutOfStock {
                shipment,
                order,
                product: product.clone(),
                asked: *quantity,
                in_stock: self.in_stock(product),
                at,
            }),
        }))
    }
}

/// For the operators' guide: a bug on demand. It panics when a package holds the product that the variable
/// `SHOP_BREAKS_ON` names; a shop that is started without it is the repaired one.
fn break_on_purpose(contents: &[Packed]) {
    let breaks_on = std::env::var("SHOP_BREAKS_ON").ok();
    let broken = contents.iter().find(|it| Some(it.product.to_string()) == breaks_on);
    assert!(broken.is_none(), "no box fits this product");
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use procession::test::given;

    use super::*;
    use crate::{OrderId, WarehouseId};

    const AT: Timestamp = Timestamp::UNIX_EPOCH;

    fn order(cart: &str) -> OrderId {
        OrderId::of(&cart.parse().unwrap())
    }

    fn packed(product: &str, quantity: u32) -> Packed {
        Packed { product: product.parse().unwrap(), quantity: quantity.try_into().unwrap() }
    }

    fn received(product: &str, quantity: u32) -> StockReceived {
        let Packed { product, quantity } = packed(product, quantity);
        StockReceived { warehouse: WarehouseId::main(), product, quantity, at: AT }
    }

    fn send(cart: &str, contents: Vec<Packed>) -> SendPackage {
        let order = order(cart);
        SendPackage { warehouse: WarehouseId::main(), shipment: ShipmentId::of(&order), order, contents }
    }

    fn sent(cart: &str, contents: Vec<Packed>) -> PackageWasSent {
        let order = order(cart);
        PackageWasSent { shipment: ShipmentId::of(&order), order, contents, at: AT }
    }

    fn out_of_stock(cart: &str, product: &str, asked: u32, in_stock: u64) -> ProductWasOutOfStock {
        let (order, Packed { product, quantity: asked }) = (order(cart), packed(product, asked));
        ProductWasOutOfStock { shipment: ShipmentId::of(&order), order, product, asked, in_stock, at: AT }
    }

    #[test]
    fn a_package_is_sent_when_all_of_it_is_there() {
        let contents = vec![packed("pen", 2), packed("ink", 1)];
        given::<Warehouse>((received("pen", 2), received("ink", 1)))
            .when(send("a", contents.clone()))
            .then(sent("a", contents));
    }

    #[test]
    fn nothing_is_sent_when_one_product_is_missing() {
        given::<Warehouse>(received("pen", 2))
            .when(send("a", vec![packed("pen", 2), packed("ink", 1)]))
            .then(out_of_stock("a", "ink", 1, 0));
    }

    #[test]
    fn the_last_piece_is_sent_once() {
        given::<Warehouse>((received("pen", 1), sent("a", vec![packed("pen", 1)])))
            .when(send("b", vec![packed("pen", 1)]))
            .then(out_of_stock("b", "pen", 1, 0));
    }

    #[test]
    fn a_shipment_that_is_asked_for_again_is_not_answered_again() {
        let pen = || vec![packed("pen", 1)];
        given::<Warehouse>((received("pen", 2), sent("a", pen()))).when(send("a", pen())).then(());
        given::<Warehouse>((out_of_stock("a", "pen", 1, 0), received("pen", 2)))
            .when(send("a", pen()))
            .then(());
    }

    #[test]
    fn an_empty_package_is_rejected() {
        given::<Warehouse>(()).when(send("a", vec![])).then_rejected(WarehouseRejection::EmptyPackage);
    }

    #[test]
    fn stock_is_received() {
        let Packed { product, quantity } = packed("pen", 3);
        given::<Warehouse>(())
            .when(ReceiveStock { warehouse: WarehouseId::main(), product, quantity })
            .then(received("pen", 3));
    }
}
