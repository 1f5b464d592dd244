use std::{collections::BTreeSet, fmt::Write};

use super::{HandlerKind, HandlerMap, ModuleMap, ProcessMap};
use crate::emit::EmissionKind;

impl ProcessMap {
    /// The map as a Mermaid flowchart: modules as groups, commands as boxes, events as rounded boxes, and each
    /// handler as the label of the arrows from what it takes to what it emits.
    #[must_use]
    pub fn to_mermaid(&self) -> String {
        let mut text = String::from("flowchart LR\n");
        let mut drawn = BTreeSet::new();
        for module in &self.modules {
            module.write_group(&mut drawn, &mut text);
        }
        for handler in self.modules.iter().flat_map(|it| &it.handlers) {
            handler.write_arrows(&mut text);
        }
        text.push_str("  classDef command fill:#dbeafe,stroke:#1d4ed8,color:#0f172a\n");
        text.push_str("  classDef event fill:#ffedd5,stroke:#c2410c,color:#0f172a\n");
        text
    }
}

impl ModuleMap {
    /// A message stands in the group of the decider that handles or records it.
    fn write_group(&self, drawn: &mut BTreeSet<&'static str>, text: &mut String) {
        let mut nodes = Vec::new();
        for handler in self.handlers.iter().filter(|it| it.kind == HandlerKind::Decider) {
            nodes.push((handler.takes.name, true));
            nodes.extend(handler.emits.iter().map(|it| (it.message.name, false)));
        }
        nodes.extend(self.external_events.iter().map(|it| (it.name, false)));
        nodes.retain(|(name, _)| drawn.insert(name));
        if nodes.is_empty() {
            return;
        }
        _ = writeln!(text, "  subgraph {}", titled(self.name));
        for (name, is_command) in nodes {
            let (id, label) = (id(name), label(name));
            let node =
                if is_command { format!("[{label}]:::command") } else { format!("([{label}]):::event") };
            _ = writeln!(text, "    {id}{node}");
        }
        _ = writeln!(text, "  end");
    }
}

impl HandlerMap {
    fn write_arrows(&self, text: &mut String) {
        for emission in &self.emits {
            let arrow = match emission.kind {
                EmissionKind::SendsLater => format!("-. {} .->", label(&format!("{}, later", self.name))),
                _ => format!("-- {} -->", label(self.name)),
            };
            _ = writeln!(text, "  {} {arrow} {}", id(self.takes.name), id(emission.message.name));
        }
    }
}

/// What Mermaid takes as an id: other characters than letters, digits and `_` are written as their numbers.
fn id(name: &str) -> String {
    name.chars().fold(String::new(), |mut id, it| {
        _ = if is_plain(it) { write!(id, "{it}") } else { write!(id, "_{}_", u32::from(it)) };
        id
    })
}

/// A name as people see it, quoted where Mermaid would stumble over it.
fn label(name: &str) -> String {
    if name.chars().all(|it| is_plain(it) || ", ".contains(it)) {
        return name.into();
    }
    format!("\"{}\"", name.replace('"', "#quot;"))
}

fn titled(name: &str) -> String {
    if name.chars().all(is_plain) { name.into() } else { format!("{}[{}]", id(name), label(name)) }
}

fn is_plain(it: char) -> bool {
    it.is_ascii_alphanumeric() || it == '_'
}

#[cfg(test)]
mod tests {
    use super::{id, label, titled};

    #[test]
    fn odd_names_are_drawn_as_they_are() {
        assert_eq!((id("GuestLeft"), label("GuestLeft")), ("GuestLeft".into(), "GuestLeft".into()));
        assert_eq!(id("guest-left"), "guest_45_left");
        assert_eq!(label("guest (\"left\")"), "\"guest (#quot;left#quot;)\"");
        assert_eq!(titled("front desk"), "front_32_desk[front desk]");
    }
}
