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
