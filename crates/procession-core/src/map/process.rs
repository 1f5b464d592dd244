use std::time::Duration;

use serde::Serialize;

use crate::{MessageType, process::ProcessType};

/// A process manager or a linear saga, as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProcessOutline {
    /// Its category.
    pub name: &'static str,
    /// Whether it was written as steps.
    pub is_linear: bool,
    /// The messages that may start an instance.
    pub started_by: Vec<MessageType>,
    /// The names of the events that end an instance.
    pub ended_by: &'static [&'static str],
    /// Linear sagas only: the steps, in their order.
    pub stages: Vec<Stage>,
}

/// A part of a linear saga.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// One step.
    Step(StageStep),
    /// Branches that run beside each other.
    Parallel(Vec<Vec<Stage>>),
    /// A place that a failing saga comes back to.
    SavePoint {
        /// How often.
        retries: u32,
    },
}

/// One step of a linear saga.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StageStep {
    /// Its name.
    pub name: &'static str,
    /// Its command.
    pub sends: MessageType,
    /// The events that say that it is done.
    pub completes_on: Vec<MessageType>,
    /// The events that say that it has failed.
    pub fails_on: Vec<MessageType>,
    /// How long it may take.
    pub within: Option<Duration>,
    /// The command that undoes it, and the event that says that it is undone.
    pub compensation: Option<(MessageType, MessageType)>,
}

impl ProcessOutline {
    pub(super) fn of(process: &ProcessType) -> Self {
        let starting = process.inputs.iter().filter(|it| it.starts != crate::Starts::Never);
        Self {
            name: process.category,
            is_linear: process.is_linear,
            started_by: starting.map(|it| it.takes).collect(),
            ended_by: process.instance.ends,
            stages: process.stages.clone(),
        }
    }
}
