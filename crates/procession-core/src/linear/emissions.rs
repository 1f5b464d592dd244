//! What can follow from what in a linear saga, for the map and the wiring.

use super::{
    events::{
        CompensationStarted, RollbackStarted, SagaCompensated, SagaCompleted, SagaResumed, SagaStarted,
        StepCompensated, StepCompleted, StepFailed, StepRetryScheduled, StepStarted, StepTimedOut,
    },
    program::{Node, Program},
    timeouts::{ResumeSaga, RetryStep, TimeOutStep},
};
use crate::{
    Message,
    emit::{Emission, EmissionKind, Times, once},
};

/// What starting a step emits.
pub(super) fn sending<D>(program: &Program<D>, step: usize) -> Vec<Emission> {
    let Some(step) = program.steps.get(step) else { return Vec::new() };
    let command = Emission { kind: EmissionKind::Sends, message: step.sends.command, times: Times::Maybe };
    let timeout = step.within.map(|_| once::<TimeOutStep>(EmissionKind::SendsLater, Times::Maybe));
    [recorded::<StepStarted>(Times::Maybe), command].into_iter().chain(timeout).collect()
}

pub(super) fn starting<D>(program: &Program<D>) -> Vec<Emission> {
    let first = going_on(program, &program.ready(&|_| false));
    [recorded::<SagaStarted>(Times::Once)].into_iter().chain(first).collect()
}

/// What starting the next steps emits, or the end when there are none.
fn going_on<D>(program: &Program<D>, next: &[usize]) -> Vec<Emission> {
    if next.is_empty() {
        return vec![recorded::<SagaCompleted>(Times::Maybe)];
    }
    next.iter().flat_map(|it| sending(program, *it)).collect()
}

pub(super) fn completing<D>(program: &Program<D>, step: usize) -> Vec<Emission> {
    let others = program.reachable_without(step);
    let next = program.ready(&|it| it == step || others.contains(&it));
    let mut emits = vec![recorded::<StepCompleted>(Times::Maybe)];
    emits.extend(going_on(program, &next));
    if !beside(program, step).is_empty() {
        // A branch beside it may have failed, and has only waited for this.
        emits.push(recorded::<RollbackStarted>(Times::Maybe));
        emits.extend(compensation(program, step).into_iter().flatten());
        emits.extend(undoing(program, step));
    }
    emits
}

/// What coming back to the save-point of a stage emits.
pub(super) fn resuming<D>(program: &Program<D>, stage: usize) -> Vec<Emission> {
    let behind = program.steps_from(stage);
    let next = going_on(program, &program.ready(&|it| !behind.contains(&it)));
    [recorded::<SagaResumed>(Times::Maybe)].into_iter().chain(next).collect()
}

/// When a step fails, what is done is undone.
pub(super) fn failing<D>(program: &Program<D>, step: usize) -> Vec<Emission> {
    let mut emits = vec![recorded::<StepFailed>(Times::Maybe), recorded::<RollbackStarted>(Times::Maybe)];
    emits.extend(undoing(program, step));
    emits.extend(retrying(program, step));
    emits
}

/// A step that was not done in time may be done after all, and is undone too.
pub(super) fn timing_out<D>(program: &Program<D>, step: usize) -> Vec<Emission> {
    let mut emits = vec![recorded::<StepTimedOut>(Times::Maybe), recorded::<RollbackStarted>(Times::Maybe)];
    emits.extend(compensation(program, step).into_iter().flatten());
    emits.extend(undoing(program, step));
    emits
}

fn retrying<D>(program: &Program<D>, step: usize) -> Vec<Emission> {
    match program.steps.get(step) {
        Some(it) if it.retries > 0 => {
            let mut emits = vec![recorded::<StepRetryScheduled>(Times::Maybe)];
            if it.pause.is_zero() {
                emits.extend(sending(program, step));
            } else {
                emits.push(once::<RetryStep>(EmissionKind::SendsLater, Times::Maybe));
            }
            emits
        }
        _ => Vec::new(),
    }
}

