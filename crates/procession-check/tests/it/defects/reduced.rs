//! What is left out makes no difference to what is found, and to how far it is away.

use procession_check::Verdict;

use super::{
    cases::{Case, MUTATIONS, PORTED, RIGHT},
    defect::with,
    found::counterexample,
};
use crate::jobs::broken;

/// Without reductions a reaction is a move of its own: `saga house handles Started of job a`.
fn is_reaction(told: &str) -> bool {
    let reacts = ["saga ", "module ", "effect ", "route to "].iter().any(|it| told.starts_with(it));
    reacts && told.contains(" handles ")
}

fn is_found_as_near_without_reductions(case: &Case) {
    // given what is found with reductions
    let (few, _) = counterexample(case);

    // when nothing is left out
    let all = with(Some(case.defect), || broken((case.check)().without_reductions()));

    // then the same is found, as near
    let nearest = all.way.iter().filter(|it| !is_reaction(it)).count();
    let found = few.way.iter().filter(|it| !is_reaction(it)).count();
    println!("{:?}: {found} moves, {nearest} without reductions", case.defect);
    assert_eq!(few.property, all.property, "{:?}\n{few}\n{all}", case.defect);
    assert_eq!(found, nearest, "{:?}\n{few}\n{all}", case.defect);
}

#[test]
fn what_is_wrong_is_found_as_near_without_reductions() {
    PORTED.iter().chain(&MUTATIONS).for_each(is_found_as_near_without_reductions);
}

#[test]
fn what_is_right_is_right_without_reductions() {
    for (name, check) in RIGHT {
        let (few, all) = (check().run(), check().without_reductions().explore().unwrap());
        println!("{name}: {} of {} worlds, {:?} of {:?}", few.states, all.states, few.elapsed, all.elapsed);
        assert!(matches!(all.verdict, Verdict::Holds), "{name}: {all}");
        assert!(few.states < all.states, "{name}");
    }
}
