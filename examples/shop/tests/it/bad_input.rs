//! What makes no sense is refused, with a reason, and changes nothing.

use serde_json::json;

use crate::program::Program;

#[test]
fn a_command_line_that_makes_no_sense_is_refused() {
    let program = Program::new();
    for (arguments, sentence) in [
        (&["demo", "--out-of-stock", "--payment-declined"][..], "cannot be used with"),
        (&["demo", "--store", "shop.db"], "write sqlite:FILE"),
        (&["demo", "--store", "sqlite::memory:"], "write sqlite:FILE"),
        (&["serve", "--payment-deadline", "soon"], "write a time like 2s, 30m, 12h or 7d"),
        (&["serve", "--payment-deadline", "0s"], "it must be more than nothing"),
        (&["serve", "--payment-deadline=-2s"], "it must not be negative"),
        (&["serve", "--provider", "https://provider"], "write http://HOST:PORT"),
        (&["serve", "--listen", "0.0.0.0:0"], "the provider cannot answer to 0.0.0.0:0"),
        (&["provider", "--decline", "--answer-twice"], "cannot be used with"),
        (&["provider", "--takes", "long"], "write a time like"),
        (&["check", "--orders", "0"], "0 is not in 1..=3"),
        (&["check", "--in-stock", "few"], "invalid value 'few' for '--in-stock"),
        (&["map", "--format", "png"], "possible values: text, mermaid, json, bpmn, states"),
        (&["sell"], "unrecognized subcommand"),
    ] {
        let ran = program.run(arguments);
        let said = ran.stderr.clone();
        assert_eq!(ran.exit, Some(2), "{arguments:?}: {said}");
        assert!(said.starts_with("error: ") && said.contains(sentence), "{arguments:?}: {said}");
    }
    assert!(!program.path("shop.db").exists(), "nothing was created");
}

#[test]
fn what_cannot_be_opened_is_told_with_a_hint() {
    let program = Program::new();
    program.run(["demo", "--store", "sqlite:no/such/folder/shop.db"]).failed(1, "no/such/folder/shop.db");
    std::fs::write(program.path("letter.txt"), "Dear Ada, this is a letter and no store. ".repeat(40))
        .unwrap();
    program.run(["demo", "--store", "sqlite:letter.txt"]).failed(1, "letter.txt");

    let provider = program.provider(&[]);
    let taken = provider.address.trim_start_matches("http://");
    program.run(["serve", "--listen", taken]).failed(1, "cannot listen on");

    let _open = program.shop(&provider.address, &[]);
    program.run(["demo", "--store", "sqlite:shop.db"]).failed(1, "in use");
}

#[test]
fn a_request_that_makes_no_sense_is_refused_with_a_problem_document() {
    let program = Program::new();
    let shop = program.shop("http://127.0.0.1:9", &[]);
    shop.does("/api/carts", &json!({ "cart": "c", "client": "ada" }));
    let payment = "/api/payments/c3cd27fe-0000-5000-8000-000000000000";
    for (path, body, status, sentence) in [
        ("/api/carts", json!({ "cart": "a b", "client": "ada" }), 422, "cannot be a name"),
        ("/api/carts", json!({ "cart": "c", "client": "ada" }), 409, "was opened before"),
        ("/api/carts", json!(["c", "ada"]), 422, "must be an object"),
        ("/api/carts", json!({ "cart": "c", "client": "ada", "vip": true }), 422, "unknown field `vip`"),
        ("/api/carts/c/products", json!({ "product": "p", "quantity": 0, "price": "1" }), 422, "no quantity"),
        ("/api/carts/c/products", json!({ "product": "p", "quantity": 1, "price": "1.001" }), 422, "a cent"),
        (
            "/api/carts/c/products",
            json!({ "product": "p", "quantity": 1, "price": 1.5 }),
            422,
            "does not fit",
        ),
        (
            "/api/carts/c/products",
            json!({ "product": "p", "quantity": 1, "price": "0" }),
            409,
            "more than zero",
        ),
        ("/api/carts/c/removals", json!({ "product": "p", "quantity": 1 }), 409, "not so many"),
        ("/api/carts/c/confirmation", json!({}), 409, "empty"),
        ("/api/carts/d/confirmation", json!({}), 409, "not opened"),
        ("/api/stock", json!({ "product": "p", "quantity": -1 }), 422, "does not fit"),
        (&format!("{payment}/answer"), json!({ "outcome": "completed" }), 404, "no payment c3cd27fe"),
        (&format!("{payment}/answer"), json!({ "outcome": "perhaps" }), 422, "does not fit"),
        ("/api/payments/1/answer", json!({ "outcome": "completed" }), 404, "nothing called"),
        ("/api/nothing", json!({}), 404, "there is nothing at /api/nothing"),
        ("/health/live", json!({}), 405, "POST is not possible"),
    ] {
        let (found, problem) = shop.post(path, &body);
        let detail = problem["detail"].as_str().unwrap_or_default();
        assert_eq!(found, status, "{path} {body}: {problem}");
        assert!(detail.contains(sentence), "{path} {body}: {problem}");
        assert_eq!(problem["status"], status, "{problem}");
    }
    assert_eq!(shop.get("/api/carts/c").1["items"], json!([]), "nothing has changed");
    assert_eq!(shop.get("/api/orders/nothing").0, 404);
    assert_eq!(shop.get("/api/orders/d6bcb328-0000-5000-8000-000000000000").0, 404);
}
