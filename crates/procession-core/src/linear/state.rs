use std::{collections::BTreeMap, sync::Arc};

use serde::Serialize;
use serde_json::value::RawValue;

use super::{
    events::{SagaCompensated, SagaCompleted, SagaEvent},
    program::Program,
};
use crate::{DecodeError, Lifecycle, Message, Payload};

/// How far an instance of a linear saga is.
pub struct SagaState<D> {
    pub(super) program: Arc<Program<D>>,
    pub(super) data: Option<D>,
    pub(super) phase: Phase,
    /// Of each step.
    pub(super) statuses: Vec<StepStatus>,
    pub(super) attempts: Vec<u32>,
    /// The fingerprints of the command that each step has sent, and of the one that undoes it.
    pub(super) sent: Vec<String>,
    pub(super) sent_to_undo: Vec<String>,
    /// How often each step was tried again, since the saga came to it.
    pub(super) retried: Vec<u32>,
    /// Steps that are done or may be, in the order they came to it.
    pub(super) to_undo: Vec<usize>,
    /// How often the saga went back to the save-point of a stage.
    pub(super) returns: BTreeMap<usize, u32>,
}

/// Where a step of a linear saga is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StepStatus {
    /// Its turn has not come.
    NotStarted,
    /// Its command was sent.
    Running,
    /// It is done.
    Completed,
    /// It has failed, and will be tried again after a pause.
    WaitsToRetry,
    /// It has failed.
    Failed,
    /// It was not done in time.
    TimedOut,
    /// It is being undone.
    Compensating,
    /// It is undone.
    Compensated,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    Forward,
    /// To the save-point of a top-level stage, or to the beginning.
    Back {
        to_stage: Option<usize>,
        reason: String,
    },
    /// With this event.
    Ended(&'static str),
}

impl<D: Clone> Clone for SagaState<D> {
    fn clone(&self) -> Self {
        Self {
            program: Arc::clone(&self.program),
            data: self.data.clone(),
            phase: self.phase.clone(),
            statuses: self.statuses.clone(),
            attempts: self.attempts.clone(),
            sent: self.sent.clone(),
            sent_to_undo: self.sent_to_undo.clone(),
            retried: self.retried.clone(),
            to_undo: self.to_undo.clone(),
            returns: self.returns.clone(),
        }
    }
}

impl<D> SagaState<D> {
    /// What the saga knows; none before it has started.
    #[must_use]
    pub fn data(&self) -> Option<&D> {
        self.data.as_ref()
    }

    /// The steps in their order, and where they are.
    pub fn steps(&self) -> impl Iterator<Item = (&'static str, StepStatus)> {
        self.program.steps.iter().map(|it| it.name).zip(self.statuses.iter().copied())
    }

    pub(super) fn has(&self, status: StepStatus) -> bool {
        self.statuses.contains(&status)
    }

    pub(super) fn is(&self, step: usize, status: StepStatus) -> bool {
        self.statuses.get(step) == Some(&status)
    }
}

impl<D: Payload + Clone> SagaState<D> {
    pub(super) fn lifecycle(&self) -> Lifecycle {
        match (&self.data, &self.phase) {
            (None, _) => Lifecycle::NotStarted,
            (Some(_), Phase::Ended(outcome)) => Lifecycle::Ended(outcome),
            (Some(_), Phase::Forward | Phase::Back { .. }) => Lifecycle::Running,
        }
    }

    pub(super) fn new(program: Arc<Program<D>>) -> Self {
        let steps = program.steps.len();
        Self {
            program,
            data: None,
            phase: Phase::Forward,
            statuses: vec![StepStatus::NotStarted; steps],
            attempts: vec![0; steps],
            sent: vec![String::new(); steps],
            sent_to_undo: vec![String::new(); steps],
            retried: vec![0; steps],
            to_undo: Vec::new(),
            returns: BTreeMap::new(),
        }
    }

    pub(super) fn evolve(
        &mut self,
        name: &str,
        schema_version: u16,
        payload: &str,
    ) -> Result<(), DecodeError> {
        self.apply(&SagaEvent::decode(name, schema_version, payload)?)
    }

