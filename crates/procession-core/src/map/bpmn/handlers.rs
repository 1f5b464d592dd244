//! Handlers become tasks, and messages become what flows between them.

use super::graph::{Ends, Flow, FlowKind, Graph, NodeKind, Number};
use crate::{
    emit::{Emission, EmissionKind, Times},
    map::{HandlerKind, HandlerMap, ModuleMap, ProcessMap, Trigger},
};

/// A task for each message that a handler takes, in the lane of the handler.
pub(super) fn tasks<'a>(map: &'a ProcessMap, graph: &mut Graph) -> Ends<'a> {
    let mut ends = Ends::default();
    for (pool, module) in map.modules.iter().enumerate() {
        for handler in module.handlers.iter().filter(|it| it.has_a_task()) {
            let lane = graph.lane(pool, handler.lane(module));
            let name = handler.task_name();
            let task = graph.add(NodeKind::Task(handler.task()), name, lane);
            ends.tasks.push((module, handler, task));
        }
    }
    ends
}

impl HandlerMap {
    /// A linear saga has one for each of its steps, and a read model takes no part in a process.
    fn has_a_task(&self) -> bool {
        !matches!(self.kind, HandlerKind::LinearSaga | HandlerKind::Projection)
    }

    /// A decider that is a process manager too has one lane, and so have a decider and its public events.
    fn lane(&self, module: &ModuleMap) -> String {
        let process = module.processes.iter().find(|it| it.name == self.name);
        let word = match (self.kind, process) {
            (HandlerKind::Decider | HandlerKind::Publisher, Some(process)) => process.kind().word(),
            (HandlerKind::Publisher, None) => HandlerKind::Decider.word(),
            (HandlerKind::Choreography, _) => return "choreography".into(),
            (kind, _) => kind.word(),
        };
        format!("{word} {}", self.name)
    }

    fn task(&self) -> &'static str {
        match (self.kind, self.trigger) {
            (HandlerKind::Publisher, _) => "sendTask",
            (HandlerKind::Saga | HandlerKind::Choreography, _) => "businessRuleTask",
            (HandlerKind::ProcessManager, Trigger::Event | Trigger::Rejection) => "receiveTask",
            (
                HandlerKind::Decider
                | HandlerKind::ProcessManager
                | HandlerKind::LinearSaga
                | HandlerKind::Effect
                | HandlerKind::Projection,
                _,
            ) => "serviceTask",
        }
    }

    /// What it takes; of a public event what it tells.
    fn task_name(&self) -> String {
        if self.kind != HandlerKind::Publisher {
            return self.takes.name.into();
        }
        let told: Vec<_> = self.emits.iter().map(|it| it.message.name).collect();
        format!("publish {}", told.join(" or "))
    }
}

pub(super) fn flows(graph: &mut Graph, ends: &Ends<'_>) {
    for (module, handler, task) in &ends.tasks {
        for emission in &handler.emits {
            match emission.kind {
                EmissionKind::Records | EmissionKind::Publishes => {
                    tell(module, *task, emission, graph, ends);
                }
                EmissionKind::Sends | EmissionKind::Compensates => send(*task, emission, graph, ends),
                EmissionKind::SendsLater => send_later(*task, emission, graph, ends),
                EmissionKind::Cancels => {}
            }
        }
        for (_, taker, node) in &ends.tasks {
            if handler.kind == HandlerKind::Decider && taker.rejected_command == Some(handler.takes) {
                connect(*task, *node, taker.takes.name, true, graph);
            }
        }
    }
    for (step, command) in &ends.senders {
        for (_, _, decider) in ends.tasks.iter().filter(|(_, it, _)| it.decides(command)) {
            reach(*step, *decider, command, true, graph);
        }
    }
    begin(graph, ends);
}

impl HandlerMap {
    fn decides(&self, command: &str) -> bool {
        matches!(self.trigger, Trigger::Command | Trigger::Timeout) && self.takes.name == command
    }

    fn reacts_to(&self, event: &str) -> bool {
        self.trigger == Trigger::Event && self.takes.name == event
    }
}

