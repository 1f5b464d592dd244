//! Linear sagas led from message to message. `random` leads them along any path.

mod random;

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{
    Branch, Command, Correlation, Event, LinearSaga, Step,
    doc::{Room, RoomRejection},
    test::given_linear_saga,
};

/// What a saga of the tests knows: whom it belongs to, and what it has learnt.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Known {
    saga: String,
    ticket: u32,
}

#[derive(Event, Clone, Serialize, Deserialize)]
struct Begun {
    saga: String,
}

/// Asks somebody to do a step.
#[derive(Command, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[command(to = Room, id = saga)]
struct Do {
    saga: String,
    step: usize,
    ticket: u32,
}

#[derive(Command, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[command(to = Room, id = saga)]
struct Undo {
    saga: String,
    step: usize,
    ticket: u32,
}

#[derive(Event, Clone, Serialize, Deserialize)]
struct Done {
    saga: String,
    step: usize,
}

#[derive(Event, Clone, Serialize, Deserialize)]
struct Failed {
    saga: String,
    step: usize,
}

#[derive(Event, Clone, Serialize, Deserialize)]
struct Undone {
    saga: String,
    step: usize,
}

const NAMES: [&str; 12] =
    ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven"];

/// A step without a compensation. All steps take the same messages, and tell theirs from the others' by the number.
fn plain(step: usize) -> Step<Known> {
    let of = move |number: usize, saga: &String| Correlation::maybe((number == step).then(|| saga.clone()));
    let command = move |known: &Known| Do { saga: known.saga.clone(), step, ticket: known.ticket };
    Step::named(NAMES[step], command)
        .completes_on(move |event: &Done| of(event.step, &event.saga))
        .fails_on(move |event: &Failed| of(event.step, &event.saga))
}

fn undoable(step: usize) -> Step<Known> {
    plain(step).compensates(
        move |known| Undo { saga: known.saga.clone(), step, ticket: known.ticket },
        move |event: &Undone| Correlation::maybe((event.step == step).then(|| event.saga.clone())),
    )
}

fn known(event: &Begun) -> (String, Known) {
    (event.saga.clone(), Known { saga: event.saga.clone(), ticket: 0 })
}

fn saga() -> LinearSaga<Known> {
    LinearSaga::named("saga").starts_on(known)
}

fn s() -> String {
    "s".into()
}

fn begun() -> Begun {
    Begun { saga: s() }
}

fn ask(step: usize) -> Do {
    Do { saga: s(), step, ticket: 0 }
}

fn undo(step: usize) -> Undo {
    Undo { saga: s(), step, ticket: 0 }
}

fn done(step: usize) -> Done {
    Done { saga: s(), step }
}

fn failed(step: usize) -> Failed {
    Failed { saga: s(), step }
}

fn undone(step: usize) -> Undone {
    Undone { saga: s(), step }
}

#[test]
fn it_goes_straight_through_its_steps() {
    given_linear_saga(saga().step(undoable(0)).step(plain(1)).step(undoable(2)))
        .when(begun())
        .then(ask(0))
        .when(done(0))
        .then(ask(1))
        .when(done(1))
        .then(ask(2))
        .when(done(2))
        .then_ends("SagaCompleted");
}

#[test]
fn completed_steps_are_undone_in_reverse_order_one_after_the_other() {
    given_linear_saga(saga().step(undoable(0)).step(undoable(1)).step(plain(2)).step(undoable(3)))
        .when(begun())
        .then(ask(0))
        .when(done(0))
        .then(ask(1))
        .when(done(1))
        .then(ask(2))
        .when(done(2))
        .then(ask(3))
        .when(failed(3))
        .then(undo(1))
        .when(undone(1))
        .then(undo(0))
        .when(undone(0))
        .then_ends("SagaCompensated");
}

#[test]
fn a_first_step_that_fails_leaves_nothing_to_undo() {
    let begin = || given_linear_saga(saga().step(undoable(0)).step(plain(1))).when(begun()).then(ask(0));
    begin().when(failed(0)).then_ends("SagaCompensated");
    begin().when_rejected(ask(0), RoomRejection::AlreadyClean).then_ends("SagaCompensated");
}

#[test]
fn a_rejection_is_a_failure() {
    given_linear_saga(saga().step(undoable(0)).step(plain(1)))
        .when(begun())
        .then(ask(0))
        .when(done(0))
        .then(ask(1))
        .when_rejected(ask(1), RoomRejection::AlreadyClean)
        .then(undo(0));
}

#[test]
fn a_step_that_is_not_done_in_time_is_undone_like_one_that_is_done() {
    let slow = undoable(1).within(Duration::from_secs(60));
    given_linear_saga(saga().step(undoable(0)).step(slow))
        .when(begun())
        .then(ask(0))
        .when(done(0))
        .then(ask(1))
        .when_timed_out("one")
        .then(undo(1))
        .when(done(1))
        .then_ignored()
        .when(undone(1))
        .then(undo(0));
}

