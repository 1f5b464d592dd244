use std::fmt::Write;

use super::{HandlerKind, HandlerMap, ModuleMap, ProcessMap};
use crate::emit::{Emission, EmissionKind, Times};

impl ProcessMap {
    /// The map as plain text: a line for each handler, `takes -> emits`.
    ///
    /// `?` marks a message that is emitted or not, `*` one that is emitted any number of times, and `(later)` a
    /// command that becomes due after a while.
    #[must_use]
    pub fn to_text(&self) -> String {
        let width = self.modules.iter().flat_map(|it| &it.handlers).map(|it| it.takes.name.len()).max();
        let mut text = String::new();
        for module in &self.modules {
            module.write(width.unwrap_or(0), &mut text);
        }
        text
    }
}

impl ModuleMap {
    fn write(&self, width: usize, text: &mut String) {
        _ = writeln!(text, "module {}", self.name);
        let mut last = None;
        for handler in &self.handlers {
            if last != Some((handler.kind, handler.name)) {
                last = Some((handler.kind, handler.name));
                _ = writeln!(text, "  {} {}", handler.kind.word(), handler.name);
            }
            _ = writeln!(text, "    {:width$} -> {}", handler.takes.name, handler.outcomes());
        }
        for event in &self.published_events {
            _ = writeln!(text, "  publishes {}", event.name);
        }
        for event in &self.external_events {
            _ = writeln!(text, "  external event {}", event.name);
        }
    }
}

impl HandlerMap {
    fn outcomes(&self) -> String {
        let emits: Vec<String> = self.emits.iter().map(Emission::label).collect();
        let emits = if emits.is_empty() { "nothing".into() } else { emits.join(", ") };
        self.rejects.map_or(emits.clone(), |rejection| format!("{emits} or {rejection}"))
    }
}

impl Emission {
    fn label(&self) -> String {
        let times = match self.times {
            Times::Once => "",
            Times::Maybe => "?",
            Times::Many => "*",
        };
        let how = match self.kind {
            EmissionKind::Records | EmissionKind::Publishes | EmissionKind::Sends => "",
            EmissionKind::SendsLater => " (later)",
            EmissionKind::Compensates => " (compensation)",
            EmissionKind::Cancels => " (cancelled)",
        };
        format!("{}{times}{how}", self.message.name)
    }
}

impl HandlerKind {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Decider => "decider",
            Self::Saga => "saga",
            Self::Choreography => "choreography of",
            Self::ProcessManager => "process manager",
            Self::LinearSaga => "linear saga",
            Self::Publisher => "publishes events of",
        }
    }
}
