use serde_json::{Value, json};

use super::{
    clients,
    orders::{BREAKS, Planned},
};

/// What the warehouse receives; of ink nothing.
const PRODUCTS: [&str; 2] = ["pen", BREAKS];
/// Of each delivery.
const PIECES: u64 = 10_000;

/// Receives what all orders need, and more.
pub(super) fn receive(shop: &str, orders: &[Planned]) {
    for product in PRODUCTS {
        for number in 0..deliveries(orders) {
            let delivery = json!({ "product": product, "quantity": PIECES });
            clients::post(shop, "/api/stock", &format!("{product}-{number}"), &delivery);
        }
    }
}

/// What is left when everything is sent that was ordered.
pub(super) fn left(orders: &[Planned]) -> Value {
    let left = PRODUCTS.map(|product| {
        let sent =
            orders.iter().filter(|it| it.product() == product).map(|it| u64::from(it.quantity().count()));
        (product.to_owned(), json!(deliveries(orders) * PIECES - sent.sum::<u64>()))
    });
    Value::Object(left.into_iter().collect())
}

fn deliveries(orders: &[Planned]) -> u64 {
    1 + orders.len() as u64 * 3 / PIECES
}
