//! Those who are alike.

use procession::{Application, Saga};
use procession_check::{Check, CheckError, check};

use crate::jobs::*;

fn jobs_called(names: &[&str]) -> Check {
    let house = Saga::named("house").on(|it: &Started| (finish(&it.job), note(&it.job)));
    let application = Application::assemble([jobs().saga(house), notes()]);
    check(application).when(names.iter().map(|it| start(it)).collect::<Vec<_>>()).duplicates(0).is_partial()
}

#[test]
fn of_worlds_that_differ_in_who_is_who_one_is_explored() {
    let names = ["a", "b", "c"];

    let all = jobs_called(&names).run();
    let alike = jobs_called(&names).alike(names).run();

    assert!(alike.states * 3 < all.states, "{} of {}", alike.states, all.states);
}

#[test]
fn those_who_are_alike_are_looked_at_all_the_same() {
    // given that one of three must not be the first
    let check = || {
        jobs_called(&["a", "b", "c"])
            .always("nobody is noted third", |world| world.state::<Notes>("all").texts.len() < 3)
    };

    let [alike, all] = [check().alike(["a", "b", "c"]), check()].map(broken);

    assert_eq!(alike.way.len(), all.way.len());
}

#[test]
fn who_is_told_apart_is_not_alike() {
    // given one who has started already
    let check = jobs_called(&["a", "b"]).given(start("a")).alike(["a", "b"]);

    let error = check.explore().unwrap_err();

    assert!(matches!(&error, CheckError::NotAlike { .. }), "{error}");
    assert!(error.to_string().starts_with("`a` and `b` are not alike"), "{error}");
}