#[test]
fn the_time_of_a_step_that_is_done_has_no_effect() {
    let slow = |step| undoable(step).within(Duration::from_secs(60));
    given_linear_saga(saga().step(slow(0)).step(slow(1)))
        .when(begun())
        .then(ask(0))
        .when(done(0))
        .then(ask(1))
        .when_timed_out("zero")
        .then_ignored()
        .when(done(1))
        .then_ends("SagaCompleted");
}

#[test]
fn a_failing_branch_waits_for_what_is_under_way_and_starts_nothing_more() {
    let branches = [Branch::new().step(undoable(1)).step(undoable(2)), Branch::new().step(undoable(3))];
    given_linear_saga(saga().step(undoable(0)).in_parallel(branches).step(undoable(4)))
        .when(begun())
        .then(ask(0))
        .when(done(0))
        .then((ask(1), ask(3)))
        .when(failed(3))
        .then(())
        .when(done(1))
        .then(undo(1))
        .when(undone(1))
        .then(undo(0));
}

#[test]
fn what_comes_after_branches_waits_for_all_of_them() {
    let branches = [Branch::new().step(undoable(0)).step(undoable(1)), Branch::new().step(undoable(2))];
    given_linear_saga(saga().in_parallel(branches).step(plain(3)))
        .when(begun())
        .then((ask(0), ask(2)))
        .when(done(0))
        .then(ask(1))
        .when(done(1))
        .then(())
        .when(done(2))
        .then(ask(3))
        .when(failed(3))
        .then(undo(2))
        .when(undone(2))
        .then(undo(1))
        .when(undone(1))
        .then(undo(0));
}

/// The messages of both branches have the same types: which branch one belongs to, the correlation and the command say.
#[test]
fn branches_with_the_same_messages_are_told_apart() {
    let branches = || [Branch::new().step(undoable(0)), Branch::new().step(undoable(1))];
    let begin = || given_linear_saga(saga().in_parallel(branches())).when(begun()).then((ask(0), ask(1)));
    begin().when(failed(1)).then(()).when(done(0)).then(undo(0));
    begin().when(done(1)).then(()).when(failed(0)).then(undo(1));
    begin().when_rejected(ask(1), RoomRejection::AlreadyClean).then(()).when(done(0)).then(undo(0));
    begin().when(done(1)).then(()).when(done(1)).then_ignored().when(done(0)).then_ends("SagaCompleted");
}

#[test]
fn a_save_point_is_returned_to_and_then_the_one_before_it() {
    let two_points = saga()
        .step(undoable(0))
        .save_point("first", 1, Duration::ZERO)
        .step(undoable(1))
        .save_point("second", 1, Duration::ZERO)
        .step(undoable(2));
    given_linear_saga(two_points)
        .when(begun())
        .then(ask(0))
        .when(done(0))
        .then(ask(1))
        .when(done(1))
        .then(ask(2))
        .when(failed(2))
        .then(ask(2)) // the second save-point, for the first and last time
        .when(failed(2))
        .then(undo(1)) // so the first one
        .when(undone(1))
        .then(ask(1))
        .when(done(1))
        .then(ask(2))
        .when(failed(2))
        .then(undo(1)) // and both are used up
        .when(undone(1))
        .then(undo(0))
        .when(undone(0))
        .then_ends("SagaCompensated");
}

#[test]
fn a_failure_before_a_save_point_does_not_return_to_it() {
    given_linear_saga(saga().step(plain(0)).save_point("point", 9, Duration::ZERO).step(plain(1)))
        .when(begun())
        .then(ask(0))
        .when(failed(0))
        .then_ends("SagaCompensated");
}

#[test]
fn what_a_step_has_learnt_is_known_to_the_next_and_to_the_compensations() {
    let first = undoable(0).learns(|known: &mut Known, event: &Done| known.ticket = 7 + event.step as u32);
    let with_ticket = |step| Do { ticket: 7, ..ask(step) };
    given_linear_saga(saga().step(first).step(undoable(1)))
        .when(begun())
        .then(ask(0))
        .when(done(0))
        .then(with_ticket(1))
        .when(failed(1))
        .then(Undo { ticket: 7, ..undo(0) });
}

#[test]
fn a_compensation_that_is_rejected_is_parked_with_the_reason() {
    given_linear_saga(saga().step(undoable(0)).step(plain(1)))
        .when(begun())
        .then(ask(0))
        .when(done(0))
        .then(ask(1))
        .when(failed(1))
        .then(undo(0))
        .when_rejected(undo(0), RoomRejection::AlreadyClean)
        .then_parked("the compensation of step `zero` has failed: the room is clean already");
}

#[test]
fn duplicates_and_answers_that_nobody_waits_for_are_ignored() {
    given_linear_saga(saga().step(undoable(0)).step(undoable(1)))
        .when(begun())
        .then(ask(0))
        .when(begun())
        .then_ignored()
        .when(done(1))
        .then_ignored()
        .when(undone(0))
        .then_ignored()
        .when(done(0))
        .then(ask(1))
        .when(done(0))
        .then_ignored()
        .when_rejected(undo(0), RoomRejection::AlreadyClean)
        .then_ignored();
}

