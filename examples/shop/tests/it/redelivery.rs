//! A public event that comes again, as one does from another store, has no second effect.

use std::{path::Path, sync::Arc};

use procession::{
    Ignored, Runtime, Store,
    log::{Kind, Position, Recorded},
    sqlite::SqliteStore,
    store::{Batch, Expected, NewEntry},
};
use shop::{
    CartId, OrderId, PaymentId,
    payments::CompletePayment,
    shop,
    shopping_carts::{AddProduct, ConfirmShoppingCart, OpenShoppingCart},
};

use crate::domain::DEADLINE;

#[tokio::test]
async fn known_defect_random_payment_ids_a_cart_that_is_told_of_twice_makes_one_order_and_one_payment() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shop.db");
    let cart: CartId = "c".parse().unwrap();
    let payment = PaymentId::of(&OrderId::of(&cart));
    let runtime = open(&path).await;
    confirm(&runtime, cart).await;
    runtime.stop().await.unwrap();

    tell_again(&path, "ShoppingCartFinalized").await;
    let runtime = open(&path).await;
    runtime.settled().await.unwrap();
    runtime.execute(CompletePayment { payment }).await.unwrap();
    runtime.settled().await.unwrap();
    runtime.stop().await.unwrap();
    tell_again(&path, "ShoppingCartFinalized").await;
    tell_again(&path, "PaymentFinalized").await;
    let runtime = open(&path).await;
    runtime.settled().await.unwrap();

    let log = runtime.reader().store().read_log(Position::START, 10_000).await.unwrap();
    let count = |name: &str, kind: Kind| {
        log.iter().filter(|it| it.entry.kind == kind && it.entry.name == name).count()
    };
    assert_eq!(count("ShoppingCartFinalized", Kind::PublicEvent), 3, "it was told of three times");
    assert_eq!(count(Ignored::NAME, Kind::Ignored), 3, "what came again was ignored");
    for name in ["OrderInitialized", "PaymentRequested", "OrderPaymentRecorded"] {
        assert_eq!(count(name, Kind::Event), 1, "{name}");
    }
}

async fn open(path: &Path) -> Runtime {
    Runtime::start(&shop(DEADLINE, None).unwrap(), SqliteStore::open(path).unwrap()).await.unwrap()
}

async fn confirm(runtime: &Runtime, cart: CartId) {
    runtime.execute(OpenShoppingCart { cart: cart.clone(), client: "ada".parse().unwrap() }).await.unwrap();
    let (product, quantity) = ("pen".parse().unwrap(), 1.try_into().unwrap());
    let add = AddProduct { cart: cart.clone(), product, quantity, price: "5".parse().unwrap() };
    runtime.execute(add).await.unwrap();
    runtime.execute(ConfirmShoppingCart { cart }).await.unwrap();
    runtime.settled().await.unwrap();
}

/// Writes a public event of the log into it once more.
async fn tell_again(path: &Path, name: &str) {
    let store = SqliteStore::open(path).unwrap();
    let log = store.read_log(Position::START, 10_000).await.unwrap();
    let is_it = |it: &&Recorded| it.entry.kind == Kind::PublicEvent && it.entry.name == name;
    let entry = Arc::clone(&log.iter().find(is_it).unwrap().entry);
    let again =
        NewEntry { entry, process: None, causation: None, expected: Expected::Any, idempotency_key: None };
    store.commit(Batch { entries: vec![again], ..Batch::default() }).await.unwrap();
    store.close().await.unwrap();
}
