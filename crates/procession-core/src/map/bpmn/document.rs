//! The graph as elements of BPMN 2.0.

use super::{
    graph::{Border, Flow, FlowKind, Graph, Node, NodeKind, Number},
    layout::Layout,
    picture::picture,
    xml::Element,
};
use crate::map::process::written;

pub(super) fn document(graph: &Graph, layout: &Layout) -> Element {
    let named = |element, id, name: &String| Element::named(element).with("id", id).with("name", name);
    let messages = messages(graph);
    let messages = messages.iter().enumerate().map(|(it, name)| named("message", message_id(it), name));
    let is_failure = |it: &&Node| matches!(it.kind, NodeKind::Border(_, Border::Failure));
    let failures = graph.nodes.iter().enumerate().filter(|(_, it)| is_failure(it));
    let failures = failures.map(|(it, node)| named("error", error_id(it), &node.name));
    let processes = (0..graph.pools.len()).map(|it| process(graph, it));
    Element::named("definitions")
        .with("xmlns", "http://www.omg.org/spec/BPMN/20100524/MODEL")
        .with("xmlns:bpmndi", "http://www.omg.org/spec/BPMN/20100524/DI")
        .with("xmlns:dc", "http://www.omg.org/spec/DD/20100524/DC")
        .with("xmlns:di", "http://www.omg.org/spec/DD/20100524/DI")
        .with("xmlns:xsi", "http://www.w3.org/2001/XMLSchema-instance")
        .with("id", "process_map")
        .with("targetNamespace", "urn:procession:map")
        .containing(messages)
        .containing(failures)
        .containing([collaboration(graph)])
        .containing(processes)
        .containing([picture(graph, layout)])
}

/// What crosses the borders of pools.
fn messages(graph: &Graph) -> Vec<&String> {
    let mut messages = Vec::new();
    for flow in graph.flows.iter().filter(|it| it.kind == FlowKind::Message) {
        if !messages.contains(&&flow.message) {
            messages.push(&flow.message);
        }
    }
    messages
}

fn collaboration(graph: &Graph) -> Element {
    let messages = messages(graph);
    let participants = graph.pools.iter().enumerate().map(|(pool, name)| {
        Element::named("participant")
            .with("id", pool_id(pool))
            .with("name", name)
            .with("processRef", process_id(pool))
    });
    let flows = graph.flows.iter().enumerate().filter(|(_, it)| it.kind == FlowKind::Message);
    let flows = flows.map(|(number, it)| {
        let message = messages.iter().position(|name| **name == it.message).unwrap_or_default();
        flow("messageFlow", number, it).with("messageRef", message_id(message))
    });
    Element::named("collaboration").with("id", "collaboration").containing(participants).containing(flows)
}

fn flow(element: &'static str, number: Number, flow: &Flow) -> Element {
    let mut it = Element::named(element).with("id", flow_id(number));
    if !flow.name.is_empty() {
        it = it.with("name", &flow.name);
    }
    it.with("sourceRef", node_id(flow.from)).with("targetRef", node_id(flow.to))
}

fn process(graph: &Graph, pool: Number) -> Element {
    let inside = |node: Number| graph.pool_of(node) == pool;
    let nodes = (0..graph.nodes.len()).filter(|it| inside(*it));
    let flows = graph.flows.iter().enumerate().filter(|(_, it)| inside(it.from) && inside(it.to));
    let (associations, sequences): (Vec<_>, Vec<_>) =
        flows.partition(|(_, it)| it.kind == FlowKind::Association);
    Element::named("process")
        .with("id", process_id(pool))
        .with("isExecutable", false)
        .containing(lanes(graph, pool))
        .containing(nodes.filter_map(|it| Some(node(graph, it, graph.nodes.get(it)?))))
        .containing(sequences.into_iter().map(|(number, it)| sequence(number, it)))
        .containing(associations.into_iter().map(|(number, it)| association(graph, number, it)))
}

fn lanes(graph: &Graph, pool: Number) -> Option<Element> {
    let lanes = graph.lanes.iter().enumerate().filter(|(_, it)| it.pool == pool);
    let lanes: Vec<_> = lanes
        .map(|(number, lane)| {
            let nodes = (0..graph.nodes.len()).filter(|it| graph.lane_of(*it) == number);
            let nodes = nodes.map(|it| Element::named("flowNodeRef").saying(node_id(it)));
            Element::named("lane").with("id", lane_id(number)).with("name", &lane.name).containing(nodes)
        })
        .collect();
    let set = Element::named("laneSet").with("id", format!("lanes_{pool}"));
    (!lanes.is_empty()).then(|| set.containing(lanes))
}

