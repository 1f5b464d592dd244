use std::{fmt, str::FromStr};

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
