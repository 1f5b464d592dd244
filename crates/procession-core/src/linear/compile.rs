//! A linear saga becomes a process manager.

use std::{any::TypeId, sync::Arc};

use super::{
    builder::LinearSaga,
    events::{
        CompensationStarted, RollbackStarted, SagaCompensated, SagaCompleted, SagaEvent, SagaResumed,
        SagaStarted, StepCompensated, StepCompleted, StepFailed, StepRetryScheduled, StepStarted,
        StepTimedOut,
    },
    inputs::{Meaning, Role, take},
    program::{Node, Program},
    state::SagaState,
    step::Told,
    timeouts::{ResumeSaga, RetryStep, TimeOutStep},
};
use crate::{
    Failure, Message, MessageType, Output, Payload, Starts,
    emit::{Emission, EmissionKind, Times, once},
    engine::{HandleFn, InstanceType, ReactFn},
    map::{Stage, StageCompensation, StageStep},
    process::{CorrelateFn, Input, ProcessType, Source},
};

impl<D: Payload + Clone> LinearSaga<D> {
    pub(crate) fn erased(self) -> ProcessType {
        let Self { name, start, program } = self;
        let program = Arc::new(program);
        let mut takes = Takes::default();
        if let Some(start) = start {
            let emits = starting(&program);
            takes.fact(
                start.fact,
                start.correlate,
                Role::Starts(start.begin, start.starts),
                emits,
                start.starts,
            );
        }
        for step in 0..program.steps.len() {
            takes.step(&program, step);
        }
        takes.timeouts(&program);
        let new = Arc::clone(&program);
        let instance = InstanceType {
            initial: Box::new(move || Box::new(SagaState::<D>::new(Arc::clone(&new)))),
            evolve: Box::new(|state, name, schema_version, payload| {
                let state = state.downcast_mut::<SagaState<D>>();
                state.map_or(Ok(()), |it| it.evolve(name, schema_version, payload))
            }),
            ends: SagaEvent::ENDS,
            is_process: true,
        };
        ProcessType {
            category: name,
            rust_type: std::any::type_name::<LinearSaga<D>>(),
            id: TypeId::of::<LinearSaga<D>>(),
            is_linear: true,
            instance: Arc::new(instance),
            inputs: takes.0.into_iter().map(|it| it.input(name)).collect(),
            stages: stages(&program, &program.stages),
        }
    }
}

/// The messages that a saga takes, each with all that it can mean.
struct Takes<D>(Vec<Take<D>>);

struct Take<D> {
    message: MessageType,
    from: From,
    meanings: Vec<Meaning<D>>,
    emits: Vec<Emission>,
    starts: Starts,
}

enum From {
    Fact(Vec<CorrelateFn>),
    Rejection(MessageType),
    Timeout,
}

impl<D> Default for Takes<D> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<D: Payload + Clone> Takes<D> {
    fn step(&mut self, program: &Program<D>, step: usize) {
        let Some(definition) = program.steps.get(step) else { return };
        for answer in &definition.completes_on {
            let role = Role::Completes(step, answer.learn.clone());
            self.told(&answer.told, role, completing(program, step));
        }
        for answer in &definition.fails_on {
            let role = Role::Fails(step, answer.learn.clone());
            self.told(&answer.told, role, failing(program, step));
        }
        let sends = &definition.sends;
        self.rejection(sends.command, sends.rejected, Role::Rejected(step), failing(program, step));
        let Some(compensation) = &definition.compensation else { return };
        self.told(&compensation.completes_on, Role::Compensated(step), compensated(program, step));
        let sends = &compensation.sends;
        self.rejection(sends.command, sends.rejected, Role::CompensationRejected(step), Vec::new());
    }

    fn told(&mut self, told: &Told, role: Role<D>, emits: Vec<Emission>) {
        self.fact(told.fact, Arc::clone(&told.correlate), role, emits, Starts::Never);
    }