fn node(graph: &Graph, number: Number, node: &Node) -> Element {
    let mut it = Element::named(node.kind.element()).with("id", node_id(number));
    if !node.name.is_empty() {
        it = it.with("name", &node.name);
    }
    match node.kind {
        NodeKind::Undoes(_) => it = it.with("isForCompensation", true),
        NodeKind::ForkOrJoin => it = it.with("gatewayDirection", direction(graph, number)),
        NodeKind::Border(task, border) => {
            it = it.with("attachedToRef", node_id(task));
            if border == Border::Compensation {
                it = it.with("cancelActivity", false);
            }
        }
        _ => {}
    }
    let connected = |element, end: fn(&Flow) -> Number| {
        let flows =
            graph.flows.iter().enumerate().filter(move |(_, it)| it.kind.is_sequence() && end(it) == number);
        flows.map(move |(flow, _)| Element::named(element).saying(flow_id(flow)))
    };
    it.containing(connected("incoming", |it| it.to))
        .containing(connected("outgoing", |it| it.from))
        .containing(definition(number, node.kind))
}

fn direction(graph: &Graph, gateway: Number) -> &'static str {
    let ways = graph.flows.iter().filter(|it| it.kind.is_sequence() && it.from == gateway).count();
    if ways > 1 { "Diverging" } else { "Converging" }
}

impl NodeKind {
    fn element(self) -> &'static str {
        match self {
            Self::Task(element) => element,
            Self::Undoes(_) => "serviceTask",
            Self::Start => "startEvent",
            Self::Catch | Self::Timer => "intermediateCatchEvent",
            Self::Undo => "intermediateThrowEvent",
            Self::End | Self::PublicEnd => "endEvent",
            Self::ForkOrJoin => "parallelGateway",
            Self::Choice => "exclusiveGateway",
            Self::Border(..) => "boundaryEvent",
        }
    }
}

impl FlowKind {
    fn is_sequence(self) -> bool {
        matches!(self, Self::Sequence | Self::Conditional)
    }
}

/// What kind of event it is.
fn definition(number: Number, kind: NodeKind) -> Option<Element> {
    let id = format!("definition_{number}");
    let defined = |element| Element::named(element).with("id", &id);
    let formal = |element: &'static str| Element::named(element).with("xsi:type", "tFormalExpression");
    Some(match kind {
        NodeKind::Start | NodeKind::Catch | NodeKind::PublicEnd => defined("messageEventDefinition"),
        // How long it waits is decided when it is sent.
        NodeKind::Timer => defined("timerEventDefinition"),
        NodeKind::Undo | NodeKind::Border(_, Border::Compensation) => defined("compensateEventDefinition"),
        NodeKind::Border(_, Border::Failure) => {
            defined("errorEventDefinition").with("errorRef", error_id(number))
        }
        NodeKind::Border(_, Border::TimeLimit(within)) => defined("timerEventDefinition")
            .containing([formal("timeDuration").saying(written(within).to_string())]),
        NodeKind::Task(_) | NodeKind::Undoes(_) | NodeKind::End => return None,
        NodeKind::ForkOrJoin | NodeKind::Choice => return None,
    })
}

fn sequence(number: Number, it: &Flow) -> Element {
    let condition = Element::named("conditionExpression").with("xsi:type", "tFormalExpression");
    let condition = (it.kind == FlowKind::Conditional).then(|| condition.saying(&it.message));
    flow("sequenceFlow", number, it).containing(condition)
}

fn association(graph: &Graph, number: Number, it: &Flow) -> Element {
    let is_compensation = graph.nodes.get(it.to).is_some_and(|it| matches!(it.kind, NodeKind::Undoes(_)));
    let direction = if is_compensation { "One" } else { "None" };
    flow("association", number, it).with("associationDirection", direction)
}

pub(super) fn pool_id(pool: Number) -> String {
    format!("pool_{pool}")
}

fn process_id(pool: Number) -> String {
    format!("process_{pool}")
}

pub(super) fn lane_id(lane: Number) -> String {
    format!("lane_{lane}")
}

pub(super) fn node_id(node: Number) -> String {
    format!("node_{node}")
}

pub(super) fn flow_id(flow: Number) -> String {
    format!("flow_{flow}")
}

fn message_id(message: Number) -> String {
    format!("message_{message}")
}

fn error_id(node: Number) -> String {
    format!("error_{node}")
}
