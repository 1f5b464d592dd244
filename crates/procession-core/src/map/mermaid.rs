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
        _ = writeln!(text, "  subgraph {}", self.name);
        for (name, is_command) in nodes {
            let node = if is_command { format!("[{name}]:::command") } else { format!("([{name}]):::event") };
            _ = writeln!(text, "    {name}{node}");
        }
        _ = writeln!(text, "  end");
    }
}

impl HandlerMap {
    fn write_arrows(&self, text: &mut String) {
        for emission in &self.emits {
            let arrow = match emission.kind {
                EmissionKind::SendsLater => format!("-. {}, later .->", self.name),
                EmissionKind::Records | EmissionKind::Sends => format!("-- {} -->", self.name),
            };
            _ = writeln!(text, "  {} {arrow} {}", self.takes.name, emission.message.name);
        }
    }
}
