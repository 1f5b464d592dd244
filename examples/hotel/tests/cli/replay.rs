use serde_json::Value;

use crate::program::Program;

#[test]
fn the_same_program_decides_as_it_did() {
    let program = Program::with_guests();
    program.run(["check-out-group", "ada", "--clerk", "eve"]).succeeded();

    let told = program.run(["replay"]).succeeded();

    assert!(told.ends_with("decisions would be made again as they were\n"), "{told}");
}

#[test]
fn another_program_says_what_it_would_have_done() {
    let program = Program::with_guests();
    program.run(["check-out-group", "ada", "--clerk", "eve"]).succeeded();

    let run = program.run(["replay", "--style", "process-manager", "--json"]);

    let told = run.failed(1, "would have been made otherwise").stdout;
    let told: Value = serde_json::from_str(&told).unwrap();
    assert!(told["differences"].as_array().unwrap().len() > 1, "{told:#}");
    assert_eq!(told["processes"].as_object().unwrap().len(), 1, "{told:#}");
}
