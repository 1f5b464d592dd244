use std::fmt::Write;

use super::{
    HandlerKind, HandlerMap, ModuleMap, ProcessMap,
    drawn::{Drawn, DrawnKind, Key},
    escape,
};
use crate::emit::EmissionKind;

impl ProcessMap {
    /// The map as a Mermaid flowchart: modules as groups, messages as shapes by their kind, and each handler as the
    /// label of the arrows from what it takes to what it emits.
    ///
    /// Arrows of process managers and linear sagas are thick, those of compensations dashed, and one that takes back
    /// a command that waits for its time ends in a cross.
    #[must_use]
    pub fn to_mermaid(&self) -> String {
        let (mut text, drawn) = (String::from("flowchart LR\n"), self.drawn());
        let place = |key| drawn.iter().position(|(_, it)| it.iter().any(|it| it.key == key));
        let (mut arrows, mut at_borders) = (Vec::new(), Vec::new());
        for arrow in self.handlers().flat_map(|(_, it)| self.arrows_of(it)) {
            let (Some(from), Some(to)) = (place(arrow.from), place(arrow.to)) else { continue };
            if from != to {
                at_borders.extend([arrow.from, arrow.to]);
            }
            if !arrows.contains(&arrow) {
                arrows.push(arrow);
            }
        }
        for (module, messages) in &drawn {
            write_module(module, messages, &at_borders, &mut text);
        }
        for arrow in &arrows {
            _ = writeln!(text, "  {arrow}");
        }
        write_styles(&drawn.iter().flat_map(|(_, it)| it).map(|it| it.kind).collect::<Vec<_>>(), &mut text);
        write_arrow_styles(&arrows, &mut text);
        text
    }

    fn arrows_of<'a>(&'a self, handler: &'a HandlerMap) -> impl Iterator<Item = Arrow> + 'a {
        let from = handler.takes_key();
        let is_process = matches!(handler.kind, HandlerKind::ProcessManager | HandlerKind::LinearSaga);
        let arrow = move |to, how| Arrow { from, to, handler: handler.name, is_process, how };
        let emitted =
            handler.emits.iter().map(move |it| arrow(handler.key(it.message.name), How::of(it.kind)));
        emitted.chain(self.rejection_of(handler).map(move |it| arrow(it, How::Rejects)))
    }
}

/// A process manager's stream and timeouts are a group in the group of their module. What arrows from other modules
/// lead to comes first, so that they need not cross the rest.
fn write_module(module: &ModuleMap, messages: &[Drawn], at_borders: &[Key], text: &mut String) {
    if messages.is_empty() {
        return;
    }
    _ = writeln!(text, "  subgraph module_{}[\"{}\"]", escape::id(module.name), escape::mermaid(module.name));
    let (first, rest): (Vec<&Drawn>, Vec<&Drawn>) =
        messages.iter().partition(|it| at_borders.contains(&it.key));
    for message in first.into_iter().chain(rest).filter(|it| it.process.is_none()) {
        _ = writeln!(text, "    {message}");
    }
    for process in &module.processes {
        let own: Vec<_> = messages.iter().filter(|it| it.process == Some(process.name)).collect();
        if own.is_empty() {
            continue;
        }
        let title = format!("{} {}", process.kind().word(), process.name);
        _ = writeln!(
            text,
            "    subgraph process_{}[\"{}\"]",
            escape::id(process.name),
            escape::mermaid(&title)
        );
        for message in own {
            _ = writeln!(text, "      {message}");
        }
        _ = writeln!(text, "    end");
        let id = escape::id(process.name);
        _ = writeln!(text, "    style process_{id} fill:#e0e7ff,stroke:#4338ca,color:#0f172a");
    }
    _ = writeln!(text, "  end");
    _ = writeln!(
        text,
        "  style module_{} fill:#f8fafc,stroke:#64748b,color:#0f172a",
        escape::id(module.name)
    );
}

impl std::fmt::Display for Drawn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (id, label, class) = (self.key.id(), escape::mermaid(self.key.name), self.kind.class());
        let (open, close) = match self.kind {
            DrawnKind::Command => ("[", "]"),
            DrawnKind::Timeout => ("{{", "}}"),
            DrawnKind::Event | DrawnKind::ExternalEvent => ("([", "])"),
            DrawnKind::PublicEvent => ("[[", "]]"),
            DrawnKind::Rejection => ("[/", "/]"),
        };
        write!(f, "{id}{open}\"{label}\"{close}:::{class}")
    }
}

