use super::{Diagram, escape};
use crate::{
    emit::{Emission, EmissionKind},
    map::{HandlerKind, HandlerMap, ModuleMap, ProcessMap, ProcessOutline, Trigger},
};

/// Not started, running, or ended by one of its events: the engine knows no more of a process manager, and no less.
pub(super) fn draw(map: &ProcessMap, module: &ModuleMap, process: &ProcessOutline, diagram: &mut Diagram) {
    diagram.state("running", "running", "running");
    for end in process.ended_by {
        diagram.state(&ended(end), end, "ended");
    }
    let own: Vec<_> = module.handlers.iter().filter(|it| it.belongs_to(process)).collect();
    for handler in own.iter().filter(|it| process.is_started_by(map, it)) {
        diagram.arrow("[*]", "running", &handler.transition(process));
    }
    for handler in own.iter().filter(|it| it.goes_on(process)) {
        diagram.inside("running", &handler.transition(process));
    }
    for end in process.ended_by {
        let by: Vec<_> = own.iter().filter(|it| it.records(end)).map(|it| it.input()).collect();
        diagram.arrow("running", &ended(end), &by.join(" or "));
        diagram.arrow(&ended(end), "[*]", "");
    }
}

fn ended(event: &str) -> String {
    format!("ended_{}", escape::id(event))
}

impl ProcessOutline {
    /// By a message that may start it, or by a command that its decider handles: the first one starts it. A command
    /// that comes later as a timeout, or that anybody sends on behalf of what runs, does not.
    fn is_started_by(&self, map: &ProcessMap, handler: &HandlerMap) -> bool {
        let starts = self.started_by.contains(&handler.takes);
        let opens = handler.kind == HandlerKind::Decider && !map.is_timeout(handler);
        starts || opens && !handler.emits.iter().all(|it| self.is_end(it))
    }

    fn is_end(&self, emission: &Emission) -> bool {
        emission.kind == EmissionKind::Records && self.ended_by.contains(&emission.message.name)
    }
}

impl HandlerMap {
    fn belongs_to(&self, process: &ProcessOutline) -> bool {
        let is_of = matches!(self.kind, HandlerKind::Decider | HandlerKind::ProcessManager);
        self.name == process.name && is_of
    }

    /// Whether the process may go on running after it.
    fn goes_on(&self, process: &ProcessOutline) -> bool {
        let ends_always = self.emits.iter().any(|it| process.is_end(it) && it.times == crate::Times::Once);
        let only_starts = process.started_by.contains(&self.takes) || self.kind == HandlerKind::Decider;
        !ends_always && !only_starts
    }

    fn records(&self, event: &str) -> bool {
        self.emits.iter().any(|it| it.kind == EmissionKind::Records && it.message.name == event)
    }

    fn input(&self) -> String {
        match self.trigger {
            Trigger::Timeout => format!("timeout {}", self.takes.name),
            Trigger::Command | Trigger::Event | Trigger::Rejection => self.takes.name.into(),
        }
    }

    /// What it takes, and what follows from it, without the events that end the process.
    fn transition(&self, process: &ProcessOutline) -> String {
        let emits = self.emits.iter().filter(|it| !process.is_end(it));
        let emits: Vec<_> =
            emits.map(|it| format!("{}{}{}", it.message.name, it.times.mark(), it.how())).collect();
        if emits.is_empty() { self.input() } else { format!("{} / {}", self.input(), emits.join(", ")) }
    }
}

impl Emission {
    fn how(&self) -> &'static str {
        match self.kind {
            EmissionKind::SendsLater => " (later)",
            EmissionKind::Cancels => " (cancelled)",
            EmissionKind::Records
            | EmissionKind::Publishes
            | EmissionKind::Sends
            | EmissionKind::Compensates => "",
        }
    }
}
