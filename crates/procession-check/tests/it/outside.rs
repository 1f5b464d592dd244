//! What comes from outside: at any moment, or never; and how the targets of effects answer.

use procession::{Application, Effect, Module};
use procession_check::{Answer, Check, CheckError, check};

use crate::jobs::*;

/// A job whose start calls somebody outside.
fn called(gives_up: bool) -> Application {
    let call = Effect::named("call").on(async |it: Started, _| Ok(Finish { job: it.job }));
    let call = if gives_up { call.when_given_up(|it: &Started, _| finish(&it.job)) } else { call };
    Application::assemble([jobs().effect(call), notes()]).unwrap()
}

fn check_of(application: Application) -> Check {
    check(application).when(start("a")).duplicates(0).is_partial()
}

fn notes_at_most(check: Check, most: usize) -> Check {
    check.always("so many notes", move |world| world.state::<Notes>("all").texts.len() <= most)
}

#[test]
fn what_may_come_from_outside_comes_or_does_not() {
    let check = || check(Application::assemble([notes()])).meanwhile((note("a"), note("b"))).duplicates(0);
    let texts = |world: &procession_check::World<'_>| world.state::<Notes>("all").texts;

    // then none of them comes, both come, and they come in both orders
    broken(check().is_partial().finally("some come", move |world| !texts(world).is_empty()));
    broken(check().is_partial().always("not both come", move |world| texts(world).len() < 2));
    broken(check().is_partial().always("not in this order", move |world| texts(world) != ["a", "b"]));
    broken(check().is_partial().always("not in that order", move |world| texts(world) != ["b", "a"]));
}

#[test]
fn no_more_than_64_commands_may_come_at_any_moment() {
    let many = |many: usize| check(Application::assemble([notes()])).meanwhile(vec![note("a"); many]);

    let error = many(65).explore().unwrap_err();
    assert!(matches!(error, CheckError::TooManyMeanwhile(65)), "{error}");
    // and then: 64 are explored, as far as one goes
    assert!(many(64).is_partial().deepest(1).explore().is_ok());
}

#[test]
fn every_answer_of_an_effects_target_is_explored() {
    // given a target that may do the job, or may not
    let answers = |it: &Started| vec![Answer::sends(finish(&it.job)), Answer::sends(())];
    let check = || check_of(called(false)).effect("call", answers);

    assert_eq!(broken(check()).property, "every process ends");
    assert_eq!(
        broken(check().always("it is not done", |world| !world.state::<Job>("a").has_finished)).property,
        "it is not done"
    );
}

#[test]
fn an_effect_whose_answers_are_not_said_is_a_mistake_of_the_check() {
    let found = broken(check_of(called(false)));

    assert_eq!(found.property, "every effect has a target that answers");
    assert!(found.reason.contains(".effect(\"call\", ...)"), "{}", found.reason);
}

#[test]
fn a_call_that_is_given_up_leads_on_or_is_parked() {
    let given_up = |gives_up| {
        check_of(called(gives_up)).effect("call", |_: &Started| vec![Answer::given_up("nobody is there")])
    };

    given_up(true).run();
    let found = broken(given_up(false));
    assert_eq!(found.property, "no message is parked");
    assert!(found.reason.contains("nobody is there"), "{}", found.reason);
}

/// It says what came of the call from outside: that may come twice, like all that comes from there.
#[test]
fn a_target_may_answer_twice() {
    let answers = |_: &Started| vec![Answer::from_outside(note("done"))];
    let check = || check_of(called(false)).effect("call", answers).may_wait::<Job>().crashes(0);

    notes_at_most(check(), 1).run();
    let found = broken(notes_at_most(check().duplicates(1), 1));
    assert!(found.way.iter().any(|it| it.starts_with("a second time: notes all")), "{found}");
}

#[test]
fn a_call_is_made_again_when_a_crash_takes_its_result() {
    let answers = |_: &Started| vec![Answer::from_outside(note("done"))];
    let check = || check_of(called(false)).effect("call", answers).may_wait::<Job>();

    let found = broken(notes_at_most(check(), 1));
    assert!(found.way.iter().any(|it| it.ends_with("whose result a crash takes")), "{found}");
    notes_at_most(check(), 2).run();
    notes_at_most(check().crashes(0), 1).run();
}

/// An effect may be taken back by an event of its stream; nobody answers then.
#[test]
fn a_call_that_is_taken_back_is_not_answered() {
    let call = Effect::named("call").on(async |_: Started, _| Ok(note("done"))).until::<Finished>();
    let house = Module::named("house").handles::<Note>();
    let application = Application::assemble([jobs().effect(call), house]).unwrap();
    let check = check_of(application).when(finish("a")).crashes(0);
    let check = check.effect("call", |_: &Started| vec![Answer::sends(note("done"))]);

    // then it is answered before the end, or never
    let found =
        broken(check.finally("it is answered", |world| !world.state::<Notes>("all").texts.is_empty()));
    assert!(!found.way.iter().any(|it| it.contains("answer")), "{found}");
}

#[test]
fn the_calls_for_one_stream_are_made_one_after_another() {
    // given a call for each text, whose answer is noted elsewhere
    let call = Effect::named("call").on(async |_: Noted, _| Ok(()));
    let check = check(Application::assemble([notes().effect(call)])).when((note("1"), note("2")));
    let check = check.duplicates(0).is_partial().effect("call", |it: &Noted| {
        let answer = Note { notes: "answers".into(), text: it.text.clone() };
        vec![Answer::sends((it.notes == "all").then_some(answer))]
    });

    // then the answers come in the order of the texts
    let answers = |world: &procession_check::World<'_>| world.state::<Notes>("answers").texts;
    check.finally("in order", move |world| answers(world) == ["1", "2"]).run();
}
