//! Timers, and handlers that look at the clock.

use procession::{After, Application, Cancel, Reschedule, Saga};
use procession_check::{Check, check};

use crate::jobs::*;

/// A watch over a job that is finished from outside, perhaps.
fn watched() -> Check {
    let application = Application::assemble([jobs(), watches()]);
    check(application).when(start("a")).may_wait::<Job>().duplicates(0).is_partial()
}

fn ended_by(check: Check, who: &'static str) -> Check {
    check.finally("it has ended otherwise", move |world| {
        world.state::<Watch>("a").ended_by.is_some_and(|it| it != who)
    })
}

#[test]
fn time_is_up_at_any_moment() {
    // given a job that may be finished at any moment, or never
    let check = || watched().meanwhile(finish("a"));

    // then its watch always ends: by the clock, or by the job
    check().finally("it has ended", |world| world.state::<Watch>("a").ended_by.is_some()).run();
    broken(ended_by(check(), "the clock"));
    broken(ended_by(check(), "the job"));
}

/// The engine takes the timeouts of an instance back that has ended, and one that was on its way has no effect.
#[test]
fn a_timeout_that_arrives_late_changes_nothing() {
    let check = watched().meanwhile(finish("a"));
    check.always("it ends once", |world| world.events::<WatchEnded>().len() <= 1).run();
}

#[test]
fn a_handler_that_looks_at_the_clock_sees_it_before_and_after_the_deadline() {
    // given a watch that is ended from outside
    let check = || watched().meanwhile(EndWatch { watch: "a".into() });

    // then somebody is in time, somebody is late, and the clock may be faster
    broken(ended_by(check(), "somebody in time"));
    let found = broken(ended_by(check(), "the clock"));
    assert!(found.way.iter().any(|it| it.starts_with("time is up: ")), "{found}");
    let found = broken(ended_by(check().when(EndWatch { watch: "a".into() }), "somebody late"));
    let late = "watch a handles EndWatch, after a deadline that it was not told of";
    assert!(found.way.iter().any(|it| it == late), "{found}");
}

#[test]
fn a_command_that_is_moved_comes_once() {
    // given a text that is asked for later whenever a job starts or ends
    let later = || {
        let house = Saga::named("house")
            .on(|_: &Started| Reschedule(HOUR, note("later")))
            .on(|_: &Finished| Reschedule(HOUR, note("later")));
        let application = Application::assemble([jobs().saga(house), notes()]);
        let check = check(application).given(start("a")).when(finish("a")).duplicates(0).is_partial();
        check.finally("it is noted", |world| !world.state::<Notes>("all").texts.is_empty())
    };

    later().run();
    // and then: once, unless its time had come before it was moved
    let once = later().always("once", |world| world.state::<Notes>("all").texts.len() <= 1);
    let found = broken(once);
    assert_eq!(found.way.iter().filter(|it| it.starts_with("time is up: ")).count(), 2, "{found}");
}

/// It comes if it is faster, and never if it was taken back before.
#[test]
fn a_command_that_is_taken_back_may_come_or_not() {
    let check = || {
        let house = Saga::named("house")
            .on(|_: &Started| After(HOUR, note("later")))
            .on(|_: &Finished| Cancel::<Note>::to("all"));
        let application = Application::assemble([jobs().saga(house), notes()]);
        check(application).given(start("a")).when(finish("a")).duplicates(0).is_partial()
    };

    broken(check().finally("it comes", |world| !world.state::<Notes>("all").texts.is_empty()));
    broken(check().finally("it never comes", |world| world.state::<Notes>("all").texts.is_empty()));
}
