//! What a linear saga takes, and what that means for its steps.

use std::{sync::Arc, time::Duration};

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{
    advance::{Run, fingerprint},
    builder::BeginFn,
    events::{SagaStarted, StepCompensated, StepCompleted, StepFailed, StepRetryScheduled, StepTimedOut},
    state::{Phase, SagaState, StepStatus},
    step::LearnFn,
    timeouts::{ResumeSaga, RetryStep, TimeOutStep},
};
use crate::{
    Failure, Ignored, Message, Output, Payload, Reason, Starts, engine::decode, log::Entry,
    process::CorrelateFn,
};

/// What a message can mean to an instance; an event only to those whom it concerns as that.
pub(super) struct Meaning<D> {
    pub(super) role: Role<D>,
    pub(super) correlate: Option<CorrelateFn>,
}

/// What a message can mean.
#[derive(Clone)]
pub(super) enum Role<D> {
    Starts(BeginFn<D>, Starts),
    Completes(usize, Option<LearnFn<D>>),
    Fails(usize, Option<LearnFn<D>>),
    Compensated(usize),
    /// The command of the step was rejected.
    Rejected(usize),
    /// The command that undoes the step was rejected.
    CompensationRejected(usize),
    TimedOut,
    Retries,
    Resumes,
}

/// Takes one message: the first of its roles that the instance waits for, or none.
pub(super) fn take<D: Payload + Clone>(
    category: &'static str,
    meanings: &[Meaning<D>],
    state: &SagaState<D>,
    message: &Entry,
    outputs: &mut Vec<Output>,
) -> Result<(), Failure> {
    let mut run = Run { state: state.clone(), stream: &message.stream, outputs };
    let mut roles = Vec::new();
    for Meaning { role, correlate } in meanings {
        let concerns = match correlate {
            Some(correlate) => correlate(message, category)?.as_ref() == Some(&message.stream),
            None => true,
        };
        roles.extend((concerns && run.has_sent(role, message)).then_some(role));
    }
    for role in &roles {
        if run.play(role, message)? {
            return run.advance();
        }
    }
    run.outputs.push(Output::Ignore(Ignored::encoded(&message.name, why_not(&roles, state))?));
    Ok(())
}

fn why_not<D: Payload + Clone>(roles: &[&Role<D>], state: &SagaState<D>) -> Reason {
    let starts =
        roles.iter().find_map(|it| if let Role::Starts(_, starts) = it { Some(*starts) } else { None });
    let refused = starts.unwrap_or_default().refuses(state.lifecycle());
    refused.unwrap_or(Reason::NotExpected)
}

