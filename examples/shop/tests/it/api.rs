//! The API, from the first product to the end of the order.

use serde_json::json;

use crate::program::Program;

#[test]
fn an_order_is_followed_from_the_cart_to_its_end() {
    let program = Program::new();
    let provider = program.provider(&[]);
    let shop = program.shop(&provider.address, &[]);
    assert_eq!(shop.does("/api/stock", &json!({ "product": "pen", "quantity": 5 })), json!({ "pen": 5 }));

    let order = shop.end_of(&shop.order("c"));

    assert_eq!(order["status"], "completed", "{order}");
    assert_eq!(
        (&order["total"], &order["cart"], &order["client"]),
        (&json!("3.30"), &json!("c"), &json!("ada"))
    );
    assert_eq!(order["payment"]["status"], "completed");
    assert_eq!(shop.get("/api/stock").1, json!({ "pen": 2 }));
    assert_eq!(shop.get("/api/carts/c").1["status"], "confirmed");
    let payment = &order["payment"]["payment"];
    assert_eq!(provider.moved(payment), [("charged".into(), "3.30".into())]);
    assert_eq!(shop.get(&format!("/api/payments/{}", payment.as_str().unwrap())).1["status"], "completed");
}

#[test]
fn products_are_taken_out_again_and_do_not_cost() {
    let program = Program::new();
    let shop = program.shop("http://127.0.0.1:9", &[]);
    shop.does("/api/carts", &json!({ "cart": "c", "client": "ada" }));
    shop.does("/api/carts/c/products", &json!({ "product": "pen", "quantity": 3, "price": "1.10" }));
    let cart = shop.does("/api/carts/c/removals", &json!({ "product": "pen", "quantity": 1 }));
    assert_eq!(cart["total"], "2.20", "{cart}");
    assert_eq!(cart["items"], json!([{ "product": "pen", "quantity": 2, "price": "1.10" }]));
}

#[test]
fn the_shop_is_healthy_and_closes_cleanly_on_both_signals() {
    let program = Program::new();
    for signal in ["TERM", "INT"] {
        let shop = program.shop("http://127.0.0.1:9", &[]);
        assert_eq!(shop.get("/health/live"), (200, json!({ "status": "ok" })));
        assert_eq!(shop.get("/health/ready").0, 200);
        let (exit, last_words) = shop.stop(signal);
        assert_eq!(exit, Some(0));
        assert!(
            last_words.contains("The shop is closed, and everything is in sqlite:shop.db"),
            "{last_words}"
        );
        let (exit, last_words) = program.provider(&[]).stop(signal);
        assert_eq!((exit, &*last_words), (Some(0), "The provider is closed\n"));
    }
}
