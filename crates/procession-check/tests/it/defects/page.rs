//! What stands in `docs/what-the-checker-finds.md` is what the checker prints.

use std::time::Duration;

use super::{
    cases::{Case, MUTATIONS, PORTED},
    found::counterexample,
};

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/what-the-checker-finds.md");

/// Behind this line of the page stands what is printed for a defect: `<!-- found: CompletionSetBack -->`.
const FOUND: &str = "<!-- found: ";

/// Behind this one stands the table of mutations.
const TABLE: &str = "| mutation | breaks | moves | worlds | found in |";

/// With `UPDATE_GUIDE` set, the page is written again.
#[test]
fn the_page_shows_what_the_checker_prints() {
    let page = std::fs::read_to_string(PAGE).unwrap();

    let written = with_what_is_found(&page);

    if std::env::var_os("UPDATE_GUIDE").is_some() {
        return std::fs::write(PAGE, &written).unwrap();
    }
    assert_eq!(without_times(&written), without_times(&page), "UPDATE_GUIDE=1 writes the page again");
}

/// A defect without its story would not be noticed otherwise.
#[test]
fn the_page_has_all_defects_of_other_programs() {
    let page = std::fs::read_to_string(PAGE).unwrap();
    for case in PORTED {
        assert!(page.contains(&format!("{FOUND}{:?} -->", case.defect)), "{:?} is missing", case.defect);
    }
}

fn with_what_is_found(page: &str) -> String {
    let (mut written, mut lines) = (String::new(), page.lines());
    while let Some(line) = lines.next() {
        written += &format!("{line}\n");
        if let Some(name) = line.strip_prefix(FOUND).and_then(|it| it.strip_suffix(" -->")) {
            let case = PORTED.iter().find(|it| format!("{:?}", it.defect) == name).unwrap();
            written += &format!("```text\n{}\n```\n", told(case));
            lines.by_ref().find(|it| *it == "```").expect("the end of what is printed");
        } else if line == TABLE {
            written += &format!("{}\n", lines.next().expect("the line below the head of a table"));
            MUTATIONS.iter().for_each(|it| written += &row(it));
            lines.by_ref().take_while(|it| it.starts_with('|')).for_each(drop);
            written.push('\n');
        }
    }
    written
}

/// All but the test to keep: it names a line of this folder.
fn told(case: &Case) -> String {
    let told = counterexample(case).0.to_string();
    told.split("\n a test to keep").next().unwrap_or_default().trim_end().to_owned()
}

fn row(case: &Case) -> String {
    let (counterexample, report) = counterexample(case);
    let (moves, worlds) = (counterexample.way.len(), report.states);
    format!("| {} | {} | {moves} | {worlds} | {} |\n", case.what, case.breaks, class(report.elapsed))
}

fn class(elapsed: Duration) -> String {
    format!("{:.1} ms", elapsed.as_secs_f64() * 1000.0)
}

/// How fast it was differs from run to run.
fn without_times(page: &str) -> String {
    let line = |line: &str| match line.strip_suffix(" ms |").and_then(|it| it.rsplit_once('|')) {
        Some((others, _)) => others.to_owned(),
        None => line.to_owned(),
    };
    page.lines().map(line).collect::<Vec<_>>().join("\n")
}
