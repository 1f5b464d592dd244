//! Bounds, the shortest way, and ways that are kept as tests.

use std::panic::catch_unwind;

use procession::{Application, Module, Saga};
use procession_check::{Bound, Check, Verdict, check};

use crate::jobs::*;

/// A job whose end is asked for, or forgotten.
fn job(is_forgotten: bool) -> Check {
    let house = Saga::named("house").on(move |it: &Started| (!is_forgotten).then(|| finish(&it.job)));
    let application = Application::assemble([jobs().saga(house), notes()]);
    check(application).when((start("a"), note("b"), note("c"))).is_partial()
}

#[test]
fn a_check_that_meets_its_bound_is_not_passed() {
    // given a check that passes, and bounds below what it takes
    let report = job(false).run();

    let few = job(false).most_states(report.states / 2).explore().unwrap();
    let flat = job(false).deepest(2).explore().unwrap();

    assert!(matches!(few.verdict, Verdict::NotFinished(Bound::States(_))), "{few}");
    assert!(matches!(flat.verdict, Verdict::NotFinished(Bound::Depth(2))), "{flat}");
    assert!(!few.holds() && !flat.holds());
    let told = catch_unwind(|| job(false).deepest(2).run()).unwrap_err().downcast::<String>().unwrap();
    assert!(told.starts_with("not finished: some worlds lie deeper than 2 moves"), "{told}");
}

#[test]
fn a_way_into_trouble_is_kept_as_a_test() {
    // given the way into trouble, as a test
    let found = broken(job(true));
    let way = || found.way.iter().map(String::as_str);
    assert!(way().all(|it| found.to_test().contains(it)), "{}", found.to_test());

    // when it is gone with and without the mistake
    let with = catch_unwind(|| job(true).along(way()));
    job(false).along(way());

    // then it leads into the same trouble until the mistake is mended
    let told = with.unwrap_err().downcast::<String>().unwrap();
    assert!(told.contains("\"every process ends\" does not hold"), "{told}");
}

#[test]
fn a_counterexample_is_a_diagram_too() {
    let diagram = broken(job(true)).to_mermaid();

    assert!(diagram.starts_with("sequenceDiagram\n    outside ->> job_a: Start\n"), "{diagram}");
    assert!(diagram.contains("    Note over job_a: Started\n"), "{diagram}");
}

#[test]
fn a_counterexample_is_not_wider_than_a_terminal() {
    // given a text that is far too long for a line
    let long = "long ".repeat(40);
    let check = check(Application::assemble([notes()])).when(note(&long)).is_partial();

    let found = broken(check.finally("nothing", |world| world.events::<Noted>().is_empty()));

    let shown = found.to_string();
    let layers = shown.split("the way there").next().unwrap();
    assert!(layers.lines().all(|it| it.chars().count() <= 100) && layers.contains('…'), "{shown}");
    assert!(found.log.iter().any(|it| it.entry.payload.contains(&long)));
}

/// The trouble needs one move of many that are possible, and that have nothing to do with it.
#[test]
fn the_way_is_the_shortest_one() {
    let check = || {
        let house = Module::named("house").saga(Saga::named("house").on(|it: &Started| finish(&it.job)));
        let others = ["b", "c", "d"].map(|it| Note { notes: it.into(), text: it.into() });
        let application = Application::assemble([jobs(), notes(), house]);
        let check = check(application).when((others, start("a"))).is_partial();
        check.always("it does not end", |world| !world.state::<Job>("a").has_finished)
    };

    let (few, all) = (broken(check()), broken(check().without_reductions()));

    assert_eq!(few.way, ["job a handles Start", "job a handles Finish"]);
    // and then: without reductions each reaction is a move of its own
    assert_eq!(all.way.len(), 3);
}
