use serde::Serialize;

/// Where an instance is in its life. The engine keeps it: an instance runs from its first event to the first one whose
/// variant is marked with `#[ends]`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "lifecycle", content = "outcome")]
pub enum Lifecycle {
    /// It has no events.
    #[default]
    NotStarted,
    /// It has begun, and has not ended.
    Running,
    /// It has ended. The outcome is the name of the event that ended it.
    Ended(&'static str),
}

impl Lifecycle {
    /// Whether it has ended.
    #[must_use]
    pub fn has_ended(self) -> bool {
        matches!(self, Self::Ended(_))
    }
}

/// Whether a message may start an instance of a process manager.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Starts {
    /// No: it is for running instances. Before the start and after the end it has no effect.
    #[default]
    Never,
    /// Yes. After the end it has no effect.
    Once,
    /// Yes, and after the end it starts the instance again.
    Again,
}

impl Starts {
    /// Why the message is not taken, if it is not.
    pub(crate) fn refuses(self, lifecycle: Lifecycle) -> Option<super::Reason> {
        match (lifecycle, self) {
            (Lifecycle::NotStarted, Self::Never) => Some(super::Reason::NotStarted),
            (Lifecycle::Ended(_), Self::Never | Self::Once) => Some(super::Reason::Ended),
            (Lifecycle::NotStarted, Self::Once | Self::Again)
            | (Lifecycle::Running, _)
            | (Lifecycle::Ended(_), Self::Again) => None,
        }
    }
}
