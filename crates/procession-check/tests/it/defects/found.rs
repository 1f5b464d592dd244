//! Each defect is found, and what has none passes.

use std::time::Duration;

use procession_check::{Counterexample, Report, Verdict};

use super::{
    cases::{Case, MUTATIONS, PORTED, RIGHT},
    defect::{Defect, with},
};

/// What the checker says of a domain with one defect.
pub(super) fn explored(case: &Case) -> Report {
    with(Some(case.defect), || (case.check)().explore().unwrap())
}

pub(super) fn counterexample(case: &Case) -> (Box<Counterexample>, Report) {
    let mut report = explored(case);
    match std::mem::replace(&mut report.verdict, Verdict::Holds) {
        Verdict::Broken(counterexample) => (counterexample, report),
        verdict => panic!("{:?} was not found: {verdict:?} {report}", case.defect),
    }
}

/// What is not as expected of a case.
fn not_found_in_a_second(case: &Case) -> Option<String> {
    // when a domain with one defect is explored
    let (counterexample, report) = counterexample(case);

    // then the property that it breaks is named, in less than a second
    println!("{:?}: {} moves, {:?}", case.defect, counterexample.way.len(), report.elapsed);
    let is_found = counterexample.property == case.breaks && report.elapsed < Duration::from_secs(1);
    (!is_found).then(|| format!("{:?}, in {:?}: {counterexample}", case.defect, report.elapsed))
}

fn each_is_found_in_a_second(cases: &[Case]) {
    let not_found: Vec<String> = cases.iter().filter_map(not_found_in_a_second).collect();
    assert!(not_found.is_empty(), "{}", not_found.join("\n"));
}

#[test]
fn each_defect_of_other_programs_is_found_in_a_second() {
    each_is_found_in_a_second(&PORTED);
}

#[test]
fn each_mutation_is_found_in_a_second() {
    each_is_found_in_a_second(&MUTATIONS);
}

#[test]
fn domains_without_defects_pass() {
    for (name, check) in RIGHT {
        let report = check().explore().unwrap();
        println!("{name}: {report}");
        assert!(report.holds(), "{name}: {report}");
    }
}

/// To forget that a timer is taken back changes nothing: the timeout may have been on its way at that moment, so its handler
/// has a guard anyway. The checker does not complain of it.
#[test]
fn a_mutation_that_changes_nothing_that_matters_passes() {
    let report = with(Some(Defect::DeadlineNotTakenBack), || RIGHT[3].1().explore().unwrap());
    assert!(report.holds(), "{report}");
}

/// The way into trouble is a test that fails until the defect is mended, and passes from then on.
#[test]
fn each_way_into_trouble_is_a_test_to_keep() {
    for case in PORTED.iter().chain(&MUTATIONS) {
        // given the way into trouble
        let (counterexample, _) = counterexample(case);
        let go = || (case.check)().along(counterexample.way.iter().map(String::as_str));

        // when it is gone with the defect, and without it
        let with_defect = with(Some(case.defect), || std::panic::catch_unwind(go));
        let without = with(None, || std::panic::catch_unwind(go));

        // then it leads into the same trouble, and into none
        let panic = with_defect.expect_err("the defect is still there");
        let told = panic.downcast::<String>().unwrap();
        assert!(told.contains(case.breaks), "{:?}: {told}", case.defect);
        let is_a_style_that_only_the_defect_has = case.defect == Defect::LoopEndsInACrash;
        assert!(without.is_ok() || is_a_style_that_only_the_defect_has, "{:?}", case.defect);
    }
}
