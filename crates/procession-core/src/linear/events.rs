//! What a linear saga records in its own stream: enough to go on after a crash, and to explain itself.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::{DecodeError, Message, engine::decode, message::kind};

/// The saga has begun.
#[derive(Serialize, Deserialize, Debug, Clone)]
pub struct SagaStarted {
    /// What it knows.
    pub data: Box<RawValue>,
}

/// The command of a step was sent.
#[derive(Serialize, Deserialize, Debug, Clone)]
pub struct StepStarted {
    /// The step.
    pub step: String,
    /// 1 at first, and one more each time the saga comes back to it, or starts again.
    pub attempt: u32,
    /// The fingerprint of the command, by which a rejection finds its step.
    #[serde(default)]
    pub command: String,
}

/// A step is done.
#[derive(Serialize, Deserialize, Debug, Clone)]
pub struct StepCompleted {
    /// The step.
    pub step: String,
    /// What the saga knows now, if the step has changed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<Box<RawValue>>,
}

/// A step has failed.
#[derive(Serialize, Deserialize, Debug, Clone)]
pub struct StepFailed {
    /// The step.
    pub step: String,
    /// The event or the rejection that said so.
    pub reason: String,
    /// What the saga knows now, if the failure has changed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<Box<RawValue>>,
}

/// A step has failed, and will be tried again.
#[derive(Serialize, Deserialize, Debug, Clone)]
pub struct StepRetryScheduled {
    /// The step.
    pub step: String,
    /// The event or the rejection that said that it has failed.
    pub reason: String,
    /// What the saga knows now, if the failure has changed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<Box<RawValue>>,
}

/// A step was not done in time. It may still happen, so it is undone too.
#[derive(Serialize, Deserialize, Debug, Clone)]
pub struct StepTimedOut {
    /// The step.
    pub step: String,
}

/// The saga goes back.
#[derive(Serialize, Deserialize, Debug, Clone)]
pub struct RollbackStarted {
    /// Why.
    pub reason: String,
    /// The save-point that it goes back to; none to undo everything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
}

/// The command that undoes a step was sent.
#[derive(Serialize, Deserialize, Debug, Clone)]
pub struct CompensationStarted {
    /// The step.
    pub step: String,
    /// The fingerprint of the command, by which a rejection finds its step.
    #[serde(default)]
    pub command: String,
}

/// A step is undone.
#[derive(Serialize, Deserialize, Debug, Clone)]
pub struct StepCompensated {
    /// The step.
    pub step: String,
}

/// The saga has come back to a save-point, and goes forward again.
#[derive(Serialize, Deserialize, Debug, Clone)]
pub struct SagaResumed {
    /// The save-point.
    pub from: String,
}

/// The saga has ended: all steps are done.
#[derive(Serialize, Deserialize, Debug, Clone)]
pub struct SagaCompleted {}

/// The saga has ended: a step has failed, and all that was done before it is undone.
#[derive(Serialize, Deserialize, Debug, Clone)]
pub struct SagaCompensated {
    /// Why.
    pub reason: String,
}

/// The events of a linear saga. They are messages, but no [`Event`](crate::Event)s: nobody else reacts to them, and no
/// compiler's message lists them beside those of the user.
macro_rules! saga_events {
    ($($variant:ident($event:ident))+; ends $($last:ident)+) => {
        #[derive(Debug)]
        pub(super) enum SagaEvent {
            $($variant($event)),+
        }

        impl SagaEvent {
            const NAMES: &'static [&'static str] = &[$(<$event as Message>::NAME),+];
            pub(super) const ENDS: &'static [&'static str] = &[$(<$last as Message>::NAME),+];

            pub(super) fn decode(name: &str, schema_version: u16, payload: &str) -> Result<Self, DecodeError> {
                match name {
                    $(<$event as Message>::NAME => decode(schema_version, payload).map(Self::$variant),)+
                    _ => Err(DecodeError::UnknownEvent { name: name.into(), known: Self::NAMES }),
                }
            }
        }

        $(
            impl Message for $event {
                type Kind = kind::SagaEvent;
                const NAME: &'static str = stringify!($event);
            }

            impl From<$event> for SagaEvent {
                fn from(event: $event) -> Self {
                    Self::$variant(event)
                }
            }
        )+
    };
}

saga_events! {
    Started(SagaStarted)
    StepStarted(StepStarted)
    StepCompleted(StepCompleted)
    StepFailed(StepFailed)
    StepRetryScheduled(StepRetryScheduled)
    StepTimedOut(StepTimedOut)
    RollbackStarted(RollbackStarted)
    CompensationStarted(CompensationStarted)
    StepCompensated(StepCompensated)
    Resumed(SagaResumed)
    Completed(SagaCompleted)
    Compensated(SagaCompensated);
    ends SagaCompleted SagaCompensated
}