    fn fact(
        &mut self,
        message: MessageType,
        correlate: CorrelateFn,
        role: Role<D>,
        emits: Vec<Emission>,
        starts: Starts,
    ) {
        let take = self.find_or_add(message, || From::Fact(Vec::new()));
        if let From::Fact(correlates) = &mut take.from {
            correlates.push(Arc::clone(&correlate));
        }
        take.add(role, Some(correlate), emits);
        if starts != Starts::Never {
            take.starts = starts;
        }
    }

    fn rejection(
        &mut self,
        command: MessageType,
        rejected: MessageType,
        role: Role<D>,
        emits: Vec<Emission>,
    ) {
        self.find_or_add(rejected, || From::Rejection(command)).add(role, None, emits);
    }

    fn timeouts(&mut self, program: &Program<D>) {
        let limited = program.steps.iter().enumerate().filter(|(_, it)| it.within.is_some());
        let timing_out: Vec<_> = limited.flat_map(|(step, _)| timing_out(program, step)).collect();
        if !timing_out.is_empty() {
            let take = self.find_or_add(MessageType::of::<TimeOutStep>(), || From::Timeout);
            take.add(Role::TimedOut, None, timing_out);
        }
        for step in 0..program.steps.len() {
            if program.steps.get(step).is_some_and(|it| it.retries > 0 && !it.pause.is_zero()) {
                let take = self.find_or_add(MessageType::of::<RetryStep>(), || From::Timeout);
                take.add(Role::Retries, None, sending(program, step));
            }
        }
        let save_points = (0..program.stages.len()).filter(|it| program.save_point(*it).is_some());
        for stage in save_points {
            let behind = program.steps_from(stage);
            let next = program.ready(&|it| !behind.contains(&it)).into_iter();
            let emits = next.flat_map(|it| sending(program, it)).collect();
            self.find_or_add(MessageType::of::<ResumeSaga>(), || From::Timeout).add(
                Role::Resumes,
                None,
                emits,
            );
        }
    }

    fn find_or_add(&mut self, message: MessageType, from: impl FnOnce() -> From) -> &mut Take<D> {
        let found = self.0.iter().position(|it| it.message == message);
        let index = found.unwrap_or_else(|| {
            let (meanings, emits) = (Vec::new(), Vec::new());
            self.0.push(Take { message, from: from(), meanings, emits, starts: Starts::Never });
            self.0.len() - 1
        });
        &mut self.0[index]
    }
}

impl<D: Payload + Clone> Take<D> {
    fn add(&mut self, role: Role<D>, correlate: Option<CorrelateFn>, emits: Vec<Emission>) {
        self.meanings.push(Meaning { role, correlate });
        for emission in emits {
            if !self.emits.contains(&emission) {
                self.emits.push(emission);
            }
        }
    }

    fn input(self, category: &'static str) -> Input {
        let Self { message, from, meanings, emits, starts } = self;
        let handle: HandleFn = Arc::new(move |state, message, _, outputs| {
            let state = state.downcast_ref::<SagaState<D>>();
            let state = state.ok_or_else(|| Failure::UnknownCategory { category: category.into() })?;
            take(category, &meanings, state, message, outputs)
        });
        let source = match from {
            From::Fact(correlates) => Source::Fact(routes(category, correlates)),
            From::Rejection(command) => Source::Rejection(command),
            From::Timeout => Source::Timeout,
        };
        Input { source, takes: message, emits, starts, handle }
    }
}

/// An event that means several things is delivered once to each instance that it concerns.
fn routes(category: &'static str, correlates: Vec<CorrelateFn>) -> ReactFn {
    Arc::new(move |event, outputs| {
        let mut delivered = Vec::new();
        for correlate in &correlates {
            let Some(to) = correlate(event, category)? else { continue };
            if !delivered.contains(&to) {
                outputs.push(Output::Deliver { to: to.clone(), message: event.encoded() });
                delivered.push(to);
            }
        }
        Ok(())
    })
}

fn recorded<M: Message>(times: Times) -> Emission {
    once::<M>(EmissionKind::Records, times)
}

/// What starting a step emits.
fn sending<D>(program: &Program<D>, step: usize) -> Vec<Emission> {
    let Some(step) = program.steps.get(step) else { return Vec::new() };
    let command = Emission { kind: EmissionKind::Sends, message: step.sends.command, times: Times::Maybe };
    let timeout = step.within.map(|_| once::<TimeOutStep>(EmissionKind::SendsLater, Times::Maybe));
    [recorded::<StepStarted>(Times::Maybe), command].into_iter().chain(timeout).collect()
}

