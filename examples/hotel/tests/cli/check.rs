//! The hotel checks itself.

use crate::program::Program;

#[test]
fn every_style_is_checked_and_holds() {
    for style in ["saga", "choreography", "process-manager"] {
        let checked = Program::new().run(["check", "--guests", "2", "--style", style]).succeeded();
        assert!(checked.starts_with(&format!("{style}: holds\n")), "{checked}");
        assert!(checked.contains(" worlds, ") && checked.contains(" moves, "), "{checked}");
    }
}

#[test]
fn a_check_has_its_options_and_stores_nothing() {
    let program = Program::new();

    let small =
        program.run(["check", "--guests", "2", "--unsettled", "0", "--duplicates", "0", "--no-deadline"]);

    assert!(small.succeeded().starts_with("saga: holds\n"));
    assert!(!program.path("hotel.db").exists(), "nothing is stored");
}