impl Key {
    fn id(self) -> String {
        if self.of.is_empty() {
            return escape::id(self.name);
        }
        format!("{}__{}", escape::id(self.of), escape::id(self.name))
    }
}

/// An arrow from what a handler takes to what it emits.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Arrow {
    from: Key,
    to: Key,
    handler: &'static str,
    is_process: bool,
    how: How,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum How {
    AtOnce,
    Later,
    Rejects,
    Compensates,
    Cancels,
    Publishes,
}

impl How {
    fn of(kind: EmissionKind) -> Self {
        match kind {
            EmissionKind::Records | EmissionKind::Sends => Self::AtOnce,
            EmissionKind::Publishes => Self::Publishes,
            EmissionKind::SendsLater => Self::Later,
            EmissionKind::Compensates => Self::Compensates,
            EmissionKind::Cancels => Self::Cancels,
        }
    }
}

impl std::fmt::Display for Arrow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (from, to, handler) = (self.from.id(), self.to.id(), escape::mermaid(self.handler));
        match self.how {
            How::AtOnce if self.is_process => write!(f, "{from} == \"{handler}\" ==> {to}"),
            How::Later if self.is_process => write!(f, "{from} == \"{handler}, later\" ==> {to}"),
            How::AtOnce => write!(f, "{from} -- \"{handler}\" --> {to}"),
            How::Later => write!(f, "{from} -- \"{handler}, later\" --> {to}"),
            How::Rejects => write!(f, "{from} -- \"{handler} rejects\" --> {to}"),
            How::Compensates => write!(f, "{from} -. \"{handler} undoes\" .-> {to}"),
            How::Cancels => write!(f, "{from} -- \"{handler} cancels\" --x {to}"),
            How::Publishes => write!(f, "{from} -- \"published\" --> {to}"),
        }
    }
}

impl DrawnKind {
    const ALL: [Self; 6] =
        [Self::Command, Self::Timeout, Self::Event, Self::PublicEvent, Self::ExternalEvent, Self::Rejection];

    fn class(self) -> &'static str {
        match self {
            Self::Command => "command",
            Self::Timeout => "timeout",
            Self::Event => "event",
            Self::PublicEvent => "public_event",
            Self::ExternalEvent => "external_event",
            Self::Rejection => "rejection",
        }
    }

    fn style(self) -> &'static str {
        match self {
            Self::Command => "fill:#dbeafe,stroke:#1d4ed8,color:#0f172a",
            Self::Timeout => "fill:#fef9c3,stroke:#a16207,color:#0f172a",
            Self::Event => "fill:#ffedd5,stroke:#c2410c,color:#0f172a",
            Self::PublicEvent => "fill:#dcfce7,stroke:#15803d,stroke-width:2px,color:#0f172a",
            Self::ExternalEvent => "fill:#ffffff,stroke:#c2410c,stroke-dasharray:4 3,color:#0f172a",
            Self::Rejection => "fill:#fee2e2,stroke:#b91c1c,color:#0f172a",
        }
    }
}

fn write_styles(kinds: &[DrawnKind], text: &mut String) {
    for kind in DrawnKind::ALL.iter().filter(|it| kinds.contains(it)) {
        _ = writeln!(text, "  classDef {} {}", kind.class(), kind.style());
    }
}

/// Mermaid knows arrows by their numbers.
fn write_arrow_styles(arrows: &[Arrow], text: &mut String) {
    let styles = [
        (How::Compensates, "stroke:#b91c1c,stroke-dasharray:6 4"),
        (How::Rejects, "stroke:#b91c1c"),
        (How::Later, "stroke:#a16207"),
        (How::Cancels, "stroke:#94a3b8"),
    ];
    for (how, style) in styles {
        let numbers = arrows.iter().enumerate().filter(|(_, it)| it.how == how);
        let numbers: Vec<_> = numbers.map(|(number, _)| number.to_string()).collect();
        if !numbers.is_empty() {
            _ = writeln!(text, "  linkStyle {} {style}", numbers.join(","));
        }
    }
}
