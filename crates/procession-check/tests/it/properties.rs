//! What must hold without being said, and how to say that it is meant otherwise.

use procession::{Application, Module, ProcessManager, Saga, Sends, WiringErrors};
use procession_check::{Check, CheckError, Unreached, Verdict, check};

use crate::jobs::*;

/// Jobs that are started, and what follows from that.
fn when_started<S: Sends>(
    also: impl Fn(Module) -> Module,
    react: impl Fn(&Started) -> S + Send + Sync + 'static,
) -> Check {
    let house = Module::named("house").saga(Saga::named("house").on(react));
    check(Application::assemble([also(jobs()), notes(), house])).when(start("a"))
}

fn finish_it(it: &Started) -> Finish {
    finish(&it.job)
}

fn unreached(check: Check) -> Unreached {
    match check.explore().unwrap().verdict {
        Verdict::Unreached(unreached) => unreached,
        verdict => panic!("{verdict:?}"),
    }
}

#[test]
fn a_handler_that_fails_would_park_its_message() {
    // given a job that is told to do what always fails
    let check = when_started(Module::handles::<Fail>, |it| Fail { job: it.job.clone() });

    let found = broken(check);

    assert_eq!(found.property, "no message is parked");
    assert!(found.reason.contains("job a has failed on `Fail { job: \"a\" }`"), "{}", found.reason);
    assert!(found.reason.contains("this always fails"), "{}", found.reason);
}

#[test]
fn a_rejection_is_for_somebody() {
    // given a saga that sends what is refused: nobody hears the "no"
    let refused = || {
        let react = |it: &Started| (finish_it(it), Refuse { job: it.job.clone() });
        when_started(Module::handles::<Refuse>, react).facts(["Finished"]).is_partial()
    };

    let found = broken(refused());

    assert_eq!(found.property, "every rejection is for somebody");
    assert!(found.reason.contains("this is always refused"), "{}", found.reason);
    // and then: it is meant to be so, or somebody outside has asked, and hears it
    refused().may_reject::<JobRejection>().run();
    let asked = check(Application::assemble([jobs().handles::<Refuse>()]));
    asked.when(Refuse { job: "a".into() }).is_partial().run();
}

/// The process manager has sent it, and takes the "no".
#[test]
fn a_rejection_that_a_process_manager_takes_is_for_somebody() {
    let watch = ProcessManager::<Asker>::new().on::<Started>().on_rejection::<Refuse>();
    let askers = Module::named("askers").process_manager(watch);
    let application = Application::assemble([jobs().handles::<Refuse>(), askers]);
    let check = check(application).when(start("a")).may_wait::<Job>().is_partial();
    check.finally("it has heard the no", |world| world.state::<Asker>("a").has_heard).run();
}

#[test]
fn what_can_end_ends() {
    let check = || when_started(|it| it, |_| note("started")).facts(["Noted"]).is_partial();

    let found = broken(check());

    assert_eq!(found.property, "every process ends");
    assert!(found.reason.starts_with("job a has not ended"), "{}", found.reason);
    check().may_wait::<Job>().run();
}

#[test]
fn every_handler_is_reached() {
    // given a handler that nobody sends a command to
    let check = || when_started(Module::handles::<Fail>, finish_it).facts(["Finished"]);

    assert_eq!(unreached(check()).handlers, ["job on Fail", "notes on Note"]);
    check().is_partial().run();
}

#[test]
fn every_event_has_somebody_who_reacts() {
    // given notes that nobody reacts to
    let check = || when_started(|it| it, |it| (finish_it(it), note("started")));

    assert_eq!(unreached(check()).events, ["Noted"]);
    check().facts(["Noted"]).run();
}

#[test]
fn what_a_process_manager_notes_down_is_for_itself() {
    let check = check(Application::assemble([jobs(), watches()])).when((start("a"), finish("a")));

    let unreached = unreached(check.may_wait::<Job>());

    assert_eq!(unreached.handlers, ["watch on EndWatch"]);
    assert!(unreached.events.is_empty(), "{unreached:?}");
}

#[test]
fn an_outcome_may_be_the_same_in_every_order() {
    // given two texts, each noted by a saga of its own
    let outcome = |sorted: bool| {
        let two = Module::named("two")
            .saga(Saga::named("one").on(|_: &Started| note("one")))
            .saga(Saga::named("two").on(|_: &Started| note("two")));
        let application = Application::assemble([jobs(), notes(), two]);
        let check = check(application).when(start("a")).duplicates(0).may_wait::<Job>().is_partial();
        check.same_outcome("the texts", move |world| {
            let mut texts = world.state::<Notes>("all").texts;
            if sorted {
                texts.sort();
            }
            texts
        })
    };

    let found = broken(outcome(false));

    assert_eq!(found.property, "the texts");
    assert!(found.reason.contains("in another order it is"), "{}", found.reason);
    outcome(true).run();
}

#[test]
fn always_is_in_every_world_and_finally_at_rest() {
    // given a job that is finished after it has started: in between it is not
    let check = || when_started(|it| it, finish_it).is_partial();
    let is_finished = |world: &procession_check::World<'_>| world.state::<Job>("a").has_finished;

    check().finally("it is finished", is_finished).run();
    let found = broken(check().always("it is finished", is_finished));
    assert_eq!((found.property.as_str(), found.way.len()), ("it is finished", 0));
}

#[test]
fn an_application_that_does_not_fit_together_cannot_be_checked() {
    // given a saga whose command nobody handles
    let lost: Result<Application, WiringErrors> =
        Application::assemble([jobs().saga(Saga::named("lost").on(|_: &Started| note("lost")))]);

    let error = check(lost).when(start("a")).explore().unwrap_err();

    assert!(matches!(&error, CheckError::Application(reason) if reason.contains("Note")), "{error}");
}

#[test]
fn what_is_given_must_be_possible() {
    let given = check(Application::assemble([jobs().handles::<Fail>()])).given(Fail { job: "a".into() });
    let error = given.explore().unwrap_err();
    assert!(matches!(&error, CheckError::Impossible(_)), "{error}");
}
