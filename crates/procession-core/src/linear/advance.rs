//! The decisions of a linear saga: what to start, and what to undo.

use std::time::Duration;

use super::{
    events::{
        CompensationStarted, RollbackStarted, SagaCompensated, SagaCompleted, SagaEvent, SagaResumed,
        StepStarted,
    },
    program::SavePoint,
    state::{Phase, SagaState, StepStatus},
    step::Sending,
    timeouts::{ResumeSaga, TimeOutStep},
};
use crate::{Failure, Message, Output, Payload, Stream, emit::Cancellation, stream::fnv_1a};

/// A saga while it takes one message. Whatever it records is applied to it at once, by the same code that folds it.
pub(super) struct Run<'a, D> {
    pub(super) state: SagaState<D>,
    pub(super) stream: &'a Stream,
    pub(super) outputs: &'a mut Vec<Output>,
}

type Done = Result<(), Failure>;

impl<D: Payload + Clone> Run<'_, D> {
    pub(super) fn record<E: Message + Into<SagaEvent>>(&mut self, event: E) -> Done {
        self.outputs.push(Output::Record(event.encode()?));
        Ok(self.state.apply(&event.into())?)
    }

    pub(super) fn name(&self, step: usize) -> String {
        self.state.program.steps.get(step).map_or_else(String::new, |it| it.name.into())
    }

    /// Does all that can be done without another message.
    pub(super) fn advance(&mut self) -> Done {
        if self.state.phase == Phase::Forward && self.has_failed() {
            if self.state.has(StepStatus::Running) {
                return Ok(());
            }
            self.turn_back()?;
        }
        match self.state.phase.clone() {
            Phase::Forward => self.go_forward(),
            Phase::Back { to_stage, reason } => self.go_back(to_stage, reason),
            Phase::Ended(_) => Ok(()),
        }
    }

    pub(super) fn has_failed(&self) -> bool {
        self.state.has(StepStatus::Failed) || self.state.has(StepStatus::TimedOut)
    }

    /// Goes back to the nearest save-point before what has failed that may still be tried again, or to the beginning.
    fn turn_back(&mut self) -> Done {
        let program = std::sync::Arc::clone(&self.state.program);
        let failed = |step: &usize| {
            self.state.is(*step, StepStatus::Failed) || self.state.is(*step, StepStatus::TimedOut)
        };
        let to_stage = (0..program.stages.len()).rev().find(|stage| {
            let returns = self.state.returns.get(stage).copied().unwrap_or(0);
            program.save_point(*stage).is_some_and(|it| returns < it.retries)
                && program.steps_from(*stage).iter().any(failed)
        });
        let first = (0..program.steps.len()).find(failed);
        let verb = first.map_or("failed", |it| {
            if self.state.is(it, StepStatus::TimedOut) { "timed out" } else { "failed" }
        });
        let reason = format!("{} {verb}", first.map_or_else(String::new, |it| self.name(it)));
        let to = to_stage.and_then(|stage| program.save_point(stage)).map(|it| it.name.into());
        self.record(RollbackStarted { reason, to })
    }

    fn go_forward(&mut self) -> Done {
        let program = std::sync::Arc::clone(&self.state.program);
        let ready = program.ready(&|step| self.state.is(step, StepStatus::Completed));
        if ready.is_empty() {
            return self.record(SagaCompleted {});
        }
        for step in
            ready.into_iter().filter(|it| self.state.is(*it, StepStatus::NotStarted)).collect::<Vec<_>>()
        {
            self.start(step)?;
        }
        Ok(())
    }

    pub(super) fn start(&mut self, step: usize) -> Done {
        let program = std::sync::Arc::clone(&self.state.program);
        let Some(definition) = program.steps.get(step) else { return Ok(()) };
        let attempt = self.state.attempts.get(step).copied().unwrap_or(0) + 1;
        let (sent, command) = self.command(&definition.sends)?;
        self.record(StepStarted { step: definition.name.into(), attempt, command })?;
        self.outputs.extend(sent);
        if let Some(longest) = definition.within {
            self.later(longest, &TimeOutStep { step: definition.name.into(), attempt })?;
        }
        Ok(())
    }

    fn go_back(&mut self, to_stage: Option<usize>, reason: String) -> Done {
        if self.state.has(StepStatus::Compensating) {
            return Ok(());
        }
        let program = std::sync::Arc::clone(&self.state.program);
        let behind = program.steps_from(to_stage.unwrap_or(0));
        let undoable = |step: &usize| {
            let is_done =
                self.state.is(*step, StepStatus::Completed) || self.state.is(*step, StepStatus::TimedOut);
            is_done
                && behind.contains(step)
                && program.steps.get(*step).is_some_and(|it| it.compensation.is_some())
        };
        if let Some(step) = self.state.to_undo.iter().rev().copied().find(undoable) {
            return self.undo(step);
        }
        match to_stage {
            None => self.record(SagaCompensated { reason }),
            Some(stage) => self.come_back(stage),
        }
    }

    fn undo(&mut self, step: usize) -> Done {
        let program = std::sync::Arc::clone(&self.state.program);
        let compensation = program.steps.get(step).and_then(|it| it.compensation.as_ref());
        let Some(compensation) = compensation else { return Ok(()) };
        let (sent, command) = self.command(&compensation.sends)?;
        self.record(CompensationStarted { step: self.name(step), command })?;
        self.outputs.extend(sent);
        Ok(())
    }

    /// A command, made once, with its fingerprint.
    fn command(&self, sends: &Sending<D>) -> Result<(Vec<Output>, String), Failure> {
        let mut sent = Vec::new();
        if let Some(data) = &self.state.data {
            (sends.send)(data, &mut sent)?;
        }
        let payload = sent.first().and_then(Output::message).map_or("", |it| &it.payload);
        let command = fingerprint(payload);
        Ok((sent, command))
    }

    fn come_back(&mut self, stage: usize) -> Done {
        let Some(SavePoint { name, pause, .. }) = self.state.program.save_point(stage) else { return Ok(()) };
        if pause.is_zero() {
            return self.resume(name.into());
        }
        self.later(pause, &ResumeSaga { from: name.into() })
    }

    pub(super) fn resume(&mut self, from: String) -> Done {
        self.record(SagaResumed { from })?;
        self.go_forward()
    }

    pub(super) fn later<M: Message>(&mut self, after: Duration, message: &M) -> Done {
        self.outputs.push(Output::Send { to: self.stream.clone(), message: message.encode()?, after });
        Ok(())
    }

    /// Takes back the time limits, when no step that has one is under way.
    pub(super) fn cancel_time_limits(&mut self) {
        let limited = |(step, status): (usize, &StepStatus)| {
            *status == StepStatus::Running
                && self.state.program.steps.get(step).is_some_and(|it| it.within.is_some())
        };
        if !self.state.statuses.iter().enumerate().any(limited) {
            let cancellation = Cancellation::Command { to: self.stream.clone(), name: TimeOutStep::NAME };
            self.outputs.push(Output::Cancel(cancellation));
        }
    }
}

/// By which a command is known again, as it is written to the log.
pub(super) fn fingerprint(payload: &str) -> String {
    format!("{:016x}", fnv_1a(payload.bytes()))
}
