//! `kill -9`, and on.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use procession::{
    Store,
    log::{Position, Recorded},
    sqlite::SqliteStore,
};
use serde_json::{Value, json};

use crate::program::Program;

/// When the shop is killed, after a confirmed cart. The provider takes 30 ms, so this is before it is asked, while it takes the
/// money, about when it answers, and later.
const KILLS_MS: [u64; 5] = [0, 5, 20, 32, 60];

#[test]
fn a_shop_that_is_killed_again_and_again_ends_every_order_with_one_charge_and_one_package_or_refund() {
    let program = Program::new();
    let provider = program.provider(&["--takes", "30ms", "--answer-twice"]);
    let shop = program.shop(&provider.address, &[]);
    shop.does("/api/stock", &json!({ "product": "pen", "quantity": 100 }));
    shop.kill();
    let (mut completed, mut refunded, mut killed_on_the_way) = (Vec::new(), Vec::new(), 0);
    for (number, after) in KILLS_MS.into_iter().enumerate() {
        let shop = program.shop(&provider.address, &[]);
        let order = shop.order(&format!("cart-{number}"));
        refunded.push(shop.order_of(&format!("sold-out-{number}"), "ink"));
        std::thread::sleep(Duration::from_millis(after));
        shop.kill();
        let has_ended = log(&program.path("shop.db")).iter().any(|it| is_completed(it, &order));
        killed_on_the_way += usize::from(!has_ended);
        completed.push(order);
    }
    assert!(
        killed_on_the_way > 0,
        "no kill came while an order was on its way, so this test has shown nothing"
    );

    let shop = program.shop(&provider.address, &[]);
    let charged = ("charged".to_owned(), "3.30".to_owned());
    for order in &completed {
        let order = shop.end_of(order);
        assert_eq!(order["status"], "completed", "{order}");
        assert_eq!(provider.moved(&order["payment"]["payment"]), std::slice::from_ref(&charged), "{order}");
    }
    for order in &refunded {
        let order = shop.end_of(order);
        assert_eq!((&order["status"], &order["cancelled"]), (&json!("cancelled"), &json!("not_shipped")));
        let both = [charged.clone(), ("refunded".to_owned(), "3.30".to_owned())];
        assert_eq!(provider.moved(&order["payment"]["payment"]), both, "{order}");
    }
    assert_eq!(shop.get("/api/stock").1, json!({ "pen": 100 - 3 * completed.len() }));
    shop.kill();
    let log = log(&program.path("shop.db"));
    let count = |name: &str| log.iter().filter(|it| it.entry.name == name && it.version.is_some()).count();
    for name in ["OrderInitialized", "PaymentRequested", "PaymentCompleted"] {
        assert_eq!(count(name), completed.len() + refunded.len(), "{name}");
    }
    for (name, orders) in
        [("PackageWasSent", &completed), ("OrderCompleted", &completed), ("PaymentRefunded", &refunded)]
    {
        assert_eq!(count(name), orders.len(), "{name}");
    }
}

fn is_completed(recorded: &Recorded, order: &Value) -> bool {
    recorded.entry.name == "OrderCompleted" && order == recorded.entry.stream.id()
}

/// The whole log, read beside the program or after it.
pub(crate) fn log(store: &Path) -> Vec<Recorded> {
    let tokio = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let store = SqliteStore::open_read_only(store).unwrap();
    tokio.block_on(async { store.read_log(Position::START, 100_000).await }).unwrap()
}

/// Asks until the answer is yes; for what nobody else can be asked to wait for.
#[track_caller]
pub(crate) fn until(mut is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < Duration::from_secs(30), "it has not come to that");
        std::thread::sleep(Duration::from_millis(5));
    }
}
