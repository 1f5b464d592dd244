//! The guide `docs/first-process.md` shows this program, and what it prints.

use std::process::{Command, Output};

const GUIDE: &str = include_str!("../../../docs/first-process.md");

/// The guide's code blocks in a language.
fn blocks(language: &str) -> Vec<&'static str> {
    let fence = format!("```{language}\n");
    GUIDE.split(fence.as_str()).skip(1).filter_map(|it| it.split("```").next()).collect()
}

fn order(folder: &tempfile::TempDir, order: &str) -> Output {
    Command::new(env!("CARGO_BIN_EXE_coffee-bar")).arg(order).current_dir(folder).output().unwrap()
}

#[test]
fn the_code_of_the_guide_is_the_program() {
    assert_eq!(blocks("rust").join("\n"), include_str!("../src/main.rs"));
}

#[test]
fn the_program_prints_what_the_guide_says() {
    let folder = tempfile::tempdir().unwrap();
    let first = order(&folder, "1");
    assert_eq!(String::from_utf8(first.stdout).unwrap(), blocks("text")[1]);

    let again = order(&folder, "1");
    assert_eq!(String::from_utf8(again.stderr).unwrap(), blocks("text")[2]);
    assert!(!again.status.success());
}

#[test]
fn the_third_order_finds_the_machine_empty() {
    let folder = tempfile::tempdir().unwrap();
    let ends = ["1", "2", "3"].map(|it| String::from_utf8(order(&folder, it).stdout).unwrap());
    assert!(ends[1].trim_end().ends_with(r#"CoffeeMade { machine: "corner", order: "2" }"#), "{}", ends[1]);
    assert!(ends[2].trim_end().ends_with(r#"BeansRanOut { machine: "corner", order: "3" }"#), "{}", ends[2]);
}

#[test]
fn the_store_holds_what_the_guide_says() {
    let folder = tempfile::tempdir().unwrap();
    assert!(order(&folder, "1").status.success());
    let query = GUIDE.split("sqlite3 coffee.db \"").nth(1).unwrap().split('"').next().unwrap();

    let store = rusqlite::Connection::open(folder.path().join("coffee.db")).unwrap();
    let mut rows = store.prepare(query).unwrap();
    let lines = rows.query_map([], |row| {
        let (position, cause): (u64, Option<u64>) = (row.get(0)?, row.get(4)?);
        let texts: [String; 3] = [row.get(1)?, row.get(2)?, row.get(3)?];
        Ok(format!("{position}|{}|{}\n", texts.join("|"), cause.map(|it| it.to_string()).unwrap_or_default()))
    });
    let lines: String = lines.unwrap().map(Result::unwrap).collect();
    assert_eq!(lines, blocks("text")[3]);
}
