//! Whatever the provider does, no money is lost, kept for nothing, or taken twice.

use std::net::TcpListener;

use serde_json::{Value, json};

use crate::program::{Program, Serving};

fn stocked(program: &Program, provider: &str, arguments: &[&str]) -> Serving {
    let shop = program.shop(provider, arguments);
    shop.does("/api/stock", &json!({ "product": "pen", "quantity": 100 }));
    shop
}

fn charged() -> Vec<(String, String)> {
    vec![("charged".into(), "3.30".into())]
}

fn events(shop: Serving, program: &Program, name: &str) -> usize {
    drop(shop);
    crate::crash::log(&program.path("shop.db"))
        .iter()
        .filter(|it| it.entry.name == name && it.version.is_some())
        .count()
}

fn payment(order: &Value) -> &Value {
    &order["payment"]["payment"]
}

#[test]
fn a_provider_that_answers_twice_is_paid_once_and_one_package_is_sent() {
    let program = Program::new();
    let provider = program.provider(&["--answer-twice"]);
    let shop = stocked(&program, &provider.address, &[]);

    let order = shop.end_of(&shop.order("c"));
    // A second order: when it has ended, the second answer for the first has come too, or is on its way.
    shop.end_of(&shop.order("d"));

    assert_eq!(order["status"], "completed");
    assert_eq!(provider.moved(payment(&order)), charged());
    assert_eq!(shop.get("/api/stock").1, json!({ "pen": 94 }));
    assert_eq!(events(shop, &program, "PackageWasSent"), 2);
}

#[test]
fn a_provider_that_is_down_when_the_shop_opens_is_asked_until_it_comes() {
    let program = Program::new();
    // A free address, at which nobody is yet.
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let shop = stocked(&program, &format!("http://{free}"), &[]);
    let order = shop.order("c");
    let path = format!("/api/orders/{}", order.as_str().unwrap());
    assert_ne!(shop.get(&path).1["status"], "completed");

    let provider = program.provider(&["--listen", &free]);

    let order = shop.end_of(&order);
    assert_eq!(order["status"], "completed", "{order}");
    assert_eq!(provider.moved(payment(&order)), charged());
}

#[test]
fn an_order_that_a_provider_never_answers_is_cancelled_after_its_deadline() {
    let program = Program::new();
    let provider = program.provider(&["--never-answer"]);
    let shop = stocked(&program, &provider.address, &["--payment-deadline", "300ms"]);

    let order = shop.end_of(&shop.order("c"));

    assert_eq!((&order["status"], &order["cancelled"]), (&json!("cancelled"), &json!("not_paid")));
    assert_eq!(order["payment"]["failure"], "timed_out");
    assert_eq!(provider.moved(payment(&order)), []);
}

#[test]
fn an_order_that_a_provider_declines_is_cancelled() {
    let program = Program::new();
    let provider = program.provider(&["--decline"]);
    let shop = stocked(&program, &provider.address, &[]);

    let order = shop.end_of(&shop.order("c"));

    assert_eq!((&order["status"], &order["cancelled"]), (&json!("cancelled"), &json!("not_paid")));
    assert_eq!(order["payment"]["failure"], "declined");
    assert_eq!(provider.moved(payment(&order)), []);
}

#[test]
fn a_provider_that_is_slower_than_the_deadline_gives_the_money_back() {
    let program = Program::new();
    let provider = program.provider(&["--takes", "2s"]);
    let shop = stocked(&program, &provider.address, &["--payment-deadline", "700ms"]);

    let order = shop.end_of(&shop.order("c"));
    assert_eq!(order["status"], "cancelled");
    let path = format!("/api/payments/{}", payment(&order).as_str().unwrap());
    crate::crash::until(|| shop.get(&path).1["status"] == "refunded");

    let both = vec![("charged".into(), "3.30".into()), ("refunded".into(), "3.30".into())];
    assert_eq!(provider.moved(payment(&order)), both);
    assert_eq!(shop.end_of(&order["order"])["status"], "cancelled", "it is not revived");
    assert_eq!(shop.get("/api/stock").1, json!({ "pen": 100 }));
}

#[test]
fn an_order_that_is_out_of_stock_is_refunded_at_the_provider() {
    let program = Program::new();
    let provider = program.provider(&[]);
    let shop = program.shop(&provider.address, &[]);

    let order = shop.end_of(&shop.order("c"));

    assert_eq!((&order["status"], &order["cancelled"]), (&json!("cancelled"), &json!("not_shipped")));
    let both = vec![("charged".into(), "3.30".into()), ("refunded".into(), "3.30".into())];
    assert_eq!(provider.moved(payment(&order)), both);
}
