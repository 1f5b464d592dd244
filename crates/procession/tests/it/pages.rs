//! What stands in the guide is true: its code is code that runs, its messages are what the compiler says, its links lead
//! somewhere, and each promise has its test.

use std::{
    fs,
    path::{Path, PathBuf},
};

fn project() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn files(folder: &str, extension: &str) -> Vec<PathBuf> {
    let folder = project().join(folder);
    let files = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let files = files.map(|it| it.unwrap().path());
    files.filter(|it| it.extension().is_some_and(|it| it == extension)).collect()
}

fn pages() -> Vec<PathBuf> {
    let mut pages = files("", "md");
    pages.extend(files("docs", "md"));
    assert!(pages.len() > 5, "the pages are not where they were: {pages:?}");
    pages
}

/// The blocks of a page that are in a language.
fn blocks(page: &Path, language: &str) -> Vec<String> {
    let text = fs::read_to_string(page).unwrap();
    let fence = format!("```{language}\n");
    text.split(fence.as_str()).skip(1).filter_map(|it| it.split("\n```").next()).map(str::to_owned).collect()
}

/// Without blank lines and indentation.
fn lines(text: &str) -> String {
    text.lines().map(str::trim).filter(|it| !it.is_empty()).map(|it| format!("{it}\n")).collect()
}

#[test]
fn the_code_of_every_page_is_an_excerpt_of_code_that_is_compiled() {
    let folders = [
        "examples/coffee-bar/src",
        "examples/hotel/src",
        "examples/hotel/src/checks",
        "examples/hotel/tests/check",
        "examples/hotel/src/guest_stays",
        "examples/hotel/src/group_checkouts",
        "examples/hotel/src/reservations",
        "examples/hotel/src/cli",
        "examples/hotel/src/web",
        "examples/hotel/tests/simulate",
        "examples/shop/src/orders",
        "crates/procession/examples",
        "crates/procession/examples/trip",
        "crates/procession/tests/it",
        "crates/procession/tests/it/map",
        "crates/procession/tests/it/mistakes",
        "crates/procession-telemetry/tests/it",
    ];
    let sources = folders.iter().flat_map(|it| files(it, "rs"));
    let sources: Vec<String> = sources.map(|it| lines(&fs::read_to_string(it).unwrap())).collect();
    for page in pages() {
        for block in blocks(&page, "rust") {
            let is_code = sources.iter().any(|it| it.contains(&lines(&block)));
            assert!(is_code, "{}: no source has\n{block}", page.display());
        }
    }
}

#[test]
fn the_compilers_messages_are_what_the_compiler_says() {
    let said: Vec<String> = files("crates/procession/tests/it/mistakes", "stderr")
        .into_iter()
        .map(|it| fs::read_to_string(it).unwrap())
        .collect();
    let shown = blocks(&project().join("docs/compile-errors.md"), "text");
    assert!(shown.len() >= said.len(), "a mistake has no section");
    for message in shown {
        let is_said = said.iter().any(|it| it.lines().any(|it| it == message));
        assert!(is_said, "the compiler does not say\n{message}");
    }
}

#[test]
fn every_link_leads_somewhere() {
    for page in pages() {
        let text = fs::read_to_string(&page).unwrap();
        for link in text.split("](").skip(1).filter_map(|it| it.split(')').next()) {
            let file = link.split('#').next().unwrap();
            if !link.starts_with("http") && !file.is_empty() {
                let target = page.parent().unwrap().join(file);
                assert!(target.exists(), "{}: {link} leads nowhere", page.display());
            }
        }
    }
}

#[test]
fn every_test_that_a_page_names_exists() {
    let mut named = 0;
    for page in pages() {
        let text = fs::read_to_string(&page).unwrap();
        for (before, link) in text.split("`](").zip(text.split("`](").skip(1)) {
            let name = before.rsplit('`').next().unwrap();
            let file = page.parent().unwrap().join(link.split(')').next().unwrap());
            if name.contains(' ') || name.contains('.') || !name.contains('_') || file.is_dir() {
                continue;
            }
            named += 1;
            let source = fs::read_to_string(&file).unwrap();
            assert!(source.contains(&format!("fn {name}")), "{}: {name} is not in its file", page.display());
        }
    }
    assert!(named > 0, "no page names a test");
}
