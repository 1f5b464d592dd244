//! The shop checks itself.

use crate::program::Program;

#[test]
fn an_order_is_checked_and_holds_whatever_is_in_stock() {
    for in_stock in ["1", "0"] {
        let checked = Program::new().run(["check", "--in-stock", in_stock]).succeeded();
        assert!(checked.starts_with("holds\n"), "{checked}");
        assert!(checked.contains(" worlds, ") && checked.contains(" moves, "), "{checked}");
    }
}

#[test]
fn a_check_has_its_options_and_stores_nothing() {
    let program = Program::new();

    let small = program.run(["check", "--orders", "1", "--duplicates", "0", "--crashes", "0"]);

    assert!(small.succeeded().starts_with("holds\n"));
    assert!(!program.path("shop.db").exists(), "nothing is stored");
}