impl<D: Payload + Clone> Run<'_, D> {
    /// A rejection is for the step that has sent this very command: others may send commands of its type too.
    fn has_sent(&self, role: &Role<D>, message: &Entry) -> bool {
        let sent = match role {
            Role::Rejected(step) => self.state.sent.get(*step),
            Role::CompensationRejected(step) => self.state.sent_to_undo.get(*step),
            _ => return true,
        };
        let told = serde_json::from_str(&message.payload).map(|it: Told<'_>| fingerprint(it.command.get()));
        sent == told.ok().as_ref()
    }

    /// Returns whether the instance waits for this.
    fn play(&mut self, role: &Role<D>, message: &Entry) -> Result<bool, Failure> {
        match role {
            Role::Starts(begin, starts) => self.begin(begin, *starts, message),
            Role::Completes(step, learn) => self.complete(*step, learn.as_ref(), message),
            Role::Fails(step, learn) => self.fail(*step, message.name.to_string(), learn.as_ref(), message),
            Role::Rejected(step) => self.fail(*step, why_rejected(message), None, message),
            Role::Compensated(step) => self.compensated(*step),
            Role::CompensationRejected(step) if self.state.is(*step, StepStatus::Compensating) => {
                Err(Failure::CompensationFailed { step: self.name(*step), reason: why_rejected(message) })
            }
            Role::CompensationRejected(_) => Ok(false),
            Role::TimedOut => self.time_out(message),
            Role::Retries => self.retry(message),
            Role::Resumes => self.come_forward(message),
        }
    }

    fn begin(&mut self, begin: &BeginFn<D>, starts: Starts, message: &Entry) -> Result<bool, Failure> {
        if starts.refuses(self.state.lifecycle()).is_some() {
            return Ok(false);
        }
        let data = begin(message)?;
        self.record(SagaStarted { data: json(&data)? })?;
        Ok(true)
    }

    fn complete(
        &mut self,
        step: usize,
        learn: Option<&LearnFn<D>>,
        message: &Entry,
    ) -> Result<bool, Failure> {
        if !self.state.is(step, StepStatus::Running) {
            return Ok(false);
        }
        let data = self.learned(learn, message)?;
        self.record(StepCompleted { step: self.name(step), data })?;
        self.settled(step);
        Ok(true)
    }

    /// What the saga knows after this message, if that is something else.
    fn learned(&self, learn: Option<&LearnFn<D>>, message: &Entry) -> Result<Option<Box<RawValue>>, Failure> {
        let (Some(learn), Some(mut data)) = (learn, self.state.data.clone()) else { return Ok(None) };
        let before = json(&data)?;
        learn(&mut data, message)?;
        let after = json(&data)?;
        Ok((before.get() != after.get()).then_some(after))
    }

    fn fail(
        &mut self,
        step: usize,
        reason: String,
        learn: Option<&LearnFn<D>>,
        message: &Entry,
    ) -> Result<bool, Failure> {
        if !self.state.is(step, StepStatus::Running) {
            return Ok(false);
        }
        let program = Arc::clone(&self.state.program);
        let retried = self.state.retried.get(step).copied().unwrap_or(0);
        let retry = program.steps.get(step).filter(|it| retried < it.retries && !self.has_failed());
        let data = self.learned(learn, message)?;
        match retry {
            Some(definition) => self.schedule_retry(step, reason, data, definition.pause)?,
            None => self.record(StepFailed { step: self.name(step), reason, data })?,
        }
        self.settled(step);
        Ok(true)
    }

    fn schedule_retry(
        &mut self,
        step: usize,
        reason: String,
        data: Option<Box<RawValue>>,
        pause: Duration,
    ) -> Result<(), Failure> {
        let (name, attempt) = (self.name(step), self.state.attempts.get(step).copied().unwrap_or(0));
        self.record(StepRetryScheduled { step: name.clone(), reason, data })?;
        if pause.is_zero() {
            return self.start(step);
        }
        self.later(pause, &RetryStep { step: name, attempt })
    }

    /// When something else has failed meanwhile, the step is not tried again.
    fn retry(&mut self, message: &Entry) -> Result<bool, Failure> {
        let RetryStep { step, attempt } = decode(message.schema_version, &message.payload)?;
        let found = self.state.program.find(&step).filter(|it| {
            self.state.phase == Phase::Forward
                && !self.has_failed()
                && self.state.is(*it, StepStatus::WaitsToRetry)
                && self.state.attempts.get(*it) == Some(&attempt)
        });
        if let Some(step) = found {
            self.start(step)?;
        }
        Ok(found.is_some())
    }

    fn settled(&mut self, step: usize) {
        if self.state.program.steps.get(step).is_some_and(|it| it.within.is_some()) {
            self.cancel_time_limits();
        }
    }

    fn compensated(&mut self, step: usize) -> Result<bool, Failure> {
        if !self.state.is(step, StepStatus::Compensating) {
            return Ok(false);
        }
        self.record(StepCompensated { step: self.name(step) })?;
        Ok(true)
    }

    fn time_out(&mut self, message: &Entry) -> Result<bool, Failure> {
        let TimeOutStep { step, attempt } = decode(message.schema_version, &message.payload)?;
        let found = self.state.program.find(&step).filter(|it| {
            self.state.is(*it, StepStatus::Running) && self.state.attempts.get(*it) == Some(&attempt)
        });
        if found.is_some() {
            self.record(StepTimedOut { step })?;
        }
        Ok(found.is_some())
    }

    fn come_forward(&mut self, message: &Entry) -> Result<bool, Failure> {
        let ResumeSaga { from } = decode(message.schema_version, &message.payload)?;
        let stage = self.state.program.find_save_point(&from);
        // One that comes again, or late, must not come before all is undone.
        let waits = stage.is_some()
            && !self.state.has(StepStatus::Compensating)
            && matches!(self.state.phase, Phase::Back { to_stage, .. } if to_stage == stage);
        if waits {
            self.resume(from)?;
        }
        Ok(waits)
    }
}

fn json<D: Payload>(data: &D) -> Result<Box<RawValue>, Failure> {
    let unwritable = |error: serde_json::Error| crate::EncodeError {
        message: SagaStarted::NAME,
        reason: error.to_string(),
    };
    let text = data.to_json().map_err(unwritable)?;
    Ok(RawValue::from_string(text).map_err(unwritable)?)
}

/// A rejection, as it stands in the message that tells of it.
#[derive(Deserialize)]
struct Told<'a> {
    #[serde(borrow)]
    command: &'a RawValue,
    rejected: Sentence,
}

#[derive(Deserialize)]
struct Sentence {
    message: String,
}

/// The sentence of a rejection.
fn why_rejected(message: &Entry) -> String {
    serde_json::from_str(&message.payload)
        .map_or_else(|_| message.name.to_string(), |it: Told<'_>| it.rejected.message)
}