    pub(super) fn apply(&mut self, event: &SagaEvent) -> Result<(), DecodeError> {
        match event {
            SagaEvent::Started(event) => {
                // Attempts go on over the end, so that the time limit of an earlier one is never taken for that of a later.
                let attempts = std::mem::take(&mut self.attempts);
                *self = Self { attempts, ..Self::new(Arc::clone(&self.program)) };
                self.learn(event, Some(&event.data))?;
            }
            SagaEvent::StepStarted(event) => {
                let step = self.set(event, &event.step, StepStatus::Running)?;
                if let (Some(attempt), Some(sent)) = (self.attempts.get_mut(step), self.sent.get_mut(step)) {
                    *attempt = event.attempt;
                    sent.clone_from(&event.command);
                }
            }
            SagaEvent::StepCompleted(event) => {
                let step = self.set(event, &event.step, StepStatus::Completed)?;
                self.to_undo.push(step);
                self.learn(event, event.data.as_deref())?;
            }
            SagaEvent::StepFailed(event) => {
                self.set(event, &event.step, StepStatus::Failed)?;
                self.learn(event, event.data.as_deref())?;
            }
            SagaEvent::StepRetryScheduled(event) => {
                let step = self.set(event, &event.step, StepStatus::WaitsToRetry)?;
                if let Some(retried) = self.retried.get_mut(step) {
                    *retried += 1;
                }
                self.learn(event, event.data.as_deref())?;
            }
            SagaEvent::StepTimedOut(event) => {
                let step = self.set(event, &event.step, StepStatus::TimedOut)?;
                self.to_undo.push(step);
            }
            SagaEvent::RollbackStarted(event) => {
                let to_stage = event.to.as_ref().map(|it| self.save_point(event, it)).transpose()?;
                let reason = event.reason.clone();
                if let Some(stage) = to_stage {
                    *self.returns.entry(stage).or_default() += 1;
                }
                self.phase = Phase::Back { to_stage, reason };
            }
            SagaEvent::CompensationStarted(event) => {
                let step = self.set(event, &event.step, StepStatus::Compensating)?;
                if let Some(sent) = self.sent_to_undo.get_mut(step) {
                    sent.clone_from(&event.command);
                }
            }
            SagaEvent::StepCompensated(event) => {
                self.set(event, &event.step, StepStatus::Compensated)?;
            }
            SagaEvent::Resumed(event) => {
                let stage = self.save_point(event, &event.from)?;
                self.resume(stage);
            }
            SagaEvent::Completed(SagaCompleted {}) => self.phase = Phase::Ended(SagaCompleted::NAME),
            SagaEvent::Compensated(SagaCompensated { .. }) => {
                self.phase = Phase::Ended(SagaCompensated::NAME)
            }
        }
        Ok(())
    }

    fn resume(&mut self, from_stage: usize) {
        let steps = self.program.steps_from(from_stage);
        for step in &steps {
            if let (Some(status), Some(retried)) = (self.statuses.get_mut(*step), self.retried.get_mut(*step))
            {
                (*status, *retried) = (StepStatus::NotStarted, 0);
            }
        }
        self.to_undo.retain(|it| !steps.contains(it));
        self.phase = Phase::Forward;
    }

    fn set<E: Message>(&mut self, _: &E, name: &str, status: StepStatus) -> Result<usize, DecodeError> {
        let unknown = || DecodeError::Payload {
            name: E::NAME.into(),
            reason: format!(
                "the saga has no step `{name}`; was it renamed or removed while an instance is on its way?"
            ),
        };
        let step = self.program.find(name).ok_or_else(unknown)?;
        *self.statuses.get_mut(step).ok_or_else(unknown)? = status;
        Ok(step)
    }

    fn save_point<E: Message>(&self, _: &E, name: &str) -> Result<usize, DecodeError> {
        let unknown = || DecodeError::Payload {
            name: E::NAME.into(),
            reason: format!(
                "the saga has no save-point `{name}`; was it renamed or removed while an instance is on its way?"
            ),
        };
        self.program.find_save_point(name).ok_or_else(unknown)
    }

    /// Keeps what the event says that the saga knows now; none when that is what it knew before.
    fn learn<E: Message>(&mut self, _: &E, data: Option<&RawValue>) -> Result<(), DecodeError> {
        let Some(data) = data else { return Ok(()) };
        let unreadable = |error: serde_json::Error| DecodeError::Payload {
            name: E::NAME.into(),
            reason: error.to_string(),
        };
        self.data = Some(D::from_json(data.get()).map_err(unreadable)?);
        Ok(())
    }
}
