use serde::Serialize;

use super::Reason;

/// Where an instance is in its life. The engine keeps it: an instance runs from its first event to one whose variant is
/// marked with `#[ends]`. An event after that starts it again.
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

/// Whether an event may start an instance of a process manager, and what it means for one that has started before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Starts {
    /// It is for running instances. Before the start and after the end it has no effect.
    #[default]
    Never,
    /// It starts an instance. On one that has started it has no effect: it is a duplicate.
    Once,
    /// It starts an instance, or is taken by a running one. After the end it has no effect.
    ///
    /// For processes that several events can begin, whichever comes first.
    IfNeeded,
    /// As [`Self::Once`], and after the end it starts the instance again.
    Again,
}

impl Starts {
    /// Why the event is not taken, if it is not.
    pub(crate) fn refuses(self, lifecycle: Lifecycle) -> Option<Reason> {
        match (lifecycle, self) {
            (Lifecycle::NotStarted, Self::Never) => Some(Reason::NotStarted),
            (Lifecycle::Running, Self::Once | Self::Again) => Some(Reason::Started),
            (Lifecycle::Ended(_), Self::Never | Self::Once | Self::IfNeeded) => Some(Reason::Ended),
            (Lifecycle::NotStarted, Self::Once | Self::IfNeeded | Self::Again)
            | (Lifecycle::Running, Self::Never | Self::IfNeeded)
            | (Lifecycle::Ended(_), Self::Again) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Lifecycle, Reason, Starts};

    #[test]
    fn who_is_refused_when() {
        let [new, running, ended] = [Lifecycle::NotStarted, Lifecycle::Running, Lifecycle::Ended("Closed")];
        let refusals = |it: Starts| [new, running, ended].map(|lifecycle| it.refuses(lifecycle));
        assert_eq!(refusals(Starts::Never), [Some(Reason::NotStarted), None, Some(Reason::Ended)]);
        assert_eq!(refusals(Starts::Once), [None, Some(Reason::Started), Some(Reason::Ended)]);
        assert_eq!(refusals(Starts::IfNeeded), [None, None, Some(Reason::Ended)]);
        assert_eq!(refusals(Starts::Again), [None, Some(Reason::Started), None]);
    }
}