pub(super) fn compensated<D>(program: &Program<D>, step: usize) -> Vec<Emission> {
    let mut emits = vec![recorded::<StepCompensated>(Times::Maybe)];
    emits.extend(undoing(program, step));
    emits
}

/// What may be undone next after this step: a step of a branch beside it, or the nearest one before it.
fn undoing<D>(program: &Program<D>, step: usize) -> Vec<Emission> {
    let beside = beside(program, step);
    let before = program.reachable_without(step).into_iter().filter(|it| !beside.contains(it));
    let undo = |it: &usize| compensation(program, *it);
    let mut emits: Vec<Emission> = beside.iter().rev().filter_map(undo).flatten().collect();
    match before.collect::<Vec<_>>().iter().rev().find_map(undo) {
        Some(nearest) => emits.extend(nearest),
        None => emits.push(recorded::<SagaCompensated>(Times::Maybe)),
    }
    for (stage, node) in program.stages.iter().enumerate() {
        match node {
            Node::SavePoint(it) if it.pause.is_zero() => emits.extend(resuming(program, stage)),
            Node::SavePoint(_) => emits.push(once::<ResumeSaga>(EmissionKind::SendsLater, Times::Maybe)),
            Node::Step(_) | Node::Parallel(_) => {}
        }
    }
    emits
}

/// The steps that may be under way at the same time as this one.
fn beside<D>(program: &Program<D>, step: usize) -> Vec<usize> {
    let others = program.reachable_without(step).into_iter();
    others.filter(|it| program.reachable_without(*it).contains(&step)).collect()
}

fn compensation<D>(program: &Program<D>, step: usize) -> Option<[Emission; 2]> {
    let message = program.steps.get(step)?.compensation.as_ref()?.sends.command;
    let sends = Emission { kind: EmissionKind::Compensates, message, times: Times::Maybe };
    Some([recorded::<CompensationStarted>(Times::Maybe), sends])
}

fn recorded<M: Message>(times: Times) -> Emission {
    once::<M>(EmissionKind::Records, times)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde::{Deserialize, Serialize};

    use crate::{
        Branch, Correlation, EmissionKind, LinearSaga, Module, ProcessMap, Step,
        doc::{CleanRoom, GuestLeft, RoomCleaned},
        map::Trigger,
    };

    #[derive(Clone, Serialize, Deserialize)]
    struct Stay {
        room: u16,
    }

    fn step(name: &'static str) -> Step<Stay> {
        Step::named(name, |it: &Stay| CleanRoom { room: it.room })
            .completes_on(|event: &RoomCleaned| Correlation::to(event.room))
    }

    fn undone(name: &'static str) -> Step<Stay> {
        step(name).compensates(
            |it: &Stay| CleanRoom { room: it.room },
            |event: &RoomCleaned| Correlation::to(event.room),
        )
    }

    fn compensates_on(trigger: Trigger, saga: LinearSaga<Stay>) -> bool {
        let map = ProcessMap::of(&[Module::named("rooms").linear_saga(saga)]);
        let mut triggered = map.handlers().filter(|(_, it)| it.trigger == trigger);
        triggered.any(|(_, it)| it.emits.iter().any(|it| it.kind == EmissionKind::Compensates))
    }

    #[test]
    fn what_a_branch_beside_a_failing_one_has_done_can_be_undone() {
        let saga = LinearSaga::named("stay")
            .starts_on(|event: &GuestLeft| (event.room, Stay { room: event.room }))
            .in_parallel([Branch::new().step(step("air")), Branch::new().step(undone("sweep"))]);
        assert!(compensates_on(Trigger::Rejection, saga));
    }

    #[test]
    fn a_step_that_nothing_follows_is_undone_when_its_time_is_up_and_not_when_it_has_failed() {
        let saga = |last| {
            LinearSaga::named("stay")
                .starts_on(|event: &GuestLeft| (event.room, Stay { room: event.room }))
                .step(step("air"))
                .step(last)
        };
        let limited = || undone("sweep").within(Duration::from_secs(60));
        assert!(!compensates_on(Trigger::Rejection, saga(limited())), "what has failed is not done");
        assert!(compensates_on(Trigger::Timeout, saga(limited())), "what is late may be done");
    }
}
