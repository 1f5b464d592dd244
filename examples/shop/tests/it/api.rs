//! The API, from the first product to the end of the order.

use serde_json::json;
use shop::{OrderId, PaymentId};

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
        assert_eq!(
            shop.get("/health/live"),
            (200, json!({ "status": "ok", "reasons": [], "lag": 0, "parked": 0 }))
        );
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

#[test]
fn a_command_with_a_key_has_one_effect_and_its_key_is_for_no_other() {
    let program = Program::new();
    let shop = program.shop("http://127.0.0.1:9", &[]);
    let stock = |quantity: u32| {
        let pens = json!({ "product": "pen", "quantity": quantity });
        shop.post_with_key("/api/stock", "delivery-1", &pens)
    };
    assert_eq!((stock(5), stock(5)), ((200, json!({ "pen": 5 })), (200, json!({ "pen": 5 }))));
    assert_eq!(stock(6).0, 422);
    assert_eq!(shop.get("/api/stock").1, json!({ "pen": 5 }));
}

#[test]
fn an_answer_that_comes_before_the_payment_is_refused_and_spoils_nothing() {
    let program = Program::new();
    let provider = program.provider(&[]);
    let shop = program.shop(&provider.address, &[]);
    shop.does("/api/stock", &json!({ "product": "pen", "quantity": 5 }));
    let payment = PaymentId::of(&OrderId::of(&"c".parse().unwrap()));
    let path = format!("/api/payments/{payment}/answer");
    assert_eq!(shop.post(&path, &json!({ "outcome": "completed" })).0, 404);

    let order = shop.end_of(&shop.order("c"));

    assert_eq!(order["status"], "completed", "{order}");
}

#[test]
fn a_page_of_another_site_cannot_order() {
    let program = Program::new();
    let shop = program.shop("http://127.0.0.1:9", &[]);
    let confirmation = "/api/carts/c/confirmation";
    let (status, problem) = shop.post_from_page(confirmation, "http://elsewhere");
    assert_eq!(status, 403, "{problem}");
}
