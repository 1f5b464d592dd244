use std::{fmt, str::FromStr};

use procession::{
    ProcessMap,
    log::{Entry, Kind},
    map::{HandlerKind, HandlerMap, Trigger},
};

/// How a group checkout finds its way from module to module. The outcome is the same.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Style {
    /// A stateless saga turns events into commands; the deciders decide.
    #[default]
    Saga,
    /// The modules react to each other's events; nobody is in charge.
    Choreography,
    /// One stateful component is in charge.
    ProcessManager,
}

/// A style that nobody knows.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no style {0:?}: use `saga`, `choreography` or `process-manager`")]
pub struct UnknownStyle(String);

impl Style {
    /// All styles.
    pub const ALL: [Self; 3] = [Self::Saga, Self::Choreography, Self::ProcessManager];

    /// The name, as it is given to programs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Saga => "saga",
            Self::Choreography => "choreography",
            Self::ProcessManager => "process-manager",
        }
    }
}

/// Whether the hotel whose map this is takes a message that is on its way.
///
/// Events are taken in every style. Commands and inputs were made for the handlers of one style: another may not have them,
/// and would park the message.
#[must_use]
pub fn takes(map: &ProcessMap, message: &Entry) -> bool {
    let is_for = |handler: &HandlerMap| match message.kind {
        Kind::Command => matches!(handler.trigger, Trigger::Command | Trigger::Timeout),
        Kind::Input => {
            let is_process = matches!(handler.kind, HandlerKind::ProcessManager | HandlerKind::LinearSaga);
            is_process && handler.trigger != Trigger::Timeout
        }
        _ => false,
    };
    let waits_for_an_instance = matches!(message.kind, Kind::Command | Kind::Input);
    !waits_for_an_instance
        || map.handlers().any(|(_, it)| {
            is_for(it) && it.name == message.stream.category() && it.takes.name == message.name
        })
}

impl fmt::Display for Style {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Style {
    type Err = UnknownStyle;

    fn from_str(text: &str) -> Result<Self, UnknownStyle> {
        Self::ALL
            .into_iter()
            .find(|it| it.name() == text)
            .ok_or_else(|| UnknownStyle(text.chars().take(80).collect()))
    }
}
