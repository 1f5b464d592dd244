//! Every order in which the messages of an order may arrive, and everything that the provider may say.

use shop::checks::{Orders, every_order_ends};

#[test]
fn every_order_ends_whatever_the_provider_says() {
    for (orders, in_stock) in [(1, 1), (1, 0)] {
        let it = Orders { orders, in_stock };
        let report = every_order_ends(it).unwrap().run();
        println!("{it:?}: {report}");
    }
}