fn starting<D>(program: &Program<D>) -> Vec<Emission> {
    let first = program.ready(&|_| false).into_iter().flat_map(|it| sending(program, it));
    [recorded::<SagaStarted>(Times::Once)].into_iter().chain(first).collect()
}

fn completing<D>(program: &Program<D>, step: usize) -> Vec<Emission> {
    let others = program.reachable_without(step);
    let next = program.ready(&|it| it == step || others.contains(&it));
    let mut emits = vec![recorded::<StepCompleted>(Times::Maybe)];
    if next.is_empty() {
        emits.push(recorded::<SagaCompleted>(Times::Maybe));
    }
    emits.extend(next.into_iter().flat_map(|it| sending(program, it)));
    emits
}

/// When a step fails, what is done is undone.
fn failing<D>(program: &Program<D>, step: usize) -> Vec<Emission> {
    let mut emits = vec![recorded::<StepFailed>(Times::Maybe), recorded::<RollbackStarted>(Times::Maybe)];
    emits.extend(undoing(program, step));
    emits.extend(retrying(program, step));
    emits
}

/// A step that was not done in time may be done after all, and is undone too.
fn timing_out<D>(program: &Program<D>, step: usize) -> Vec<Emission> {
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

fn compensated<D>(program: &Program<D>, step: usize) -> Vec<Emission> {
    let mut emits = vec![recorded::<StepCompensated>(Times::Maybe)];
    emits.extend(undoing(program, step));
    emits
}

/// What may be undone next after this step: a step of a branch beside it, or the nearest one before it.
fn undoing<D>(program: &Program<D>, step: usize) -> Vec<Emission> {
    let may_be_done = program.reachable_without(step);
    let (before, beside): (Vec<_>, Vec<_>) =
        may_be_done.into_iter().partition(|it| !program.reachable_without(*it).contains(&step));
    let undo = |it: usize| compensation(program, it);
    let mut emits: Vec<Emission> = beside.into_iter().rev().filter_map(undo).flatten().collect();
    match before.into_iter().rev().find_map(undo) {
        Some(nearest) => emits.extend(nearest),
        None => emits.push(recorded::<SagaCompensated>(Times::Maybe)),
    }
    if program.stages.iter().any(|it| matches!(it, Node::SavePoint(_))) {
        emits.push(recorded::<SagaResumed>(Times::Maybe));
        emits.push(once::<ResumeSaga>(EmissionKind::SendsLater, Times::Maybe));
    }
    emits
}

fn compensation<D>(program: &Program<D>, step: usize) -> Option<[Emission; 2]> {
    let message = program.steps.get(step)?.compensation.as_ref()?.sends.command;
    let sends = Emission { kind: EmissionKind::Compensates, message, times: Times::Maybe };
    Some([recorded::<CompensationStarted>(Times::Maybe), sends])
}

fn stages<D>(program: &Program<D>, nodes: &[Node]) -> Vec<Stage> {
    let stage = |node: &Node| match node {
        Node::Step(step) => {
            let step = program.steps.get(*step)?;
            let compensation = step.compensation.as_ref();
            Some(Stage::Step(StageStep {
                name: step.name,
                sends: step.sends.command,
                completes_on: step.completes_on.iter().map(|it| it.told.fact).collect(),
                fails_on: step.fails_on.iter().map(|it| it.told.fact).collect(),
                within: step.within,
                retries: step.retries,
                compensation: compensation.map(|it| StageCompensation {
                    sends: it.sends.command,
                    completes_on: it.completes_on.fact,
                }),
            }))
        }
        Node::Parallel(branches) => {
            Some(Stage::Parallel(branches.iter().map(|it| stages(program, it)).collect()))
        }
        Node::SavePoint(it) => Some(Stage::SavePoint { retries: it.retries, pause: it.pause }),
    };
    nodes.iter().filter_map(stage).collect()
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
