//! What is left out makes no difference. Each application is one in which it could.

use procession::{After, Application, Cancel, Module, Saga};
use procession_check::{Check, Promise, Verdict, check};

use crate::jobs::*;

/// Explores with and without reductions, and expects the same: what is said, or that all holds.
fn same_with_and_without_reductions(check: impl Fn() -> Check) -> Option<String> {
    let [few, all] = [check(), check().without_reductions()].map(|it| it.explore().unwrap());
    let said = |verdict: &Verdict| match verdict {
        Verdict::Holds => None,
        Verdict::Broken(found) => Some(found.property.clone()),
        verdict => panic!("{verdict:?}"),
    };
    assert_eq!(said(&few.verdict), said(&all.verdict), "few: {few}\nall: {all}");
    assert!(few.states <= all.states || !all.holds(), "few: {few}\nall: {all}");
    said(&all.verdict)
}

/// What comes from outside may never come. To let it come first, because it has nothing to do with anybody else, would hide
/// the world in which it does not.
#[test]
fn what_may_never_come_is_not_let_come_first() {
    // given a job that is finished when something is noted, which may never happen
    let check = || {
        let house = Saga::named("house").on(|it: &Noted| finish(&it.text));
        let application = Application::assemble([notes().publishes::<Noted>(), jobs().saga(house)]);
        let elsewhere = Note { notes: "others".into(), text: "b".into() };
        check(application).given(start("a")).when(elsewhere).meanwhile(note("a")).duplicates(0).is_partial()
    };

    let found = same_with_and_without_reductions(check);

    assert_eq!(found.as_deref(), Some("every process ends"));
}

/// Who sets a timer, and who takes it back, may be two sagas: the second one may be faster, and then the timer fires.
#[test]
fn a_timer_may_be_set_after_it_was_taken_back() {
    let check = || {
        let set = Saga::named("set").on(|it: &Started| After(HOUR, note(&it.job)));
        let take_back = Saga::named("take back").on(|_: &Finished| Cancel::<Note>::to("all"));
        let sagas = Module::named("sagas").saga(set).saga(take_back);
        check(Application::assemble([jobs(), notes(), sagas]))
            .when((start("a"), finish("a")))
            .always("nothing is noted after the end", |world| {
                !world.state::<Job>("a").has_finished || world.state::<Notes>("all").texts.is_empty()
            })
            .is_partial()
    };

    let found = same_with_and_without_reductions(check);

    assert_eq!(found.as_deref(), Some("nothing is noted after the end"));
}

/// Within one store, whoever writes first is handled first: places that have nothing else to do with each other have this.
#[test]
fn within_one_store_the_first_to_write_is_handled_first() {
    // given two jobs, whose ends are noted
    let check = || {
        let house = Saga::named("house").on(|it: &Started| note(&it.job));
        check(Application::assemble([jobs().saga(house), notes()]))
            .when((start("a"), start("b")))
            .promise(Promise::OneStore)
            .duplicates(0)
            .may_wait::<Job>()
            .same_outcome("the first", |world| world.state::<Notes>("all").texts.first().cloned())
            .is_partial()
    };

    let found = same_with_and_without_reductions(check);

    assert_eq!(found.as_deref(), Some("the first"));
}
