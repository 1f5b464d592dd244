use crate::program::Program;

/// The map follows the code. When it was changed on purpose, run `hotel map --format FORMAT` into the file here.
fn is_as_noted(format: &str, noted: &str) {
    let drawn = Program::new().run(["map", "--format", format]).succeeded();
    assert_eq!(
        drawn, noted,
        "to note it: hotel map --format {format} > examples/hotel/tests/cli/map.{format}"
    );
}

#[test]
fn the_map_as_text() {
    is_as_noted("text", include_str!("map.text"));
    assert_eq!(Program::new().run(["map"]).succeeded(), include_str!("map.text"), "text is the usual format");
}

#[test]
fn the_map_as_mermaid() {
    is_as_noted("mermaid", include_str!("map.mermaid"));
}

#[test]
fn the_map_as_json() {
    is_as_noted("json", include_str!("map.json"));
}

#[test]
fn the_map_as_bpmn() {
    is_as_noted("bpmn", include_str!("map.bpmn"));
}

#[test]
fn what_a_module_publishes_and_takes_as_async_api() {
    let drawn = Program::new().run(["map", "--format", "async-api", "--module", "guest_stays"]).succeeded();
    assert_eq!(
        drawn,
        include_str!("map.async-api"),
        "to note it: hotel map --format async-api --module guest_stays > examples/hotel/tests/cli/map.async-api"
    );
}

#[test]
fn an_async_api_document_is_of_one_module() {
    for more in [&[][..], &["--module", "kitchen"]] {
        let ran = Program::new().run(["map", "--format", "async-api"].iter().chain(more));
        assert_eq!((ran.exit, ran.stdout.as_str()), (Some(2), ""));
        assert!(ran.stderr.contains("the modules are: guest_stays, group_checkouts"), "{}", ran.stderr);
    }
}

#[test]
fn where_two_are_in_charge_one_must_be_named() {
    let states = ["map", "--style", "process-manager", "--format", "states"];
    let ran = Program::new().run(states);
    assert_eq!(ran.exit, Some(2));
    assert!(ran.stderr.contains("the processes are: group_checkout, reservation"), "{}", ran.stderr);
    for process in ["group_checkout", "reservation"] {
        let drawn = Program::new().run(states.iter().chain(&["--process", process])).succeeded();
        assert!(drawn.starts_with("stateDiagram-v2\n"), "{drawn}");
    }
}

#[test]
fn an_option_of_another_format_is_a_mistake() {
    for option in ["--module", "--process"] {
        let ran = Program::new().run(["map", option, "guest_stays"]);
        assert_eq!(ran.exit, Some(2));
        assert!(ran.stderr.contains(&format!("`{option}` has an effect only with")), "{}", ran.stderr);
    }
}
