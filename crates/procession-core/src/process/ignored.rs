use serde::{Deserialize, Serialize};

use crate::{EncodeError, log::Encoded};

/// That a message had no effect, as it is written to the log: nothing is dropped silently.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ignored {
    /// The sentence for people.
    pub message: String,
    /// Why.
    pub reason: Reason,
}

/// Why a message had no effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// Early: its instance has not started, and the message does not start it.
    NotStarted,
    /// It would start its instance, which has started before.
    Started,
    /// Late: its instance has ended.
    Ended,
    /// The instance runs, and waits for something else.
    NotExpected,
    /// An operator has cancelled the whole process.
    Cancelled,
}

impl Ignored {
    /// The name of the entry in the log.
    pub const NAME: &'static str = "Ignored";

    /// What is recorded for a message, by its name, that has no effect.
    ///
    /// # Errors
    /// When it cannot be written as JSON.
    pub fn encoded(name: &str, reason: Reason) -> Result<Encoded, EncodeError> {
        let why = match reason {
            Reason::NotStarted => "the process has not started",
            Reason::Started => "the process has started before",
            Reason::Ended => "the process has ended",
            Reason::NotExpected => "the process waits for something else",
            Reason::Cancelled => "the process was cancelled",
        };
        let ignored = Self { message: format!("{name} has no effect: {why}"), reason };
        let payload = serde_json::to_string(&ignored)
            .map_err(|error| EncodeError { message: Self::NAME, reason: error.to_string() })?;
        Ok(Encoded { name: Self::NAME.into(), schema_version: 1, payload: payload.into_boxed_str() })
    }
}
