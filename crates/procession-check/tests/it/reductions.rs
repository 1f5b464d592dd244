//! What is left out makes no difference. Each application is one in which it could.

use procession::{After, Application, Cancel, Effect, Module, Saga};
use procession_check::{Answer, Check, Promise, Verdict, check};

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

/// Nobody else leads to the notes, but time does.
#[test]
fn who_waits_for_a_time_is_not_alone() {
    let check = || {
        let house = Saga::named("house").on(|_: &Started| After(HOUR, note("later")));
        let application = Application::assemble([jobs().saga(house), notes()]);
        let check = check(application).given(start("a")).when(note("now")).duplicates(0);
        check.may_wait::<Job>().is_partial().finally("now is first", is_now_first)
    };

    assert_eq!(same_with_and_without_reductions(check).as_deref(), Some("now is first"));
}

/// What the target of an effect says may lead anywhere; the map does not show it.
#[test]
fn whom_an_answer_of_an_effect_may_lead_to_is_not_alone() {
    let check = || {
        let call = Effect::named("call").on(async |_: Started, _| Ok(()));
        let application = Application::assemble([jobs().effect(call), notes()]);
        let check = check(application).given(start("a")).when(note("now")).duplicates(0);
        let check = check.effect("call", |_: &Started| vec![Answer::sends(note("an answer"))]);
        check.may_wait::<Job>().is_partial().finally("now is first", is_now_first)
    };

    assert_eq!(same_with_and_without_reductions(check).as_deref(), Some("now is first"));
}

fn is_now_first(world: &procession_check::World<'_>) -> bool {
    world.state::<Notes>("all").texts.first().is_some_and(|it| it == "now")
}

/// Two places have nothing to do with each other, but for a property that looks at both.
#[test]
fn what_a_property_looks_at_is_tried_in_every_order() {
    for (first, second) in [("a", "b"), ("b", "a")] {
        let check = || {
            let check = check(Application::assemble([jobs()])).given((start("a"), start("b")));
            let check = check.when((finish("a"), finish("b"))).duplicates(0).is_partial();
            check.always("one is first", move |world| {
                let is_finished = |job| world.state::<Job>(job).has_finished;
                is_finished(first) || !is_finished(second)
            })
        };

        assert_eq!(same_with_and_without_reductions(check).as_deref(), Some("one is first"));
    }
}
