//! In which orders messages may arrive.

use procession::{Application, Module, Saga};
use procession_check::{Check, Promise, check};

use crate::jobs::*;

/// Two texts for each job that starts, sent by one saga.
fn two_notes() -> Module {
    let sends = |it: &Started| (note(format!("{} 1", it.job)), note(format!("{} 2", it.job)));
    Module::named("house").saga(Saga::named("house").on(sends))
}

fn place(texts: &[String], text: &str) -> Option<usize> {
    texts.iter().position(|it| it == text)
}

/// What one sender sends keeps its order.
fn in_order(check: Check, first: &'static str, second: &'static str) -> Check {
    check.finally("in order", move |world| {
        let texts = world.state::<Notes>("all").texts;
        if place(&texts, first) < place(&texts, second) { Ok(()) } else { Err(format!("{texts:?}")) }
    })
}

fn jobs_are_noted(promise: Promise) -> Check {
    let application = Application::assemble([jobs(), notes(), two_notes()]);
    check(application)
        .when((start("a"), start("b")))
        .promise(promise)
        .duplicates(0)
        .may_wait::<Job>()
        .is_partial()
}

#[test]
fn messages_of_one_sender_arrive_in_their_order() {
    for promise in [Promise::BetweenStores, Promise::OneStore] {
        in_order(jobs_are_noted(promise), "a 1", "a 2").run();
    }
}

#[test]
fn messages_of_several_senders_arrive_in_any_order() {
    for promise in [Promise::BetweenStores, Promise::OneStore] {
        broken(in_order(jobs_are_noted(promise), "a 1", "b 1"));
        broken(in_order(jobs_are_noted(promise), "b 1", "a 1"));
    }
}

/// The first saga writes to the log before the second one is asked to.
#[test]
fn within_one_store_what_was_written_first_is_handled_first() {
    // given a text of a saga, and one that follows from what the job does then
    let check = |promise| {
        let first = Saga::named("first").on(|it: &Started| (note("first"), finish(&it.job)));
        let second = Saga::named("second").on(|_: &Finished| note("second"));
        let sagas = Module::named("sagas").saga(first).saga(second);
        let application = Application::assemble([jobs(), notes(), sagas]);
        let check = check(application).when(start("a")).promise(promise).duplicates(0).is_partial();
        in_order(check, "first", "second")
    };

    check(Promise::OneStore).run();
    // and then: between stores the first one may be slow
    assert_eq!(broken(check(Promise::BetweenStores)).property, "in order");
}

#[test]
fn a_message_that_goes_from_module_to_module_may_come_twice() {
    // given a text that is noted when a job starts, and a handler that does not care whether it was asked before
    let noted = |duplicates| {
        let house = Module::named("house").saga(Saga::named("house").on(|_: &Started| note("once")));
        let application = Application::assemble([jobs(), notes(), house]);
        let check = check(application).when(start("a")).duplicates(duplicates).may_wait::<Job>().is_partial();
        check.always("it is noted once", |world| world.state::<Notes>("all").texts.len() <= 1)
    };

    // then one duplicate is enough, and none is none
    let found = broken(noted(1));
    assert!(found.way.iter().any(|it| it.ends_with("and will get it again")), "{found}");
    assert!(found.way.iter().any(|it| it.starts_with("a second time: ")), "{found}");
    noted(0).run();
}

/// Within a module there is one store, and nothing comes twice.
#[test]
fn a_message_within_a_module_comes_once() {
    let house = Saga::named("house").on(|_: &Started| note("once"));
    let all = Module::named("all").handles::<Start>().handles::<Note>().saga(house);
    let check = check(Application::assemble([all])).when(start("a")).may_wait::<Job>().is_partial();
    check.always("it is noted once", |world| world.state::<Notes>("all").texts.len() <= 1).run();
}

/// With as many duplicates, a text is noted so often more.
#[test]
fn so_many_messages_come_twice_as_the_check_says() {
    let most = |most: usize| {
        let check = check(Application::assemble([notes()])).when((note("a"), note("b"))).duplicates(2);
        let check = check.is_partial();
        check.always("at most", move |world| world.state::<Notes>("all").texts.len() <= most)
    };

    most(4).run();
    broken(most(3));
}