/// An event goes to all who take it, and without them it is an end.
fn tell(module: &ModuleMap, task: Number, emission: &Emission, graph: &mut Graph, ends: &Ends<'_>) {
    let event = emission.message.name;
    let mut is_taken = false;
    for (_, handler, taker) in ends.tasks.iter().filter(|(_, it, _)| it.reacts_to(event)) {
        is_taken = true;
        let is_named = handler.kind != HandlerKind::Publisher;
        let name = if is_named { "" } else { event };
        connect_named(task, *taker, event, name, emission.times != Times::Once, graph);
    }
    for listener in ends.listeners.iter().filter(|it| it.event == event) {
        is_taken = true;
        if listener.is_answer {
            reach(task, listener.node, event, false, graph);
        } else {
            connect(task, listener.node, event, emission.times != Times::Once, graph);
        }
    }
    if !is_taken {
        let is_public = emission.kind == EmissionKind::Publishes || module.tells(event);
        let kind = if is_public { NodeKind::PublicEnd } else { NodeKind::End };
        let end = found_or_added(kind, event, graph.lane_of(task), graph);
        connect(task, end, event, emission.times != Times::Once, graph);
    }
}

fn send(task: Number, emission: &Emission, graph: &mut Graph, ends: &Ends<'_>) {
    let command = emission.message.name;
    for (_, _, decider) in ends.tasks.iter().filter(|(_, it, _)| it.decides(command)) {
        connect(task, *decider, command, emission.times != Times::Once, graph);
    }
}

/// Through a timer. One that waits for another pool needs a task that sends it there.
fn send_later(task: Number, emission: &Emission, graph: &mut Graph, ends: &Ends<'_>) {
    let (command, lane) = (emission.message.name, graph.lane_of(task));
    let timer = found_or_added(NodeKind::Timer, command, lane, graph);
    connect(task, timer, command, emission.times != Times::Once, graph);
    for (_, _, decider) in ends.tasks.iter().filter(|(_, it, _)| it.decides(command)) {
        if graph.pool_of(timer) == graph.pool_of(*decider) {
            connect(timer, *decider, command, false, graph);
        } else {
            let send = found_or_added(NodeKind::Task("sendTask"), &format!("send {command}"), lane, graph);
            connect(timer, send, command, false, graph);
            connect(send, *decider, command, false, graph);
        }
    }
}

/// What nobody inside sends comes from outside.
fn begin(graph: &mut Graph, ends: &Ends<'_>) {
    let reached: Vec<Number> = graph.flows.iter().map(|it| it.to).collect();
    for (_, handler, task) in &ends.tasks {
        if !reached.contains(task) && handler.trigger != Trigger::Rejection {
            let start = found_or_added(NodeKind::Start, handler.takes.name, graph.lane_of(*task), graph);
            connect(start, *task, handler.takes.name, false, graph);
        }
    }
}

fn found_or_added(kind: NodeKind, name: &str, lane: Number, graph: &mut Graph) -> Number {
    let found = graph.nodes.iter().position(|it| it.kind == kind && it.name == name && it.lane == lane);
    found.unwrap_or_else(|| graph.add(kind, name, lane))
}

fn connect(from: Number, to: Number, message: &str, is_conditional: bool, graph: &mut Graph) {
    connect_named(from, to, message, "", is_conditional, graph);
}

/// Inside a pool it flows in sequence, across its border as a message.
fn connect_named(
    from: Number,
    to: Number,
    message: &str,
    name: &str,
    is_conditional: bool,
    graph: &mut Graph,
) {
    let kind = match (graph.pool_of(from) == graph.pool_of(to), is_conditional) {
        (true, false) => FlowKind::Sequence,
        (true, true) => FlowKind::Conditional,
        (false, _) => FlowKind::Message,
    };
    graph.flow(Flow { from, to, kind, name: name.into(), message: message.into(), leads: true });
}

/// Between a step of a linear saga, which has flows of its own, and those who do what it asks for.
fn reach(from: Number, to: Number, message: &str, is_question: bool, graph: &mut Graph) {
    let (kind, message) = match graph.pool_of(from) == graph.pool_of(to) {
        true if !is_question => return,
        true => (FlowKind::Association, String::new()),
        false => (FlowKind::Message, message.into()),
    };
    graph.flow(Flow { from, to, kind, name: String::new(), message, leads: is_question });
}
