//! `shop demo` ends as its flags promise.

use crate::program::Program;

#[track_caller]
fn told(arguments: &[&str], phrases: &[&str]) -> String {
    let told = Program::new().run([&["demo"], arguments].concat()).succeeded();
    for phrase in phrases {
        assert!(told.contains(phrase), "{phrase:?} is missing in:\n{told}");
    }
    let wide = told.lines().find(|it| it.chars().count() > 100 || it.ends_with(' '));
    assert_eq!(wide, None, "no line is too wide or ends with spaces");
    told
}

#[test]
fn an_order_is_completed_and_the_money_stays() {
    let end = [
        "the order    completed, 101.55 in total",
        "101.55 charged, at the provider\n",
        "the package  was sent: 2 fountain-pen, 3 ink",
    ];
    let told = told(&[], &end);
    for message in ["▸ RequestPayment", "● OrderCompleted", "◆ PaymentFinalized", "→ PackageWasSent"]
    {
        assert!(told.contains(message), "{message:?} is missing in:\n{told}");
    }
}

#[test]
fn an_order_that_is_out_of_stock_is_cancelled_and_the_money_goes_back() {
    let end = [
        "● ProductWasOutOfStock",
        "the order    cancelled, because it could not be shipped",
        "101.55 charged, 101.55 refunded, at the provider",
        "the package  was not sent",
    ];
    told(&["--out-of-stock"], &end);
}

#[test]
fn an_order_that_nobody_pays_is_cancelled_after_its_deadline() {
    let end = [
        "● StepTimedOut",
        "the order    cancelled, because it was not paid",
        "nothing charged, at the provider; the payment has timed out",
        "the package  was not sent",
    ];
    told(&["--payment-times-out"], &end);
}

#[test]
fn an_order_whose_payment_is_declined_is_cancelled() {
    let end = [
        "● PaymentDeclined",
        "the order    cancelled, because it was not paid",
        "nothing charged, at the provider; the payment was declined",
    ];
    told(&["--payment-declined"], &end);
}

#[test]
fn a_demo_on_a_store_that_is_kept_can_be_shown_again() {
    let program = Program::new();
    for _ in 0..2 {
        let told = program.run(["demo", "--store", "sqlite:demo.db"]).succeeded();
        assert!(told.contains("the order    completed"), "{told}");
    }
}

#[test]
fn without_a_command_the_demo_is_shown() {
    let told = Program::new().run([""; 0]).succeeded();
    assert!(told.contains("An order is paid, shipped and completed"), "{told}");
}

#[test]
fn the_map_shows_the_process_in_every_format() {
    let map = |format: &str| Program::new().run(["map", "--format", format]).succeeded();
    for name in ["ShoppingCartFinalized", "order_process", "SendPackage", "PaymentFailed"] {
        assert!(map("text").contains(name), "{name}");
        assert!(map("mermaid").contains(name), "{name}");
    }
    assert!(map("states").contains("send the package") && map("bpmn").contains("send the package"));
    let json: serde_json::Value = serde_json::from_str(&map("json")).unwrap();
    assert_eq!(json["modules"].as_array().unwrap().len(), 4);
}
