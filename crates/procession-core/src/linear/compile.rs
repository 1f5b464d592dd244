//! A linear saga becomes a process manager.

use std::{any::TypeId, sync::Arc};

use super::{
    builder::LinearSaga,
    events::{
        CompensationStarted, RollbackStarted, SagaCompensated, SagaCompleted, SagaEvent, SagaResumed,
        SagaStarted, StepCompensated, StepCompleted, StepFailed, StepStarted, StepTimedOut,
    },
    inputs::{ResumeSaga, Role, TimeOutStep, take},
    program::{Node, Program},
    state::SagaState,
    step::Told,
};
use crate::{
    Failure, Message, MessageType, Output, Payload, Starts,
    emit::{Emission, EmissionKind, Times, once},
    engine::{HandleFn, InstanceType, ReactFn},
    map::{Stage, StageStep},
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
    roles: Vec<Role<D>>,
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
        for told in &definition.fails_on {
            self.told(told, Role::Fails(step), failing(program, step));
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
            correlates.push(correlate);
        }
        take.add(role, emits);
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
        self.find_or_add(rejected, || From::Rejection(command)).add(role, emits);
    }

    fn timeouts(&mut self, program: &Program<D>) {
        if program.steps.iter().any(|it| it.within.is_some()) {
            let failing = (0..program.steps.len()).flat_map(|it| failing(program, it)).collect();
            self.find_or_add(MessageType::of::<TimeOutStep>(), || From::Timeout).add(Role::TimedOut, failing);
        }
        if program.stages.iter().any(|it| matches!(it, Node::SavePoint(_))) {
            let emits = (0..program.steps.len()).flat_map(|it| sending(program, it)).collect();
            self.find_or_add(MessageType::of::<ResumeSaga>(), || From::Timeout).add(Role::Resumes, emits);
        }
    }

    fn find_or_add(&mut self, message: MessageType, from: impl FnOnce() -> From) -> &mut Take<D> {
        let found = self.0.iter().position(|it| it.message == message);
        let index = found.unwrap_or_else(|| {
            let (roles, emits) = (Vec::new(), Vec::new());
            self.0.push(Take { message, from: from(), roles, emits, starts: Starts::Never });
            self.0.len() - 1
        });
        &mut self.0[index]
    }
}

impl<D: Payload + Clone> Take<D> {
    fn add(&mut self, role: Role<D>, emits: Vec<Emission>) {
        self.roles.push(role);
        for emission in emits {
            if !self.emits.contains(&emission) {
                self.emits.push(emission);
            }
        }
    }

    fn input(self, category: &'static str) -> Input {
        let Self { message, from, roles, emits, starts } = self;
        let handle: HandleFn = Arc::new(move |state, message, _, outputs| {
            let state = state.downcast_ref::<SagaState<D>>();
            let state = state.ok_or_else(|| Failure::UnknownCategory { category: category.into() })?;
            take(&roles, state, message, outputs)
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
    let before = |it: usize| it <= step;
    let next = program.ready(&before);
    let mut emits = vec![recorded::<StepCompleted>(Times::Maybe)];
    if next.is_empty() {
        emits.push(recorded::<SagaCompleted>(Times::Maybe));
    }
    emits.extend(next.into_iter().flat_map(|it| sending(program, it)));
    emits
}

/// When a step fails, the nearest one before it that can be undone is undone.
fn failing<D>(program: &Program<D>, step: usize) -> Vec<Emission> {
    let mut emits = vec![recorded::<StepFailed>(Times::Maybe), recorded::<RollbackStarted>(Times::Maybe)];
    if program.steps.get(step).is_some_and(|it| it.within.is_some()) {
        emits.push(recorded::<StepTimedOut>(Times::Maybe));
        emits.extend(undoing(program, step + 1));
    } else {
        emits.extend(undoing(program, step));
    }
    emits
}

fn compensated<D>(program: &Program<D>, step: usize) -> Vec<Emission> {
    let mut emits = vec![recorded::<StepCompensated>(Times::Maybe)];
    emits.extend(undoing(program, step));
    emits
}

fn undoing<D>(program: &Program<D>, before: usize) -> Vec<Emission> {
    let mut undoable = program.steps.iter().take(before).rev().filter_map(|it| it.compensation.as_ref());
    let mut emits = match undoable.next() {
        Some(compensation) => vec![
            recorded::<CompensationStarted>(Times::Maybe),
            Emission {
                kind: EmissionKind::Compensates,
                message: compensation.sends.command,
                times: Times::Maybe,
            },
        ],
        None => vec![recorded::<SagaCompensated>(Times::Maybe)],
    };
    if program.stages.iter().any(|it| matches!(it, Node::SavePoint(_))) {
        emits.push(recorded::<SagaResumed>(Times::Maybe));
        emits.push(once::<ResumeSaga>(EmissionKind::SendsLater, Times::Maybe));
    }
    emits
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
                fails_on: step.fails_on.iter().map(|it| it.fact).collect(),
                within: step.within,
                compensation: compensation.map(|it| (it.sends.command, it.completes_on.fact)),
            }))
        }
        Node::Parallel(branches) => {
            Some(Stage::Parallel(branches.iter().map(|it| stages(program, it)).collect()))
        }
        Node::SavePoint(it) => Some(Stage::SavePoint { retries: it.retries }),
    };
    nodes.iter().filter_map(stage).collect()
}
