use std::time::Duration;

use jiff::SignedDuration;
use serde::{Serialize, Serializer};

use super::HandlerKind;
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
        /// Its name.
        name: &'static str,
        /// How often.
        retries: u32,
        /// How long it waits before it goes forward again.
        #[serde(serialize_with = "iso_8601")]
        pause: Duration,
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
    #[serde(serialize_with = "maybe_iso_8601")]
    pub within: Option<Duration>,
    /// How often it is tried again when it has failed.
    pub retries: u32,
    /// How it is undone.
    pub compensation: Option<StageCompensation>,
}

/// How a step of a linear saga is undone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StageCompensation {
    /// The command that undoes it.
    pub sends: MessageType,
    /// The event that says that it is undone.
    pub completes_on: MessageType,
}

impl ProcessOutline {
    pub(super) fn kind(&self) -> HandlerKind {
        if self.is_linear { HandlerKind::LinearSaga } else { HandlerKind::ProcessManager }
    }

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

/// As data: `PT1H30M`. A duration that is longer than time itself is cut to the longest there is.
pub(super) fn written(duration: Duration) -> SignedDuration {
    SignedDuration::try_from(duration).unwrap_or(SignedDuration::MAX)
}

/// As people write it: `1h 30m`.
pub(super) fn spoken(duration: Duration) -> String {
    format!("{:#}", written(duration))
}

/// How often, as people say it.
pub(super) fn often(times: u32) -> String {
    if times == 1 { "once".into() } else { format!("{times} times") }
}

fn iso_8601<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&written(*duration))
}

fn maybe_iso_8601<S: Serializer>(duration: &Option<Duration>, serializer: S) -> Result<S::Ok, S::Error> {
    duration.map(written).map(|it| it.to_string()).serialize(serializer)
}