#[test]
fn after_the_end_the_start_has_no_effect_unless_it_starts_again() {
    given_linear_saga(saga().step(plain(0)))
        .when(begun())
        .then(ask(0))
        .when(failed(0))
        .then(())
        .when(begun())
        .then_ignored();
    given_linear_saga(LinearSaga::named("saga").starts_again_on(known).step(plain(0)))
        .when(begun())
        .then(ask(0))
        .when(failed(0))
        .then(())
        .when(begun())
        .then(ask(0))
        .when(done(0))
        .then_ends("SagaCompleted");
}

#[test]
fn the_time_of_a_step_of_an_earlier_life_has_no_effect_on_a_later_one() {
    let slow = plain(0).within(Duration::from_secs(60));
    given_linear_saga(LinearSaga::named("saga").starts_again_on(known).step(slow))
        .when(begun())
        .then(ask(0))
        .when(failed(0))
        .then(())
        .when(begun())
        .then(ask(0))
        .when_timed_out_at("zero", 1)
        .then_ignored()
        .when_timed_out_at("zero", 2)
        .then_ends("SagaCompensated");
}

#[test]
fn a_failing_step_is_tried_again_after_a_pause_as_often_as_it_may() {
    let stubborn = undoable(1).retries(2, Duration::from_secs(60));
    given_linear_saga(saga().step(undoable(0)).step(stubborn))
        .when(begun())
        .then(ask(0))
        .when(done(0))
        .then(ask(1))
        .when(failed(1))
        .then(())
        .when(failed(1))
        .then_ignored()
        .when_pause_is_over()
        .then(ask(1))
        .when_rejected(ask(1), RoomRejection::AlreadyClean)
        .then(())
        .when_pause_is_over()
        .then(ask(1))
        .when(failed(1))
        .then(undo(0))
        .when(undone(0))
        .then_ends("SagaCompensated");
}

#[test]
fn without_a_pause_a_step_is_tried_again_at_once() {
    given_linear_saga(saga().step(plain(0).retries(1, Duration::ZERO)))
        .when(begun())
        .then(ask(0))
        .when(failed(0))
        .then(ask(0))
        .when(done(0))
        .then_ends("SagaCompleted");
}

#[test]
fn a_step_is_not_tried_again_when_a_branch_beside_it_has_failed_meanwhile() {
    let branches = [
        Branch::new().step(plain(0).retries(5, Duration::from_secs(60))),
        Branch::new().step(plain(1)),
        Branch::new().step(undoable(2)),
    ];
    given_linear_saga(saga().in_parallel(branches))
        .when(begun())
        .then((ask(0), ask(1), ask(2)))
        .when(failed(0))
        .then(())
        .when(failed(1))
        .then(())
        .when_pause_is_over()
        .then_ignored()
        .when(done(2))
        .then(undo(2))
        .when(undone(2))
        .then_ends("SagaCompensated");
}

#[test]
fn behind_a_save_point_a_step_may_be_tried_as_often_as_at_first() {
    let stubborn = plain(0).retries(1, Duration::ZERO);
    let mut it = given_linear_saga(saga().save_point("point", 1, Duration::from_secs(60)).step(stubborn))
        .when(begun())
        .then(ask(0));
    it = it.when(failed(0)).then(ask(0)).when(failed(0)).then(());
    it = it.when_pause_is_over().then(ask(0)).when(failed(0)).then(ask(0));
    it.when(failed(0)).then_ends("SagaCompensated");
}

#[test]
fn what_undoes_the_steps_may_know_what_has_failed() {
    let failing = plain(1).learns(|it, event: &Failed| it.ticket = event.step as u32 + 100);
    given_linear_saga(saga().step(undoable(0)).step(failing))
        .when(begun())
        .then(ask(0))
        .when(done(0))
        .then(ask(1))
        .when(failed(1))
        .then(Undo { ticket: 101, ..undo(0) });
}

#[test]
fn a_rejection_finds_its_step_also_when_another_one_has_taught_the_saga_something_since() {
    let first = undoable(0).learns(|it, _: &Done| it.ticket = 7);
    let branches = [first, undoable(1), undoable(2)].map(|it| Branch::new().step(it));
    given_linear_saga(saga().in_parallel(branches))
        .when(begun())
        .then((ask(0), ask(1), ask(2)))
        .when(done(0))
        .then(())
        .when_rejected(ask(2), RoomRejection::AlreadyClean)
        .then(())
        .when(done(1))
        .then(Undo { ticket: 7, ..undo(1) });
}

#[test]
fn a_rejection_of_a_command_that_no_step_has_sent_has_no_effect() {
    given_linear_saga(saga().step(plain(0)))
        .when(begun())
        .then(ask(0))
        .when_rejected(ask(5), RoomRejection::AlreadyClean)
        .then_ignored();
}

#[test]
fn what_a_failure_teaches_is_known_to_the_next_attempt() {
    let again = plain(0).learns(|it, _: &Failed| it.ticket += 1).retries(2, Duration::ZERO);
    given_linear_saga(saga().step(again))
        .when(begun())
        .then(ask(0))
        .when(failed(0))
        .then(Do { ticket: 1, ..ask(0) })
        .when(failed(0))
        .then(Do { ticket: 2, ..ask(0) });
}
