//! Where the elements stand and how the flows run, as elements of BPMN DI.

use super::{
    document::{flow_id, lane_id, node_id, pool_id},
    graph::{Border, Graph, Node, NodeKind, Number},
    layout::{Bounds, Layout},
    route::{Point, routes},
    xml::Element,
};

pub(super) fn picture(graph: &Graph, layout: &Layout) -> Element {
    let horizontal =
        |id: String, bounds: &Bounds| shape(id).with("isHorizontal", true).containing([bounds.element()]);
    let pools = layout.pools.iter().enumerate().map(|(it, bounds)| horizontal(pool_id(it), bounds));
    let lanes = layout.lanes.iter().enumerate().map(|(it, bounds)| horizontal(lane_id(it), bounds));
    let nodes = graph.nodes.iter().zip(&layout.nodes).enumerate();
    let nodes = nodes.map(|(number, (node, bounds))| {
        let label =
            label(node, *bounds).map(|it| Element::named("bpmndi:BPMNLabel").containing([it.element()]));
        shape(node_id(number)).containing([bounds.element()]).containing(label)
    });
    let edges = routes(graph, layout).into_iter().enumerate().map(|(number, points)| edge(number, &points));
    let plane = Element::named("bpmndi:BPMNPlane")
        .with("id", "plane")
        .with("bpmnElement", "collaboration")
        .containing(pools)
        .containing(lanes)
        .containing(nodes)
        .containing(edges);
    Element::named("bpmndi:BPMNDiagram").with("id", "diagram").containing([plane])
}

fn shape(of: String) -> Element {
    Element::named("bpmndi:BPMNShape").with("id", format!("shape_of_{of}")).with("bpmnElement", of)
}

fn edge(number: Number, points: &[Point]) -> Element {
    let points = points.iter().map(|(x, y)| Element::named("di:waypoint").with("x", x).with("y", y));
    Element::named("bpmndi:BPMNEdge")
        .with("id", format!("edge_of_{}", flow_id(number)))
        .with("bpmnElement", flow_id(number))
        .containing(points)
}

/// Tasks hold their names; those of events and gateways stand below or beside them.
fn label(node: &Node, bounds: Bounds) -> Option<Bounds> {
    let (x, _) = bounds.middle();
    let beside = |width| Bounds { x: bounds.right() + 2, y: bounds.y + 20, width, height: 14 };
    match node.kind {
        NodeKind::Task(_) | NodeKind::Undoes(_) => None,
        NodeKind::Border(_, Border::TimeLimit(_)) => Some(beside(48)),
        NodeKind::Border(..) => Some(beside(130)),
        _ if node.name.is_empty() => None,
        _ => Some(Bounds { x: x - 110, y: bounds.bottom() + 3, width: 220, height: 14 }),
    }
}

impl Bounds {
    fn element(self) -> Element {
        let Self { x, y, width, height } = self;
        Element::named("dc:Bounds").with("x", x).with("y", y).with("width", width).with("height", height)
    }
}
