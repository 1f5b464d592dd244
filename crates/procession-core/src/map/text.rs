use std::fmt::Write;

use super::{
    HandlerKind, HandlerMap, ModuleMap, ProcessMap, ProcessOutline, Stage, StageStep, Trigger,
    process::{often, spoken},
};
use crate::{
    MessageType,
    emit::{Emission, EmissionKind, Times},
};

/// Lines are broken before they get longer than this, so that they fit a terminal and a page.
const WIDTH: usize = 100;

impl ProcessMap {
    /// The map as plain text: the handlers of each module in groups, a line for each, `takes -> emits`.
    ///
    /// `?` marks a message that is emitted or not, `*` one that is emitted any number of times, `(later)` a command
    /// that becomes due after a while, and `(public)` an event that other modules may react to. Linear sagas stand
    /// there as their steps.
    #[must_use]
    pub fn to_text(&self) -> String {
        let modules: Vec<String> = self.modules.iter().map(ModuleMap::to_text).collect();
        modules.join("\n")
    }
}

impl ModuleMap {
    fn to_text(&self) -> String {
        let mut text = format!("module {}\n", self.name);
        listed("  takes from outside", &self.external_events, &mut text);
        let public: Vec<_> = self.public_events().collect();
        listed("  tells other modules", &public, &mut text);
        for group in self.handlers.chunk_by(|one, next| (one.kind, one.name) == (next.kind, next.name)) {
            self.write_group(group, &mut text);
        }
        text
    }

    /// What other modules may react to.
    pub(super) fn public_events(&self) -> impl Iterator<Item = MessageType> {
        let emitted = self.handlers.iter().flat_map(|it| &it.emits);
        let mapped = emitted.filter(|it| it.kind == EmissionKind::Publishes).map(|it| it.message);
        let mut public: Vec<MessageType> = Vec::new();
        for event in self.published_events.iter().copied().chain(mapped) {
            if !public.contains(&event) {
                public.push(event);
            }
        }
        public.into_iter()
    }

    fn write_group(&self, group: &[HandlerMap], text: &mut String) {
        let Some(first) = group.first() else { return };
        _ = writeln!(text, "  {} {}", first.kind.word(), first.name);
        if let Some(process) = self.processes.iter().find(|it| it.name == first.name)
            && matches!(first.kind, HandlerKind::ProcessManager | HandlerKind::LinearSaga)
        {
            process.write_life(text);
            if process.is_linear {
                write_stages(&process.stages, 4, text);
                return;
            }
        }
        let width = group.iter().map(|it| it.taken().len()).max().unwrap_or(0);
        for handler in group {
            let line = format!("    {:width$} ->", handler.taken());
            wrapped(&line, &handler.outcomes(self), text);
        }
    }
}

impl HandlerMap {
    fn taken(&self) -> String {
        let how = if self.trigger == Trigger::Timeout { " (timeout)" } else { "" };
        format!("{}{how}", self.takes.name)
    }

    fn outcomes(&self, module: &ModuleMap) -> Vec<String> {
        let mut outcomes: Vec<String> = self.emits.iter().map(|it| it.label(module)).collect();
        if outcomes.is_empty() {
            let outcome = if self.kind == HandlerKind::Projection { "rows" } else { "nothing" };
            outcomes.push(outcome.into());
        }
        let mut outcomes = separated(outcomes);
        outcomes.extend(self.rejects.map(|rejection| format!("or {rejection}")));
        outcomes
    }
}

impl Emission {
    fn label(&self, module: &ModuleMap) -> String {
        let is_public = self.kind == EmissionKind::Records && module.tells(self.message.name);
        let how = match self.kind {
            EmissionKind::Records if is_public => " (public)",
            EmissionKind::Records | EmissionKind::Sends => "",
            EmissionKind::Publishes => " (public)",
            EmissionKind::SendsLater => " (later)",
            EmissionKind::Compensates => " (compensation)",
            EmissionKind::Cancels => " (cancelled)",
        };
        format!("{}{}{how}", self.message.name, self.times.mark())
    }
}

impl Times {
    pub(super) fn mark(self) -> &'static str {
        match self {
            Self::Once => "",
            Self::Maybe => "?",
            Self::Many => "*",
        }
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
            Self::Publisher => "public events of",
            Self::Effect => "effect",
            Self::Projection => "projection",
        }
    }
}

impl ProcessOutline {
    fn write_life(&self, text: &mut String) {
        listed("    starts on", &self.started_by, text);
        let ends = separated(self.ended_by.iter().map(|it| (*it).to_owned()).collect());
        wrapped("    ends with", &ends, text);
    }
}

fn write_stages(stages: &[Stage], indent: usize, text: &mut String) {
    for stage in stages {
        match stage {
            Stage::Step(step) => step.write(indent, text),
            Stage::Parallel(branches) => {
                for (number, branch) in (1..).zip(branches) {
                    _ = writeln!(text, "{:indent$}in parallel, branch {number} of {}", "", branches.len());
                    write_stages(branch, indent + 2, text);
                }
            }
            Stage::SavePoint { name, retries, pause } => {
                let times = often(*retries);
                let pause =
                    if pause.is_zero() { "at once".to_owned() } else { format!("after {}", spoken(*pause)) };
                _ = writeln!(text, "{:indent$}save-point {name}: comes back {times}, {pause}", "");
            }
        }
    }
}

impl StageStep {
    fn write(&self, indent: usize, text: &mut String) {
        let within = self.within.map(|it| format!(", within {}", spoken(it))).unwrap_or_default();
        let retries =
            if self.retries == 0 { String::new() } else { format!(", tried again {}", often(self.retries)) };
        _ = writeln!(text, "{:indent$}step {}{within}{retries}", "", self.name);
        let indent = indent + 2;
        let completes = names(&self.completes_on).join(" or ");
        let mut outcomes = vec![completes];
        if !self.fails_on.is_empty() {
            outcomes.push(format!("(fails on {})", names(&self.fails_on).join(" or ")));
        }
        wrapped(&format!("{:indent$}{} ->", "", self.sends.name), &outcomes, text);
        if let Some(undo) = &self.compensation {
            let line = format!("{:indent$}undone by {} ->", "", undo.sends.name);
            wrapped(&line, &[undo.completes_on.name.to_owned()], text);
        }
    }
}

fn names(messages: &[MessageType]) -> Vec<&'static str> {
    messages.iter().map(|it| it.name).collect()
}

/// A comma after each but the last.
fn separated(mut words: Vec<String>) -> Vec<String> {
    let before_last = words.len().saturating_sub(1);
    words.iter_mut().take(before_last).for_each(|it| it.push(','));
    words
}

fn listed(title: &str, messages: &[MessageType], text: &mut String) {
    if !messages.is_empty() {
        wrapped(title, &separated(names(messages).into_iter().map(str::to_owned).collect()), text);
    }
}

/// Words after a beginning, in as many lines as they need, each below the first word.
fn wrapped(beginning: &str, words: &[String], text: &mut String) {
    let (indent, mut length) = (beginning.len(), beginning.len());
    text.push_str(beginning);
    for (number, word) in words.iter().enumerate() {
        if number > 0 && length + 1 + word.len() > WIDTH {
            _ = write!(text, "\n{:indent$}", "");
            length = indent;
        }
        _ = write!(text, " {word}");
        length += 1 + word.len();
    }
    text.push('\n');
}
