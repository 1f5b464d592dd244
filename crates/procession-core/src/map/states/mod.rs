//! The states of a process manager or a linear saga, as a Mermaid state diagram.

mod linear;
mod manager;

use std::fmt::Write;

use super::{ModuleMap, ProcessMap, ProcessOutline, escape};
use crate::MessageType;

impl ProcessMap {
    /// The states of a process manager or a linear saga as a Mermaid state diagram: what starts it, what it takes and
    /// what follows from that, and how it ends. None if there is no such process.
    ///
    /// A linear saga is drawn as its steps, with the way back through what undoes them. A step that was not done needs
    /// no undoing: its state on the way back is passed.
    #[must_use]
    pub fn to_state_diagram(&self, process: &str) -> Option<String> {
        let (module, process) = self.processes().find(|(_, it)| it.name == process)?;
        let mut diagram = Diagram::default();
        if process.is_linear {
            linear::draw(self, process, &mut diagram);
        } else {
            manager::draw(self, module, process, &mut diagram);
        }
        Some(format!("stateDiagram-v2\n{}{}{STYLES}", diagram.states, diagram.arrows))
    }

    /// Whether the decider that handles a command may reject it.
    pub(super) fn may_reject(&self, command: MessageType) -> bool {
        self.handlers().any(|(_, it)| it.takes == command && it.rejects.is_some())
    }

    /// The process managers and linear sagas, each with its module.
    pub fn processes(&self) -> impl Iterator<Item = (&ModuleMap, &ProcessOutline)> {
        self.modules.iter().flat_map(|module| module.processes.iter().map(move |it| (module, it)))
    }
}

/// The lines of a diagram. Mermaid wants to know a state before an arrow leads to it.
#[derive(Default)]
struct Diagram {
    states: String,
    arrows: String,
}

const STYLES: &str = concat!(
    "  classDef running fill:#dbeafe,stroke:#1d4ed8,color:#0f172a\n",
    "  classDef ended fill:#dcfce7,stroke:#15803d,color:#0f172a\n",
    "  classDef undoing fill:#fee2e2,stroke:#b91c1c,color:#0f172a\n",
    "  classDef saved fill:#fef9c3,stroke:#a16207,color:#0f172a\n",
);

impl Diagram {
    /// A state with a name for people.
    fn state(&mut self, id: &str, name: &str, class: &str) {
        _ = writeln!(self.states, "  state \"{}\" as {id}", escape::mermaid(name));
        _ = writeln!(self.states, "  class {id} {class}");
    }

    /// What a state does without being left. It stands in the state's box.
    fn inside(&mut self, id: &str, label: &str) {
        _ = writeln!(self.states, "  {id} : {}", escape::mermaid(label));
    }

    /// A state without a name: `fork`, `join` or `choice`.
    fn knot(&mut self, id: &str, what: &str) {
        _ = writeln!(self.states, "  state {id} <<{what}>>");
    }

    fn arrow(&mut self, from: &str, to: &str, label: &str) {
        let label = escape::mermaid(label);
        _ = if label.is_empty() {
            writeln!(self.arrows, "  {from} --> {to}")
        } else {
            writeln!(self.arrows, "  {from} --> {to} : {label}")
        };
    }
}
