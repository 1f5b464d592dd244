use std::collections::BTreeSet;

use procession::{Context, Decider, Either, Events, Handle, Never};

use super::{
    Defect::*,
    has,
    messages::{PackageWasSent, ProductWasOutOfStock, ReceiveStock, SendPackage, StockReceived},
};

/// What is in stock, and who has got a package, or not.
#[derive(Default)]
pub(crate) struct Warehouse {
    pieces: u32,
    answered: BTreeSet<String>,
}

#[derive(Events)]
pub(crate) enum WarehouseEvent {
    Received(StockReceived),
    Sent(PackageWasSent),
    OutOfStock(ProductWasOutOfStock),
}

impl Decider for Warehouse {
    const CATEGORY: &'static str = "warehouse";
    type Event = WarehouseEvent;
    type Rejection = Never;

    fn evolve(&mut self, event: &WarehouseEvent) {
        match event {
            WarehouseEvent::Received(event) => self.pieces += event.pieces,
            WarehouseEvent::Sent(event) => {
                self.pieces = self.pieces.saturating_sub(1);
                self.answered.insert(event.order.clone());
            }
            WarehouseEvent::OutOfStock(event) => _ = self.answered.insert(event.order.clone()),
        }
    }
}

impl Handle<ReceiveStock> for Warehouse {
    type Records = StockReceived;

    fn handle(&self, command: ReceiveStock, _: &Context) -> Result<StockReceived, Never> {
        Ok(StockReceived { pieces: command.pieces })
    }
}

impl Handle<SendPackage> for Warehouse {
    type Records = Option<Either<PackageWasSent, ProductWasOutOfStock>>;

    fn handle(&self, command: SendPackage, _: &Context) -> Result<Self::Records, Never> {
        let order = command.order;
        if self.answered.contains(&order) && !has(SendsAPackageTwice) {
            return Ok(None);
        }
        let is_in_stock = self.pieces > 0 || has(SendsMoreThanThereIs);
        Ok(Some(if is_in_stock {
            Either::Left(PackageWasSent { order })
        } else {
            Either::Right(ProductWasOutOfStock { order })
        }))
    }
}
