//! A linear saga becomes a process manager.

use std::{any::TypeId, sync::Arc};

use super::{
    builder::LinearSaga,
    emissions::{compensated, completing, failing, resuming, sending, starting, timing_out},
    events::SagaEvent,
    inputs::{Meaning, Role, take},
    program::{Node, Program},
    state::SagaState,
    step::Told,
    timeouts::{ResumeSaga, RetryStep, TimeOutStep},
};
use crate::{
    Failure, MessageType, Output, Payload, Starts,
    emit::Emission,
    engine::{HandleFn, InstanceType, ReactFn},
    map::{Stage, StageCompensation, StageStep},
    process::{CorrelateFn, Input, ProcessType, Source},
};

impl<D: Payload + Clone> LinearSaga<D> {
    pub(crate) fn erased(self) -> ProcessType {
        let Self { name, start, program, retries } = self;
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
            retries,
        }
    }
}

/// The messages that a saga takes, each with all that it can mean.
struct Takes<D>(Vec<Take<D>>);

struct Take<D> {
    message: MessageType,
    origin: Origin,
    meanings: Vec<Meaning<D>>,
    emits: Vec<Emission>,
    starts: Starts,
}

enum Origin {
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
        let take = self.find_or_add(message, || Origin::Fact(Vec::new()));
        if let Origin::Fact(correlates) = &mut take.origin {
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
        self.find_or_add(rejected, || Origin::Rejection(command)).add(role, None, emits);
    }

    fn timeouts(&mut self, program: &Program<D>) {
        let limited = program.steps.iter().enumerate().filter(|(_, it)| it.within.is_some());
        let timing_out: Vec<_> = limited.flat_map(|(step, _)| timing_out(program, step)).collect();
        if !timing_out.is_empty() {
            let take = self.find_or_add(MessageType::of::<TimeOutStep>(), || Origin::Timeout);
            take.add(Role::TimedOut, None, timing_out);
        }
        for step in 0..program.steps.len() {
            if program.steps.get(step).is_some_and(|it| it.retries > 0 && !it.pause.is_zero()) {
                let take = self.find_or_add(MessageType::of::<RetryStep>(), || Origin::Timeout);
                take.add(Role::Retries, None, sending(program, step));
            }
        }
        let save_points = (0..program.stages.len()).filter(|it| program.save_point(*it).is_some());
        for stage in save_points {
            let take = self.find_or_add(MessageType::of::<ResumeSaga>(), || Origin::Timeout);
            take.add(Role::Resumes, None, resuming(program, stage));
        }
    }

    fn find_or_add(&mut self, message: MessageType, origin: impl FnOnce() -> Origin) -> &mut Take<D> {
        let found = self.0.iter().position(|it| it.message == message);
        let index = found.unwrap_or_else(|| {
            let (meanings, emits) = (Vec::new(), Vec::new());
            self.0.push(Take { message, origin: origin(), meanings, emits, starts: Starts::Never });
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
        let Self { message, origin, meanings, emits, starts } = self;
        let handle: HandleFn = Arc::new(move |state, message, _, outputs| {
            let state = state.downcast_ref::<SagaState<D>>();
            let state = state.ok_or_else(|| Failure::UnknownCategory { category: category.into() })?;
            take(category, &meanings, state, message, outputs)
        });
        let source = match origin {
            Origin::Fact(correlates) => Source::Fact(routes(category, correlates)),
            Origin::Rejection(command) => Source::Rejection(command),
            Origin::Timeout => Source::Timeout,
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
        Node::SavePoint(it) => Some(Stage::SavePoint { name: it.name, retries: it.retries, pause: it.pause }),
    };
    nodes.iter().filter_map(stage).collect()
}
