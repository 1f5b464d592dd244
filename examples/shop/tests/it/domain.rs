//! The shop without a provider: the test itself says what came of a payment.

use std::time::Duration;

use procession::{
    MemoryStore, Message, Runtime, Store,
    log::{Kind, Position, Recorded},
    sqlite::SqliteStore,
};
use shop::{
    CartId, Money, OrderId, PaymentId, ProductId, Quantity, WarehouseId,
    orders::Order,
    payments::{CompletePayment, DeclinePayment, Payment, RecordRefund},
    shipments::{ReceiveStock, Warehouse},
    shop,
    shopping_carts::{AddProduct, ConfirmShoppingCart, OpenShoppingCart},
};
use tempfile::TempDir;

pub(crate) const DEADLINE: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// A shop that is open on a store, whose time stands still.
pub(crate) struct Shop {
    pub(crate) runtime: Runtime,
    _folder: TempDir,
}

/// Runs a story on every store.
pub(crate) async fn on_every_store(story: impl AsyncFn(&Shop)) {
    story(&Shop::open(|_| MemoryStore::new()).await).await;
    story(&Shop::open(|folder| SqliteStore::open(folder.path().join("shop.db")).unwrap()).await).await;
}

impl Shop {
    async fn open<S: Store>(store: impl FnOnce(&TempDir) -> S) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let start = "2030-01-01T00:00:00Z".parse().unwrap();
        let runtime = Runtime::builder().virtual_time(start);
        let runtime = runtime.start(&shop(DEADLINE, None).unwrap(), store(&folder)).await.unwrap();
        Self { runtime, _folder: folder }
    }

    pub(crate) async fn receive(&self, product: &str, quantity: u32) {
        let (product, quantity) = (name(product), pieces(quantity));
        let stock = ReceiveStock { warehouse: WarehouseId::main(), product, quantity };
        self.runtime.execute(stock).await.unwrap();
    }

    /// Confirms a cart, and waits until its order waits for the payment.
    pub(crate) async fn order(&self, cart: &str, products: &[(&str, u32, &str)]) -> OrderId {
        let cart: CartId = cart.parse().unwrap();
        let client = "ada".parse().unwrap();
        self.runtime.execute(OpenShoppingCart { cart: cart.clone(), client }).await.unwrap();
        for (product, quantity, price) in products {
            let (product, quantity, price) = (name(product), pieces(*quantity), price.parse().unwrap());
            let add = AddProduct { cart: cart.clone(), product, quantity, price };
            self.runtime.execute(add).await.unwrap();
        }
        self.runtime.execute(ConfirmShoppingCart { cart: cart.clone() }).await.unwrap();
        self.runtime.settled().await.unwrap();
        OrderId::of(&cart)
    }

    /// The provider has taken the money.
    pub(crate) async fn paid(&self, order: OrderId) {
        self.runtime.execute(CompletePayment { payment: PaymentId::of(&order) }).await.unwrap();
        self.runtime.settled().await.unwrap();
    }

    /// The provider has declined.
    pub(crate) async fn declined(&self, order: OrderId) {
        self.runtime.execute(DeclinePayment { payment: PaymentId::of(&order) }).await.unwrap();
        self.runtime.settled().await.unwrap();
    }

    /// The provider has given the money back.
    pub(crate) async fn refunded(&self, order: OrderId) {
        self.runtime.execute(RecordRefund { payment: PaymentId::of(&order) }).await.unwrap();
        self.runtime.settled().await.unwrap();
    }

    pub(crate) async fn state(&self, order: OrderId) -> Order {
        self.runtime.reader().instance(order).await.unwrap().state
    }

    pub(crate) async fn payment(&self, order: OrderId) -> Payment {
        self.runtime.reader().instance(PaymentId::of(&order)).await.unwrap().state
    }

    pub(crate) async fn in_stock(&self, product: &str) -> u64 {
        let warehouse = self.runtime.reader().instance::<Warehouse>(WarehouseId::main()).await.unwrap();
        warehouse.state.in_stock(&name(product))
    }

    /// The events of this type, in the order they happened.
    pub(crate) async fn events<E: Message>(&self) -> Vec<E> {
        let is_one = |it: &&Recorded| {
            matches!(it.entry.kind, Kind::Event | Kind::PublicEvent) && it.entry.name == E::NAME
        };
        self.log().await.iter().filter(is_one).map(|it| E::from_json(&it.entry.payload).unwrap()).collect()
    }

    pub(crate) async fn log(&self) -> Vec<Recorded> {
        self.runtime.reader().store().read_log(Position::START, 100_000).await.unwrap()
    }

    /// Nothing is left on the way, nothing is parked, and no timer waits.
    pub(crate) async fn is_at_rest(&self) {
        self.runtime.settled().await.unwrap();
        assert_eq!(self.runtime.reader().parked().await.unwrap(), []);
        assert_eq!(self.runtime.reader().store().next_due().await.unwrap(), None);
    }
}

fn name(product: &str) -> ProductId {
    product.parse().unwrap()
}

fn pieces(quantity: u32) -> Quantity {
    quantity.try_into().unwrap()
}

pub(crate) fn money(text: &str) -> Money {
    text.parse().unwrap()
}
